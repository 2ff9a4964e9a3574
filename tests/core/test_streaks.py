"""Streaks: ten days in Berlin, one bill of 10 on a day achieves it (docs/rules.md, facts 4.9)."""

from dataclasses import replace
from decimal import Decimal

import pytest

from milepost.engine.progress.streak_run import StreakRun, evaluate
from milepost.model.event import (
    GRANT_FREEZES,
    PAUSE_STREAK,
    PERIOD_ROLLOVER,
    Event,
    GrantFreezes,
    PauseStreak,
    PeriodRollover,
)
from milepost.model.organisation import AfterAchievement, Outage, Settings
from milepost.model.standing import OutcomeKind
from milepost.model.target import FreezeRule, Goal, Period, StreakLevel, TargetGroup, Tracking
from milepost.rules.compiled.index import RuleIndex, build_rule_index
from tests.core.sample_shop import GROUP, SHOP, TARGET, at, back, bill, event, live

pytestmark = pytest.mark.usefixtures("rows")

DAYS = tuple(
    Period(
        id=number,
        ref_code=f"day {number}",
        starts_on=f"2017-01-{number:02}",
        ends_on=f"2017-01-{number:02}",
        opens_at=at(f"01-{number:02} 00:00"),
        closes_at=at(f"01-{number + 1:02} 00:00"),
    )
    for number in range(1, 11)
)
DAILY = replace(
    GROUP,
    tracking=Tracking.STREAKS,
    periods=DAYS,
    streak_levels=(StreakLevel(id=102, name="four", count=4), StreakLevel(id=101, name="two", count=2)),
)
TEN = replace(TARGET, goals=tuple(Goal(day.id, day.id, Decimal(10)) for day in DAYS))
REVOKE = Settings(after_achievement=AfterAchievement.REVOKE)
MARKED = {
    OutcomeKind.STREAK_STARTED: "started",
    OutcomeKind.STREAK_LEVEL_ACHIEVED: "level",
    OutcomeKind.STREAK_LEVEL_UNACHIEVED: "lost",
    OutcomeKind.STREAK_BROKEN: "broken",
    OutcomeKind.STREAK_ENDED: "ended",
}


def daily(settings: Settings | None = None, **changes: object) -> RuleIndex:
    """Return the rules of the daily streak, or of one like it."""
    group: TargetGroup = replace(DAILY, **changes)  # type: ignore[arg-type]
    return build_rule_index(replace(SHOP, settings=settings or Settings()), [replace(group, targets=(TEN,))])


def bought(*days: int) -> list[Event]:
    """Make a bill of 10 on each of *days*."""
    return [bill(f"b{day}", f"01-{day:02} 10:00", "10") for day in days]


def closed(day: int) -> Event:
    """Make the close of a day."""
    return event(
        PERIOD_ROLLOVER, f"t{day}", f"01-{day + 1:02} 00:00", PeriodRollover(group_id=1, period_id=day, closed=True)
    )


def said(known: RuleIndex, *events: Event) -> list[tuple[str, int]]:
    """Return the outcomes about the streak, each with the day or the level's id."""
    levels = {OutcomeKind.STREAK_LEVEL_ACHIEVED, OutcomeKind.STREAK_LEVEL_UNACHIEVED}
    return [
        (MARKED[one.kind], one.about if one.kind in levels else one.period_id)
        for one in live(known, *events).outcomes
        if one.kind in MARKED
    ]


def walked(known: RuleIndex, until: str, *events: Event) -> StreakRun:
    """Return the run as a read at that instant computes it."""
    return evaluate(known.streaks[1], live(known, *events).standing.streaks[1], at(until))


def test_each_level_is_earned_once_when_the_run_is_long_enough() -> None:
    """Two days earn the first level, four the second; more earn nothing."""
    assert [("started", 1), ("level", 101), ("level", 102)] == said(daily(), *bought(1, 2, 3, 4, 5, 6))


