"""Random target groups of the other kinds: customers' own windows, sequential periods, streaks, unified, caps."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from milepost.model.target import (
    AggregateFunction,
    CapScope,
    Combination,
    EnrolmentMethod,
    Entity,
    Evaluation,
    FreezeRule,
    Frequency,
    Goal,
    Kpi,
    Period,
    StreakLevel,
    Target,
    TargetGroup,
    Tracking,
)
from milepost.model.time import SECOND_US, Micros
from tests.laws.draws import pick
from tests.laws.random_definitions import MOSTLY, ON_BILLS, UNTOUCHED, Measures, midnight, target

SMALL = tuple(Decimal(text) for text in ("1", "20", "2", "10", "30", "1.5", "33.3333", "50"))
ZONE_NAMES = (None, "Asia/Kolkata", "America/New_York", "Australia/Lord_Howe", "UTC")
FREQUENCIES = (
    (Frequency.DAILY, 1),
    (Frequency.DAILY, 2),
    (Frequency.CUSTOM, 1),
    (Frequency.WEEKLY, 1),
    (Frequency.MONTHLY, 1),
    (Frequency.MONTHLY, 1),
    (Frequency.MONTHLY, 3),
    (Frequency.QUARTERLY, 1),
    (Frequency.HALF_YEARLY, 1),
    (Frequency.YEARLY, 1),
    (Frequency.DAILY, None),
    (Frequency.DAILY, 0),
)
LEVELS = ((1, 2), (2, 3), (1, 2, 4), (2,), (3,), (1, 3, 5))
FREEZES = (
    FreezeRule(most=1),
    None,
    FreezeRule(most=2),
    FreezeRule(most=1, earn_every=1),
    FreezeRule(most=1, earn_every=2),
    FreezeRule(most=2, earn_every=2),
)
THRESHOLDS = tuple(Decimal(text) for text in ("1", "2", "30", "50", "60", "83.3333"))
CAPPED: Measures = (
    (Entity.TRANSACTION, Kpi.SALES),
    (Entity.TRANSACTION, Kpi.GROSS_SALES),
    (Entity.TRANSACTION, Kpi.QUANTITY),
    (Entity.TRANSACTION, Kpi.COUNT),
    (Entity.TRANSACTION, Kpi.VISIT),
    (Entity.LINEITEM, Kpi.SALES),
    (Entity.LINEITEM, Kpi.QUANTITY),
    *[(Entity.REWARDS, kpi) for kpi in (Kpi.REGULAR_POINTS, Kpi.PROMOTIONAL_POINTS, Kpi.ALL_POINTS)] * 2,
    (Entity.POINTS, Kpi.ALL_POINTS),
    *[(Entity.ALTERNATE_CURRENCIES, kpi) for kpi in (Kpi.REGULAR, Kpi.PROMOTION, Kpi.ALL)],
)
"""What a cap may measure; awards come up more often."""


ONES: Measures = ((Entity.TRANSACTION, Kpi.VISIT), (Entity.TRANSACTION, Kpi.COUNT))
"""Caps of which a decision uses one."""

FEW = tuple(Decimal(text) for text in ("1.5", "1", "2"))


def days_in_a_row(draw: st.DrawFn, group_id: int, first_day: date, zone: str, count: int) -> tuple[Period, ...]:
    """Make *count* periods of a day or two each, in order, a few with a gap before them, a few switched off."""
    day, made = first_day, []
    for number in range(1, count + 1):
        day += timedelta(days=pick(draw, (0, 0, 0, 0, 1)))
        after = day + timedelta(days=pick(draw, (1, 1, 1, 2)))
        made.append(
            Period(
                id=group_id * 10 + number,
                ref_code=f"Cycle_{number}",
                starts_on=day.isoformat(),
                ends_on=(after - timedelta(days=1)).isoformat(),
                opens_at=midnight(day, zone),
                closes_at=midnight(after, zone),
                active=pick(draw, MOSTLY),
            )
        )
        day = after
    return tuple(made)


def aim(draw: st.DrawFn, target_id: int, run: Sequence[Period], measures: Measures) -> Target:
    """Make a target that mostly counts, with one of the small goals for all periods, now and then none of its own."""
    made, wanted = target(draw, target_id, tuple(run), measures), pick(draw, SMALL)
    method = pick(draw, (*[EnrolmentMethod.TRANSACTION] * 3, EnrolmentMethod.IMPORT, EnrolmentMethod.AUDIENCE_FILTER))
    has_none = method is not EnrolmentMethod.TRANSACTION and pick(draw, (False, False, False, True))
    return replace(
        made,
        active=pick(draw, MOSTLY),
        expression=pick(draw, ("true", "true", made.expression)),
        filters=pick(draw, (None, None, None, made.filters)),
        enrolment=method,
        goals=() if has_none else tuple(Goal(goal.id, goal.period_id, wanted) for goal in made.goals),
    )


def own_goals(one: Target, draw: st.DrawFn) -> Target:
    """Return the target with another goal in each period."""
    return replace(one, goals=tuple(Goal(goal.id, goal.period_id, pick(draw, SMALL)) for goal in one.goals))


def group_of(
    group_id: int, run: tuple[Period, ...], aims: Sequence[Target], tracking: Tracking = Tracking.DEFAULT
) -> TargetGroup:
    """Make a group with calendar periods."""
    return TargetGroup(
        id=group_id,
        name=f"group {group_id}",
        preferred_till_id=1,
        tracking=tracking,
        evaluation=Evaluation.FIXED_CALENDAR_WINDOW,
        total_periods=len(run),
        cycle_opens_at=run[0].opens_at,
        cycle_closes_at=Micros(run[-1].closes_at - SECOND_US),
        periods=run,
        targets=tuple(aims),
        attribution=UNTOUCHED,
    )


def plain_group(draw: st.DrawFn, group_id: int, first_day: date, zone: str, measures: Measures) -> TargetGroup:
    """Make a group of one or two plain targets whose goals differ between its periods."""
    run = days_in_a_row(draw, group_id, first_day, zone, pick(draw, (1, 2, 3)))
    aims = [own_goals(aim(draw, group_id * 10 + number, run, measures), draw) for number in range(pick(draw, (1, 2)))]
    return replace(group_of(group_id, run, aims), time_zone_name=pick(draw, ZONE_NAMES))


def open_group(draw: st.DrawFn, group_id: int, first_day: date, zone: str, measures: Measures) -> TargetGroup:
    """Make a group whose periods have no dates: customers' own windows, or sequential periods."""
    days = days_in_a_row(draw, group_id, first_day, zone, pick(draw, (1, 2, 3, 4)))
    begins, ends = first_day, first_day + timedelta(days=pick(draw, (3, 5, 40, 70, 400)))
    evaluation = pick(draw, (Evaluation.CYCLIC_WINDOW, Evaluation.PERIOD_AGNOSTIC_WINDOW))
    kind, frequency = pick(draw, FREQUENCIES)
    one = aim(draw, group_id * 10, days, measures)
    if evaluation is Evaluation.PERIOD_AGNOSTIC_WINDOW and not one.goals:
        one = replace(one, goals=tuple(Goal(group_id * 1000 + day.id, day.id, Decimal(20)) for day in days))
    return replace(
        group_of(group_id, days, [one]),
        evaluation=evaluation,
        frequency_kind=kind,
        frequency=frequency,
        time_zone_name=pick(draw, ZONE_NAMES),
        cycle_opens_at=midnight(begins, zone),
        cycle_closes_at=Micros(midnight(ends, zone) - SECOND_US),
    )


