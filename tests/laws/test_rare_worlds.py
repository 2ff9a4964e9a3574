"""Worlds in which a law was broken once, and which random examples meet too rarely."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest

from milepost.model.event import ENROL, UNENROL, Enrol, Event, Unenrol
from milepost.model.organisation import Returns, Settings
from milepost.model.standing import OutcomeKind
from milepost.model.target import Evaluation, StreakLevel, TargetGroup, Tracking
from tests.core.sample_shop import FEBRUARY, GROUP, JANUARY, SHOP, back, bill, event
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