def test_missed_day_sets_the_run_back_and_leaves_what_was_earned() -> None:
    """After a break the next level needs its whole count again."""
    assert [("started", 1), ("level", 101), ("started", 4), ("level", 102)] == said(daily(), *bought(1, 2, 4, 5, 6, 7))


def test_gap_does_not_matter_where_days_need_not_follow_each_other() -> None:
    """Non-continuous streaks count achieved days, however far apart."""
    loose = daily(tracking=Tracking.NON_CONTINUOUS_STREAKS)
    assert [("started", 1), ("level", 101), ("level", 102)] == said(loose, *bought(1, 4, 6, 9))


def test_late_event_mends_a_break() -> None:
    """The day in between, received last, makes one run of two: the run is computed again."""
    one, two, three, four = bought(1, 2, 3, 4)
    assert [("started", 1), ("started", 3), ("level", 101), ("level", 102)] == said(daily(), one, three, four, two)


def test_run_counts_until_a_day_is_over() -> None:
    """A day that is not over is not missed yet; once it is, the run is 0 without anything having been written."""
    assert (2, 0) == tuple(walked(daily(), when, *bought(1, 2)).run for when in ("01-03 23:59", "01-04 00:00"))


def test_return_takes_a_level_back_only_where_achievements_are_revoked() -> None:
    """The day of the returned bill is not achieved any more, so its run is shorter."""
    events = [*bought(1, 2), back("r", "01-02 11:00", "b2")]
    assert [("started", 1), ("level", 101)] == said(daily(), *events)
    assert [("started", 1), ("level", 101), ("lost", 101)] == said(daily(REVOKE), *events)


@pytest.mark.parametrize(
    "days, expected", [((1, 3), (2, 1)), ((1, 3, 6), (1, 0)), ((1, 2, 3, 4, 6), (5, 0)), ((1, 2, 3, 4, 5), (5, 1))]
)
def test_freeze_protects_a_missed_day_and_does_not_count(days: tuple[int, ...], expected: tuple[int, int]) -> None:
    """One is earned with each two achieved days, one at a time is kept; short histories have one granted before."""
    known = daily(freezes=FreezeRule(most=1, earn_every=2))
    granted = [event(GRANT_FREEZES, "f", "01-01 00:00", GrantFreezes(group_id=1, count=5))] if len(days) < 4 else []
    found = walked(known, "01-01 00:00", *granted, *bought(*days))
    assert expected == (found.run, found.freezes_left)


def test_pause_and_outage_protect_the_days_they_touch() -> None:
    """Neither takes a freeze; the last instant of a day is enough to touch it."""
    pause = event(
        PAUSE_STREAK,
        "p",
        "01-05 10:00",
        PauseStreak(group_id=1, starts_at=at("01-02 23:59"), ends_at=at("01-03 00:00")),
    )
    assert 2 == walked(daily(), "01-04 00:00", *bought(1, 3), pause).run
    down = Settings(outages=(Outage(at("01-02 05:00"), at("01-02 06:00")),))
    assert 2 == walked(daily(down), "01-04 00:00", *bought(1, 3)).run
    up = Settings(outages=(Outage(at("01-01 05:00"), at("01-02 00:00")),))
    assert 1 == walked(daily(up), "01-04 00:00", *bought(1, 3)).run


def test_a_pause_received_late_earns_the_level_it_saved() -> None:
    """Two days with a paused one between them are a run of two."""
    pause = event(
        PAUSE_STREAK,
        "p",
        "01-05 10:00",
        PauseStreak(group_id=1, starts_at=at("01-02 00:00"), ends_at=at("01-03 00:00")),
    )
    assert [("started", 1), ("started", 3), ("level", 101)] == said(daily(), *bought(1, 3), pause)


def test_break_and_end_are_outcomes_when_days_close() -> None:
    """A missed day that ended a run has one outcome; the end comes with the last day."""
    events = [*bought(1, 2), *(closed(day) for day in range(1, 11))]
    assert [("started", 1), ("level", 101), ("broken", 3), ("ended", 10)] == said(daily(), *events)
