"""Edges that random worlds meet too rarely: the last part of a cap, balances and returns, lists and streaks."""

from dataclasses import replace
from decimal import Decimal

import pytest

from milepost.model.event import AUTHORISE_AWARD, ENROL, UNENROL, AuthoriseAward, AwardKind, Bill, Enrol, Event, Unenrol
from milepost.model.standing import OutcomeKind, Reason
from milepost.model.target import EnrolmentMethod, Evaluation, Goal, Kpi, StreakLevel, Tracking
from milepost.rules.compiled.index import build_rule_index
from tests.core.sample_shop import (
    FEBRUARY,
    GROUP,
    SHOP,
    TARGET,
    amount_back,
    back,
    bill,
    enrol,
    event,
    live,
    rules,
    value,
)

pytestmark = pytest.mark.usefixtures("rows")

ON_LIST = replace(TARGET, enrolment=EnrolmentMethod.IMPORT)


def decision(id_: str, when: str, bought: Event) -> Event:
    """Ask for an award of 10 for a bill."""
    assert isinstance(bought.payload, Bill)
    asked = AuthoriseAward(kind=AwardKind.REGULAR, amount=Decimal(10), bill=bought.payload)
    return event(AUTHORISE_AWARD, id_, when, asked)


def test_a_cap_on_counts_gives_nothing_for_a_part_of_one() -> None:
    """Of one and a half bills the second one finds half of one left, which is not enough."""
    limited = replace(TARGET, kpi=Kpi.COUNT, goals=(Goal(1, 1, Decimal("1.5")),))
    known = build_rule_index(SHOP, [replace(GROUP, tracking=Tracking.CAPPING, targets=(limited,))])
    bought = bill("b", "01-05 10:00", "50")
    lived = live(known, decision("d1", "01-05 10:00", bought), decision("d2", "01-06 10:00", bought))
    given = [
        entry.after // 10_000 for logged in lived.log for entry in logged.entries if entry.reason is Reason.GRANTED
    ]
    assert ([10, 0], Decimal(1)) == (given, value(lived))


def test_bill_that_a_balance_stands_for_gives_nothing_back() -> None:
    """A customer who comes back with 7 keeps 7 when the bill from before is returned."""
    away = event(UNENROL, "l", "01-06 10:00", Unenrol(target_id=1, period_id=1))
    again = enrol("again", "01-07 10:00", balance="7")
    events = [enrol("e", "01-02 10:00"), bill("b", "01-05 10:00", "5"), away, again, back("r", "01-08 10:00", "b")]
    assert Decimal(7) == value(live(rules(ON_LIST), *events))


def test_return_that_takes_nothing_off_achieves_nothing() -> None:
    """One bill meets a goal that was lowered to one; money back leaves it one bill: nothing achieves."""
    counts = replace(ON_LIST, kpi=Kpi.COUNT)
    lowered = event(ENROL, "again", "01-06 10:00", Enrol(target_id=1, period_id=1, goals=((1, Decimal(1)),)))
    events = [enrol("e", "01-02 10:00"), bill("b", "01-05 10:00", "9"), lowered]
    lived = live(rules(counts), *events, amount_back("r", "01-07 10:00", "b", "3"))
    assert (Decimal(1), False) == (value(lived), OutcomeKind.ACHIEVED in [one.kind for one in lived.outcomes])


def test_streak_of_a_list_counts_from_its_first_period_on() -> None:
    """A customer enrolled in February counts in January too: an enrolment in a streak has no first period."""
    levels = (StreakLevel(id=101, name="two", count=2),)
    group = replace(GROUP, tracking=Tracking.STREAKS, streak_levels=levels, targets=(ON_LIST,))
    events = [
        enrol("e", "02-01 00:00", period_id=2),
        bill("late", "01-31 10:00", "1000"),
        bill("b", "02-11 10:00", "1000"),
    ]
    lived = live(build_rule_index(SHOP, [group]), *events)
    assert (Decimal(1000), Decimal(1000)) == (value(lived), value(lived, FEBRUARY))
    assert OutcomeKind.STREAK_LEVEL_ACHIEVED in [one.kind for one in lived.outcomes]


def test_balance_forgets_the_days_of_periods_that_fill_up() -> None:
    """Two periods of one visit are full; who comes back with 0 in the last one counts the same day again."""
    visits = replace(ON_LIST, kpi=Kpi.VISIT, goals=(Goal(1, 1, Decimal(1)), Goal(2, 2, Decimal(1))))
    group = replace(GROUP, evaluation=Evaluation.PERIOD_AGNOSTIC_WINDOW, targets=(visits,))
    away = event(UNENROL, "l", "01-06 12:00", Unenrol(target_id=1, period_id=1))
    again = enrol("again", "01-06 13:00", balance="0")
    days = [bill("1", "01-05 10:00", "9"), bill("2", "01-06 10:00", "9")]
    lived = live(
        build_rule_index(SHOP, [group]), enrol("e", "01-02 10:00"), *days, away, again, bill("3", "01-06 14:00", "9")
    )
    assert (Decimal(1), Decimal(1)) == (value(lived), value(lived, FEBRUARY))
