"""What files do not say of a group stays: trees beside expressions, versions of audiences, parts of a second."""

from dataclasses import replace

from milepost.model.target import Evaluation, Period, Target, TargetGroup
from milepost.model.time import SECOND_US, Micros
from milepost.rules.definition.draft import AudienceDraft, TargetDraft
from milepost.service.definitions.define import DefinitionRequest


def with_unwritten(request: DefinitionRequest, live: TargetGroup) -> DefinitionRequest:
    """Return *request* with what *live* has besides, for each target that is called the same."""
    known = {target.name.casefold(): target for target in live.targets}
    targets = tuple(_target(one, known.get((one.name or "").casefold())) for one in request.draft.targets)
    return replace(request, draft=replace(request.draft, targets=targets))


def _target(draft: TargetDraft, live: Target | None) -> TargetDraft:
    if live is None:
        return draft
    versions = {one.audience_id: one.version_id for one in live.audiences}
    audiences = tuple(
        one if one.version_id is not None or one.audience_id not in versions else _in_version(one, versions)
        for one in draft.audiences
    )
    is_same = draft.expression_tree is None and draft.expression == live.expression
    return replace(
        draft, audiences=audiences, expression_tree=live.expression_tree if is_same else draft.expression_tree
    )


def _in_version(draft: AudienceDraft, versions: dict[int, int]) -> AudienceDraft:
    return replace(draft, version_id=None if draft.audience_id is None else versions.get(draft.audience_id))


def as_before(group: TargetGroup, live: TargetGroup) -> TargetGroup:
    """Return *group* with the instants of *live* wherever it says the same of them.

    Files show days and seconds. Which instants these are may have been found by an earlier rule for time zones.
    """
    if group.time_zone_name != live.time_zone_name:
        return group
    if group.evaluation is live.evaluation is Evaluation.FIXED_CALENDAR_WINDOW:
        return _with_days_of(group, live)
    opens, closes = group.cycle_opens_at, group.cycle_closes_at
    if not (_same_second(opens, live.cycle_opens_at) and _same_second(closes, live.cycle_closes_at)):
        return group
    periods = tuple(
        replace(one, opens_at=live.cycle_opens_at, closes_at=live.cycle_closes_at)
        if (one.opens_at, one.closes_at) == (opens, closes)
        else one
        for one in group.periods
    )
    return replace(group, cycle_opens_at=live.cycle_opens_at, cycle_closes_at=live.cycle_closes_at, periods=periods)


def _with_days_of(group: TargetGroup, live: TargetGroup) -> TargetGroup:
    """Return *group* with each day beginning and ending as in *live*, and a cycle window that follows from periods."""
    known = {one.id: one for one in live.periods}
    periods = tuple(_as_period(one, known.get(one.id)) for one in group.periods)
    if (group.cycle_opens_at, group.cycle_closes_at) != _around(group.periods):
        return replace(group, periods=periods)
    opens, closes = _around(periods)
    return replace(group, periods=periods, cycle_opens_at=opens, cycle_closes_at=closes)


def _as_period(period: Period, live: Period | None) -> Period:
    if live is None or (period.starts_on, period.ends_on) != (live.starts_on, live.ends_on):
        return period
    return replace(period, opens_at=live.opens_at, closes_at=live.closes_at)


def _around(periods: tuple[Period, ...]) -> tuple[Micros, Micros]:
    opens, closes = min(one.opens_at for one in periods), max(one.closes_at for one in periods)
    return opens, Micros(closes - SECOND_US)


def _same_second(one: Micros, other: Micros) -> bool:
    return one // SECOND_US == other // SECOND_US