def streak_group(draw: st.DrawFn, group_id: int, first_day: date, zone: str, measures: Measures) -> TargetGroup:
    """Make a streak group of a few days with levels within reach, some with freezes."""
    run = days_in_a_row(draw, group_id, first_day, zone, pick(draw, (3, 4, 5, 6)))
    made = aim(draw, group_id * 10, run, measures)
    made = replace(made, active=True, goals=tuple(Goal(goal.id, goal.period_id, Decimal(1)) for goal in made.goals))
    counts = [count for count in pick(draw, LEVELS) if count <= len(run)]
    return replace(
        group_of(
            group_id, run, [made], pick(draw, (Tracking.STREAKS, Tracking.STREAKS, Tracking.NON_CONTINUOUS_STREAKS))
        ),
        streak_levels=tuple(
            StreakLevel(id=group_id * 100 + count, name=f"level {count}", count=count) for count in counts
        ),
        freezes=pick(draw, FREEZES),
    )


def unified_group(draw: st.DrawFn, group_id: int, first_day: date, zone: str, measures: Measures) -> TargetGroup:
    """Make a unified group of two to four targets, with and without a threshold."""
    run = days_in_a_row(draw, group_id, first_day, zone, pick(draw, (1, 1, 2)))
    number = pick(draw, (2, 2, 3, 4))
    aims = [replace(aim(draw, group_id * 10 + place, run, measures), triggers=()) for place in range(number)]
    aggregation = pick(draw, (None, None, AggregateFunction.SUM, AggregateFunction.SUM, AggregateFunction.COUNT))
    any_of = pick(draw, (True, False))
    return replace(
        group_of(group_id, run, aims, Tracking.UNIFIED),
        combination=Combination(
            any_of=any_of,
            least=pick(draw, (None, 1, 2)) if any_of else None,
            aggregation=aggregation,
            threshold=None if aggregation is None else pick(draw, THRESHOLDS),
        ),
    )


def cap_group(draw: st.DrawFn, group_id: int, first_day: date, zone: str) -> TargetGroup:
    """Make a cap."""
    run = days_in_a_row(draw, group_id, first_day, zone, pick(draw, (1, 1, 2)))
    measures = pick(draw, (CAPPED, CAPPED, ONES))
    made = aim(draw, group_id * 10, run, measures)
    if measures is ONES:
        made = replace(made, goals=tuple(Goal(goal.id, goal.period_id, pick(draw, FEW)) for goal in made.goals))
    made = replace(made, triggers=())
    return replace(
        group_of(group_id, run, [made], Tracking.CAPPING),
        cap_scope=pick(draw, (CapScope.CUSTOMER, CapScope.CUSTOMER, CapScope.CUSTOMER, CapScope.TRANSACTION)),
        time_zone_name=pick(draw, ZONE_NAMES),
    )


ON_MORE: Measures = (*ON_BILLS, *ON_BILLS, (Entity.EVENT, Kpi.COUNT), (Entity.REWARDS, Kpi.ALL_POINTS))
"""What targets of the other kinds measure: mostly bills, for returns are of bills."""

SIMPLE: Measures = ((Entity.TRANSACTION, Kpi.COUNT), (Entity.TRANSACTION, Kpi.SALES), (Entity.TRANSACTION, Kpi.VISIT))
"""What most bills add to, so that periods are achieved and filled to the brim."""
