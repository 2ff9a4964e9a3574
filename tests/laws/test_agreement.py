"""Law 0: engine and naive evaluator agree, for every kind of target and every history."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws.engine_histories import days_of, lived, oracle_table, shown
from tests.laws.law_settings import EVERY, law
from tests.laws.random_kind_worlds import (
    cap_worlds,
    carry_worlds,
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

MANY = 20_000
"""Examples of a long run."""


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


@pytest.mark.slow
@pytest.mark.timeout(7_200)
@law(MANY)
@given(st.one_of(EVERY, worlds(length=12)))
def test_engine_and_naive_evaluator_agree_over_many_histories(world: World) -> None:
    """What holds for few histories holds for many."""
    assert oracle_table(world) == shown(world, lived(world))
