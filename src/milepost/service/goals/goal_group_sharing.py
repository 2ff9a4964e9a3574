"""The groups that measure customers' goals: one for each template and span of dates, shared by all such goals.

A new definition makes every server compile the organisation's rules anew. So a goal with dates that another customer
chose before defines nothing: it is an enrolment in the known group with the customer's own goal (decision 0018).
"""

from dataclasses import dataclass
from decimal import Decimal

from milepost.model.amount import fits
from milepost.model.organisation import GoalTemplate
from milepost.model.problem import Problem, Refused
from milepost.model.target import Target, TargetGroup
from milepost.model.time import Micros
from milepost.rules.calendar import day_from, iso_date
from milepost.rules.definition.customer_goals import customer_goal_draft, find_goal_group, find_template
from milepost.rules.definition.schedule import ruling_calendar
from milepost.service.definitions.define import DefinitionRequest, define_groups
from milepost.service.runtime.runtime import Runtime, current_snapshot
from milepost.service.snapshot.access import Caller
from milepost.service.snapshot.organisation_snapshot import OrganisationSnapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalWish:
    """A goal as a request describes it: its template, the value to reach, and its first and last day (`YYYY-MM-DD`).

    A first day of None is today.
    """

    template_id: int
    value: Decimal
    starts_on: str | None
    ends_on: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalSpan:
    """A wish that was checked: the template with its group, and the dates."""

    group: TargetGroup
    template: Target
    starts_on: str
    ends_on: str


def check_goals(
    snapshot: OrganisationSnapshot, wish: GoalWish, now: Micros, *, kept_start: str | None = None
) -> GoalSpan:
    """Return what *wish* asks for, if it lies within the organisation's limits. Raises Refused with all problems.

    *kept_start* is the first day of a goal that is being changed; that day may lie in the past. *now* is in epoch
    microseconds.
    """
    settings = snapshot.organisation.settings
    limits = next((limits for limits in settings.goal_templates if limits.target_id == wish.template_id), None)
    template = None if limits is None else find_template(snapshot.shared, wish.template_id)
    problems: list[Problem] = []
    if template is None or limits is None:
        problems.append(Problem("template", "is not a template for customers' goals"))
    else:
        problems += _value_problems(wish.value, limits)
    zone = None if template is None else template[0].time_zone_name
    today = ruling_calendar(snapshot.organisation, zone).day(now)
    starts = _day("startDate", wish.starts_on or iso_date(today), problems)
    ends = _day("endDate", wish.ends_on, problems)
    if starts is not None and starts < today and wish.starts_on != kept_start:
        problems.append(Problem("startDate", f"must not lie before today, {iso_date(today)}"))
    if ends is not None and ends < max(today, starts or today):
        problems.append(Problem("endDate", "must not lie before today or before startDate"))
    elif starts is not None and ends is not None and ends - starts >= settings.goal_days:
        problems.append(Problem("endDate", f"is too late: a goal may run for at most {settings.goal_days} days"))
    if problems or template is None or starts is None or ends is None:
        raise Refused(*problems)
    return GoalSpan(group=template[0], template=template[1], starts_on=iso_date(starts), ends_on=iso_date(ends))


async def group_of(runtime: Runtime, caller: Caller, span: GoalSpan) -> TargetGroup:
    """Return the group for goals of *span*; define it if no customer chose these dates before."""
    snapshot = await current_snapshot(runtime, caller.org_id)
    group = _known_group(snapshot, span)
    if group is not None:
        return group
    draft = customer_goal_draft(span.group, span.template, span.starts_on, span.ends_on, snapshot.organisation.version)
    try:
        return (
            await define_groups(
                runtime.database, caller.org_id, caller.author, DefinitionRequest(draft), runtime.clock()
            )
        ).group
    except Refused:
        # Another request may have defined the group meanwhile, so that its name is taken.
        group = _known_group(await current_snapshot(runtime, caller.org_id), span)
        if group is None:
            raise
        return group


def _known_group(snapshot: OrganisationSnapshot, span: GoalSpan) -> TargetGroup | None:
    return find_goal_group(snapshot.rule_index.groups.values(), span.template, span.starts_on, span.ends_on)


def _value_problems(value: Decimal, limits: GoalTemplate) -> list[Problem]:
    if fits(value) and limits.least <= value <= limits.most:
        return []
    return [Problem("goal", f"must be from {limits.least} to {limits.most}, with at most 4 decimals")]


def _day(path: str, text: str, problems: list[Problem]) -> int | None:
    try:
        if len(text) == len("2026-01-01"):
            return day_from(text)
    except ValueError:
        pass
    problems.append(Problem(path, "must be a date such as 2026-01-31"))
    return None
