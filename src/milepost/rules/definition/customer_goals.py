"""What a goal that a customer sets is made of: a group of one target, after a template, over the customer's dates."""

from collections.abc import Iterable

from milepost.model.target import EnrolmentMethod, Target, TargetGroup, Tracking
from milepost.rules.definition.draft import (
    FilterDraft,
    GroupDraft,
    MetadataDraft,
    PeriodDraft,
    TargetDraft,
    WindowDraft,
)
from milepost.rules.definition.metadata import WINDOW_UNIT, WINDOW_VALUE

NAME_KEPT = 150
"""Characters of a template's name that the names of its goals begin with."""

PERIOD = "Goal"


def find_template(groups: Iterable[TargetGroup], target_id: int) -> tuple[TargetGroup, Target] | None:
    """Return the target after which goals are made, with its group, whether or not it is in force."""
    for group in groups:
        if not group.template_id and not group.deleted:
            for target in group.targets:
                if target.id == target_id:
                    return group, target
    return None


def find_made(groups: Iterable[TargetGroup], template: Target, starts_on: str, ends_on: str) -> TargetGroup | None:
    """Return the group that was made after *template* as it is now over these dates."""
    for group in groups:
        if group.template_id != template.id or not group.active or len(group.periods) != 1 or len(group.targets) != 1:
            continue
        period, target = group.periods[0], group.targets[0]
        same_dates = (period.starts_on, period.ends_on) == (starts_on, ends_on)
        if same_dates and target.active and _measure(target) == _measure(template):
            return group
    return None


def customer_goal_draft(group: TargetGroup, template: Target, starts_on: str, ends_on: str, version: int) -> GroupDraft:
    """Draft the group for goals after *template* of *group* over these dates; *version* sets its name apart.

    It has no goal of its own: each customer brings one.
    """
    name = f"{template.name[:NAME_KEPT].strip()} {starts_on} to {ends_on} v{version}"
    filters = None
    if template.filters is not None:
        filters = tuple(FilterDraft(one.kind, one.ids) for one in template.filters)
    target = TargetDraft(
        name=name,
        entity=template.entity,
        kpi=template.kpi,
        event_name=template.event_name,
        expression=template.expression,
        expression_tree=template.expression_tree,
        filters=filters,
        enrolment=EnrolmentMethod.IMPORT,
        metadata=_metadata(template),
    )
    return GroupDraft(
        name=name,
        preferred_till_id=group.preferred_till_id,
        tracking=Tracking.DEFAULT,
        total_periods=1,
        time_zone_name=group.time_zone_name,
        user_created=True,
        periods=(PeriodDraft(ref_code=PERIOD, starts=starts_on, ends=ends_on),),
        targets=(target,),
        template_id=template.id,
    )


def _measure(target: Target) -> tuple[object, ...]:
    """Return all that decides what counts for a target."""
    return target.entity, target.kpi, target.event_name, target.expression, target.filters, target.metadata


def _metadata(template: Target) -> MetadataDraft | None:
    given = template.metadata
    if given is None:
        return None
    window = None if given.window is None else WindowDraft(kind=given.window, unit=WINDOW_UNIT, value=WINDOW_VALUE)
    return MetadataDraft(
        name=given.name,
        aggregate=given.aggregate,
        window=window,
        window_given=given.window_given,
        program_id=given.program_id,
        currency=given.currency,
    )
