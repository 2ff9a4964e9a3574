"""Law 0: engine and naive evaluator agree, for every kind of target and every history."""

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.laws.engine_histories import days_of, lived, oracle_table, shown
from tests.laws.law_settings import law
from tests.laws.random_kind_worlds import (
    KIND_WORLDS,
    cap_worlds,
    carry_worlds,
    completion_worlds,
    enrolment_worlds,
    streak_worlds,
    unified_worlds,
    window_worlds,
    zone_worlds,
)
from tests.laws.random_worlds import World, returning_worlds, worlds
from tests.oracle.reference_events import totals
from tests.oracle.reference_replay import without_duplicates

pytestmark = pytest.mark.usefixtures("rows")

MANY = 2_000
"""Examples of each kind of world in a long run: with ten kinds 20,000."""


@law(200)
@given(worlds())
def test_engine_and_naive_evaluator_agree(world: World) -> None:
    """Every value, stamp, cause, trigger and outcome is what the oracle computes from scratch."""
    assert oracle_table(world) == shown(world, lived(world))


@law(150)
@given(returning_worlds())
def test_engine_and_naive_evaluator_agree_on_returns(world: World) -> None:
    """Bills of which much comes back, in part and repeatedly, keep exactly what the oracle leaves them."""
    assert oracle_table(world) == shown(world, lived(world))


@law(500)
@given(window_worlds())
def test_they_agree_on_periods_without_dates(world: World) -> None:
    """Customers' own windows begin, end and are cut where they should.

    Sequential periods, one total fills the periods.
    """
    assert oracle_table(world) == shown(world, lived(world))


@law(500)
@given(streak_worlds())
def test_they_agree_on_streaks(world: World) -> None:
    """Levels are earned and lost by the same events; runs start, break and end in the same periods."""
    assert oracle_table(world) == shown(world, lived(world))


@law(200)
@given(unified_worlds())
def test_they_agree_on_unified_targets(world: World) -> None:
    """The composite is achieved by the same event, and taken back by the same return."""
    assert oracle_table(world) == shown(world, lived(world))


@law(200)
@given(cap_worlds())
def test_they_agree_on_caps(world: World) -> None:
    """A decision is given as much, and uses as much of each cap."""
    assert oracle_table(world) == shown(world, lived(world))


@law(200)
@given(carry_worlds())
def test_they_agree_on_carried_returns(world: World) -> None:
    """What comes back of an achieved period is carried into the same later one, to the same cent."""
    assert oracle_table(world) == shown(world, lived(world))


@law(200)
@given(enrolment_worlds())
def test_they_agree_on_enrolments(world: World) -> None:
    """Customers who enrol, leave and come back, with balances and own goals, count the same."""
    assert oracle_table(world) == shown(world, lived(world))


@law(200)
@given(zone_worlds())
def test_they_agree_on_days_of_several_zones(world: World) -> None:
    """A target that asks for days of the customer's past gets those of its own zone, also of before it was defined."""
    life = lived(world)
    assert oracle_table(world) == shown(world, life)
    known = without_duplicates(world.events)
    for zone, days in life.standing.zone_days.items():
        assert totals(zone, known).days == days_of(days)


@law(200)
@given(completion_worlds())
def test_they_agree_on_achievements_that_are_counted(world: World) -> None:
    """An achievement counts in the step that achieves, up to three times in a row, and nothing takes that back."""
    assert oracle_table(world) == shown(world, lived(world))


KINDS = {
    "worlds": worlds(length=12),
    "returning_worlds": returning_worlds(),
    **{kind.__name__: kind() for kind in KIND_WORLDS},
}


@pytest.mark.slow
@pytest.mark.timeout(7_200)
@pytest.mark.parametrize("kind", KINDS)
@settings(phases=[Phase.generate], max_examples=MANY)
@given(st.data())
def test_engine_and_naive_evaluator_agree_over_many_histories(kind: str, data: st.DataObject) -> None:
    """What holds for few histories holds for many; a failure is not shrunk, which would take hours.

    `--hypothesis-seed` chooses the worlds.
    """
    world = data.draw(KINDS[kind])
    assert oracle_table(world) == shown(world, lived(world))
