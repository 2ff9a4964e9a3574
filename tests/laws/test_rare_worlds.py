"""Worlds in which a law was broken once, and which random examples meet too rarely."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from msgspec import structs

from milepost.model.amount import UNITS_PER_ONE
from milepost.model.commands.correction import VoidAward
from milepost.model.event import (
    AUTHORISE_AWARD,
    ENROL,
    UNENROL,
    VOID_AWARD,
    AuthoriseAward,
    AwardKind,
    Bill,
    Enrol,
    Event,
    Unenrol,
)
from milepost.model.organisation import CapsFollowReturns, Returns, Settings
from milepost.model.standing import OutcomeKind
from milepost.model.target import Entity, Evaluation, Goal, Kpi, StreakLevel, TargetGroup, Tracking
from tests.core.sample_shop import FEBRUARY, GROUP, JANUARY, SHOP, amount_back, back, bill, event
from tests.laws.engine_histories import lived, oracle_table, progress_of, shown
from tests.laws.random_worlds import World
from tests.laws.test_order_laws import marks

pytestmark = pytest.mark.usefixtures("rows")

STREAK = replace(GROUP, tracking=Tracking.STREAKS, streak_levels=(StreakLevel(id=101, name="one", count=1),))


def enrolled(id_: str, when: str, *goals: tuple[int, Decimal]) -> Event:
    """Enrol the customer from January on, with *goals* of the customer's own."""
    return event(ENROL, id_, when, Enrol(target_id=1, period_id=1, goals=goals))


def world(group: TargetGroup, events: Sequence[Event], returns: Returns = Returns.SUBTRACT) -> World:
    """Make a world of one group."""
    return World(replace(SHOP, settings=Settings(returns=returns)), (group,), tuple(events))


@pytest.mark.parametrize("returns", [Returns.SUBTRACT, Returns.CARRY])
@pytest.mark.parametrize("group", [GROUP, STREAK], ids=["plain", "streak"])
def test_return_of_a_bill_for_nothing_achieves_nothing(group: TargetGroup, returns: Returns) -> None:
    """A goal that was lowered to 0 is achieved by the next event that counts, in the oracle too."""
    away = event(UNENROL, "l", "01-06 10:00", Unenrol(target_id=1, period_id=1))
    again = enrolled("again", "01-07 10:00", (1, Decimal(0)))
    told = [bill("b", "01-05 10:00", "0"), away, again, back("r", "01-08 10:00", "b"), back("s", "01-09 10:00", "b")]
    made = world(group, told, returns)
    assert OutcomeKind.ACHIEVED not in [outcome.kind for outcome in lived(made).outcomes]
    assert oracle_table(made) == shown(made, lived(made))


def test_bill_for_nothing_makes_a_row_of_the_period_that_runs_as_it_comes() -> None:
    """Received after the bill that filled January it makes February's row, else it does not; nothing else differs."""
    group = replace(GROUP, evaluation=Evaluation.PERIOD_AGNOSTIC_WINDOW)
    free, full = bill("1", "01-05 10:00", "0"), bill("2", "01-06 10:00", "1000")
    before, after = world(group, [free, full]), world(group, [full, free])
    for made, rows in ((before, {JANUARY}), (after, {JANUARY, FEBRUARY})):
        one = lived(made)
        assert oracle_table(made) == shown(made, one)
        assert rows == set(progress_of(one))
        assert {JANUARY: (True, 0)} == marks(one, but=(), filled={1})


CAP = replace(
    GROUP,
    tracking=Tracking.CAPPING,
    targets=(
        replace(
            GROUP.targets[0],
            entity=Entity.REWARDS,
            kpi=Kpi.ALL_POINTS,
            goals=(Goal(1, 1, Decimal(100)), Goal(2, 2, Decimal(100))),
        ),
    ),
)
FOLLOWING = Settings(caps_follow_returns=CapsFollowReturns.ON)


def decision(id_: str, when: str, amount: str) -> Event:
    """Ask for points."""
    return event(AUTHORISE_AWARD, id_, when, AuthoriseAward(kind=AwardKind.REGULAR, amount=Decimal(amount)))


def of_decision(id_: str, when: str, amount: str, named: str) -> Event:
    """Make a bill that names a decision."""
    made = bill(id_, when, amount)
    assert isinstance(made.payload, Bill)
    return structs.replace(made, payload=structs.replace(made.payload, decision=named))


def test_a_void_of_a_decision_that_a_balance_has_replaced_changes_nothing() -> None:
    """Coming back with a balance of 7 makes the cap's value 7; what was decided before is no part of that."""
    told = [
        decision("d", "01-05 10:00", "30"),
        event(UNENROL, "l", "01-06 10:00", Unenrol(target_id=1, period_id=1)),
        event(ENROL, "a", "01-07 10:00", Enrol(target_id=1, period_id=1, balance=Decimal(7))),
        event(VOID_AWARD, "v", "01-08 10:00", VoidAward(decision="d")),
    ]
    made = world(CAP, told)
    assert oracle_table(made) == shown(made, lived(made))
    assert lived(made).standing.progress[JANUARY].value == 7 * UNITS_PER_ONE


@pytest.mark.parametrize("is_decided_first, used", [(True, 12), (False, 30)])
def test_a_return_gives_back_what_an_earlier_decision_about_its_bill_used(*, is_decided_first: bool, used: int) -> None:
    """A bill of 50 of which 30 came back: six tenths of 30 points are free, if the decision was there before it."""
    decided, bought = decision("d", "01-05 10:00", "30"), of_decision("b", "01-05 10:00", "50", "d")
    some = amount_back("r", "01-06 10:00", "b", "30")
    told = [decided, bought, some] if is_decided_first else [bought, decided, some]
    made = World(replace(SHOP, settings=FOLLOWING), (CAP,), tuple(told))
    assert oracle_table(made) == shown(made, lived(made))
    assert lived(made).standing.progress[JANUARY].value == used * UNITS_PER_ONE


def test_a_void_finds_nothing_left_by_one_that_changed_nothing_here() -> None:
    """A void of February takes January's decision whole, and nothing in January; one dated before it comes too late."""
    told = [
        decision("d", "01-05 10:00", "30"),
        event(VOID_AWARD, "v", "02-05 10:00", VoidAward(decision="d")),
        event(VOID_AWARD, "w", "01-04 10:00", VoidAward(decision="d", amount=Decimal(10))),
    ]
    made = world(CAP, told)
    assert oracle_table(made) == shown(made, lived(made))
    assert progress_of(lived(made))[JANUARY].value == 30 * UNITS_PER_ONE
