"""Groups for customers' own goals: one target with the measure of a template, over the customer's dates."""

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

TEMPLATE_NAME_MAX = 150
"""The number of characters of the template's name with which the names of its groups begin."""

PERIOD = "Goal"


def find_template(groups: Iterable[TargetGroup], target_id: int) -> tuple[TargetGroup, Target] | None:
    """Return the template with this id and its group, whether or not it is active; None if there is none."""
    for group in groups:
        if not group.template_id and not group.deleted:
            for target in group.targets:
                if target.id == target_id:
                    return group, target
    return None


def find_goal_group(
    groups: Iterable[TargetGroup], template: Target, starts_on: str, ends_on: str
) -> TargetGroup | None:
    """Return an active group with the present measure of *template* over these dates, None if there is none."""
    for group in groups:
        if group.template_id != template.id or not group.active or len(group.periods) != 1 or len(group.targets) != 1:
            continue
        period, target = group.periods[0], group.targets[0]
        same_dates = (period.starts_on, period.ends_on) == (starts_on, ends_on)
        if same_dates and target.active and _measure(target) == _measure(template):
            return group
    return None


def customer_goal_draft(group: TargetGroup, template: Target, starts_on: str, ends_on: str, version: int) -> GroupDraft:
    """Return the draft of a group for goals with the measure of *template* in *group*, over these dates.

    *version* makes its name unique. The draft has no goal, because each customer sets their own.
    """
    name = f"{template.name[:TEMPLATE_NAME_MAX].strip()} {starts_on} to {ends_on} v{version}"
    filters = None
    if template.filters is not None:
        filters = tuple(
            FilterDraft(restriction.kind, restriction.sent_ids or restriction.ids) for restriction in template.filters
        )
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
    """Return everything that determines which events count for a target, and how much."""
    return target.entity, target.kpi, target.event_name, target.expression, target.filters, target.metadata


def _metadata(template: Target) -> MetadataDraft | None:
    metadata = template.metadata
    if metadata is None:
        return None
    window = None
    if metadata.window is not None:
        window = WindowDraft(kind=metadata.window, unit=WINDOW_UNIT, value=WINDOW_VALUE)
    return MetadataDraft(
        name=metadata.name,
        aggregate=metadata.aggregate,
        window=window,
        window_given=metadata.window_given,
        program_id=metadata.program_id,
        currency=metadata.currency,
    )
