"""A target group as creations, reads and edits answer it: key for key in the order of S0, S1 and S3 (facts 2.1).

The vendor publishes the order of a creation's keys only. A read has the same order; what it shows besides stands in
periods and targets (attribution) or at the end (createdOn, orgId).
"""

from msgspec import UNSET, UnsetType, field
from msgspec.structs import replace

from milepost.api.capillary.answer import AnswerStruct, AttributionAnswer, attribution, given
from milepost.api.capillary.definitions.periods.answer import PeriodAnswer, period_answer
from milepost.api.capillary.definitions.targets.answer import (
    CombinationAnswer,
    TargetAnswer,
    combination_answer,
    created_target,
    target_answer,
)
from milepost.model.target import (
    CapScope,
    Evaluation,
    FreezeRule,
    Frequency,
    Period,
    StreakLevel,
    TargetGroup,
    Tracking,
)
from milepost.model.time import Micros
from milepost.rules.calendar import Calendar, nearest_second
from milepost.rules.definition.validation import RECURRING_UNSET
from milepost.rules.edits.authorship import creation_of
from milepost.rules.edits.period_edits import PeriodStatus, status_of


class StreakLevelAnswer(AnswerStruct):
    """A streak level."""

    id: int
    attribution: AttributionAnswer
    target_group_id: int
    name: str
    target_count_of_sequence: int


class FreezesAnswer(AnswerStruct):
    """How a streak's freezes come; a word of our own."""

    max: int
    earn_every: int | UnsetType = UNSET


class CreatedGroupAnswer(AnswerStruct, kw_only=True):
    """A target group as its creation shows it; keys without a value are left out."""

    id: int
    name: str
    from_date: str | UnsetType = UNSET
    to_date: str | UnsetType = UNSET
    active: bool
    preferred_till_id: int
    periods: list[PeriodAnswer]
    streaks: list[StreakLevelAnswer] | UnsetType = UNSET
    total_periods: int
    description: str | UnsetType = UNSET
    target_evaluation_type: Evaluation
    recurring_cycles: int | UnsetType = UNSET
    frequency: int | UnsetType = UNSET
    target_cycle_start_date: str
    target_cycle_end_date: str
    target_cycle_start_date_iso: str = field(name="targetCycleStartDateISO")
    target_cycle_end_date_iso: str = field(name="targetCycleEndDateISO")
    frequency_type: Frequency | UnsetType = UNSET
    tracking_type: Tracking
    targets: list[TargetAnswer]
    combination_type: str | UnsetType = UNSET
    unified_target_expression: CombinationAnswer | UnsetType = UNSET
    leaderboard_enabled: bool
    user_created: bool
    time_zone_name: str | UnsetType = UNSET
    cap_scope: CapScope | UnsetType = UNSET
    streak_freezes: FreezesAnswer | UnsetType = UNSET


class TargetGroupAnswer(AnswerStruct, kw_only=True):
    """A target group as it is in force; keys without a value are left out.

    Whether periods, targets, `createdOn` and `orgId` are there follows from what was asked.
    """

    id: int
    attribution: AttributionAnswer
    name: str
    from_date: str | UnsetType = UNSET
    to_date: str | UnsetType = UNSET
    active: bool
    preferred_till_id: int
    periods: list[PeriodAnswer] | UnsetType = UNSET
    streaks: list[StreakLevelAnswer] | UnsetType = UNSET
    active_period: PeriodAnswer | UnsetType = UNSET
    total_periods: int
    description: str | UnsetType = UNSET
    target_evaluation_type: Evaluation
    recurring_cycles: int
    frequency: int
    target_cycle_start_date: str
    target_cycle_end_date: str
    target_cycle_start_date_iso: str = field(name="targetCycleStartDateISO")
    target_cycle_end_date_iso: str = field(name="targetCycleEndDateISO")
    frequency_type: Frequency
    tracking_type: Tracking
    targets: list[TargetAnswer] | UnsetType = UNSET
    combination_type: str | UnsetType = UNSET
    unified_target_expression: CombinationAnswer | UnsetType = UNSET
    leaderboard_enabled: bool
    user_created: bool
    time_zone_name: str | UnsetType = UNSET
    cap_scope: str | UnsetType = UNSET
    streak_freezes: dict[str, int] | UnsetType = UNSET
    created_on: int | UnsetType = UNSET
    org_id: int | UnsetType = UNSET


def created_group(group: TargetGroup, calendar: Calendar, now: Micros) -> CreatedGroupAnswer:
    """Return the answer to the creation of *group*, with statuses as of *now* (epoch microseconds)."""
    return CreatedGroupAnswer(
        id=group.id,
        name=group.name,
        from_date=given(group.valid_from),
        to_date=given(group.valid_to),
        active=group.active,
        preferred_till_id=group.preferred_till_id,
        periods=_periods(group, calendar, now),
        streaks=_levels(group, calendar),
        total_periods=group.total_periods,
        description=given(group.description),
        target_evaluation_type=group.evaluation,
        recurring_cycles=given(group.recurring_cycles),
        frequency=given(group.frequency),
        target_cycle_start_date=calendar.glued(group.cycle_opens_at),
        target_cycle_end_date=calendar.glued(group.cycle_closes_at),
        target_cycle_start_date_iso=calendar.iso(group.cycle_opens_at),
        target_cycle_end_date_iso=calendar.iso(group.cycle_closes_at),
        frequency_type=given(group.frequency_kind),
        tracking_type=group.tracking,
        targets=[created_target(target, group, calendar) for target in group.targets],
        combination_type=_combination_type(group),
        unified_target_expression=_combination(group),
        leaderboard_enabled=group.leaderboard,
        user_created=group.user_created,
        time_zone_name=given(group.time_zone_name),
        cap_scope=UNSET if group.cap_scope is CapScope.CUSTOMER else group.cap_scope,
        streak_freezes=UNSET if group.freezes is None else _freezes(group.freezes),
    )


def edited_group(group: TargetGroup, calendar: Calendar, now: Micros) -> TargetGroupAnswer:
    """Return the whole of *group*, as an edit answers, with statuses as of *now* (epoch microseconds)."""
    return _group(group, calendar, now, periods=True, targets=True, dated=True)


def listed_group(
    group: TargetGroup, calendar: Calendar, now: Micros, *, periods: bool, targets: bool
) -> TargetGroupAnswer:
    """Return *group* as the list of groups shows it: with periods and targets if the request asks for them."""
    return _group(group, calendar, now, periods=periods, targets=targets, dated=True)


def single_group(group: TargetGroup, calendar: Calendar, now: Micros, *, periods: bool) -> TargetGroupAnswer:
    """Return *group* as it is shown alone: without targets, with periods if the request asks for them."""
    return _group(group, calendar, now, periods=periods, targets=False, dated=False)


def milestone(group: TargetGroup, calendar: Calendar, now: Micros, org_id: int, *, periods: bool) -> TargetGroupAnswer:
    """Return *group* as the list of milestones shows it: with targets, and the organisation it belongs to."""
    return replace(_group(group, calendar, now, periods=periods, targets=True, dated=True), org_id=org_id)


def _group(
    group: TargetGroup, calendar: Calendar, now: Micros, *, periods: bool, targets: bool, dated: bool
) -> TargetGroupAnswer:
    running = _running(group, now)
    return TargetGroupAnswer(
        id=group.id,
        attribution=attribution(group.attribution, calendar),
        name=group.name,
        from_date=given(group.valid_from),
        to_date=given(group.valid_to),
        active=group.active,
        preferred_till_id=group.preferred_till_id,
        periods=_periods(group, calendar, now) if periods else UNSET,
        streaks=_levels(group, calendar),
        active_period=UNSET if running is None else period_answer(running, group, calendar, now),
        total_periods=len(group.periods),
        description=given(group.description),
        target_evaluation_type=group.evaluation,
        recurring_cycles=RECURRING_UNSET if group.recurring_cycles is None else group.recurring_cycles,
        frequency=group.frequency or 0,
        target_cycle_start_date=calendar.glued(group.cycle_opens_at),
        target_cycle_end_date=calendar.glued(group.cycle_closes_at),
        target_cycle_start_date_iso=calendar.iso(group.cycle_opens_at),
        target_cycle_end_date_iso=calendar.iso(group.cycle_closes_at),
        frequency_type=group.frequency_kind or Frequency.CUSTOM,
        tracking_type=group.tracking,
        targets=[target_answer(target, group, calendar) for target in group.targets] if targets else UNSET,
        combination_type=_combination_type(group),
        unified_target_expression=_combination(group),
        leaderboard_enabled=group.leaderboard,
        user_created=group.user_created,
        time_zone_name=given(group.time_zone_name),
        cap_scope=UNSET if group.cap_scope is CapScope.CUSTOMER else group.cap_scope.value,
        streak_freezes=UNSET if group.freezes is None else _freeze_numbers(group.freezes),
        created_on=_created_on(group) if dated else UNSET,
    )


def _periods(group: TargetGroup, calendar: Calendar, now: Micros) -> list[PeriodAnswer]:
    return [period_answer(period, group, calendar, now) for period in group.periods]


def _levels(group: TargetGroup, calendar: Calendar) -> list[StreakLevelAnswer] | UnsetType:
    return [_level(level, group, calendar) for level in group.streak_levels] or UNSET


def _level(level: StreakLevel, group: TargetGroup, calendar: Calendar) -> StreakLevelAnswer:
    """Return a streak level of *group*; it is as old as the group, since levels do not change."""
    return StreakLevelAnswer(
        id=level.id,
        attribution=attribution(creation_of(group), calendar),
        target_group_id=group.id,
        name=level.name,
        target_count_of_sequence=level.count,
    )


def _combination_type(group: TargetGroup) -> str | UnsetType:
    if group.combination is None:
        return UNSET
    return "ANY" if group.combination.any_of else "ALL"


def _combination(group: TargetGroup) -> CombinationAnswer | UnsetType:
    return UNSET if group.combination is None else combination_answer(group.combination, group.targets)


def _freezes(rule: FreezeRule) -> FreezesAnswer:
    return FreezesAnswer(max=rule.most, earn_every=given(rule.earn_every))


def _freeze_numbers(rule: FreezeRule) -> dict[str, int]:
    return {"max": rule.most} | ({} if rule.earn_every is None else {"earnEvery": rule.earn_every})


def _created_on(group: TargetGroup) -> int:
    """Return when the group was made, in epoch milliseconds beside the text of its attribution."""
    return nearest_second(group.attribution.created_at) // 1000


def _running(group: TargetGroup, now: Micros) -> Period | None:
    """Return the period that runs at *now*, where all customers share one."""
    if group.evaluation is not Evaluation.FIXED_CALENDAR_WINDOW:
        return None
    running = (period for period in group.periods if period.active and status_of(period, now) is PeriodStatus.RUNNING)
    return next(running, None)
