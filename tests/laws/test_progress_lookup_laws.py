"""The progress lookup of conditions agrees with the oracle, before every event of every history."""

from fractions import Fraction

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from milepost.engine.progress.context import StandingProgressLookup
from milepost.language import ProgressLookup
from milepost.model.event import Event
from milepost.model.target import TargetGroup
from tests.laws.engine_histories import SECOND, catalogues_of, lived, progress_of
from tests.laws.random_worlds import World, returning_worlds, worlds
from tests.oracle.reference import evaluate
from tests.oracle.reference_notices import Row


def before(world: World, place: int) -> ProgressLookup:
    """Return the customer's progress before the event at *place*."""
    rules, life = catalogues_of(world)[SECOND], lived(world, world.events[:place])
    standing = structs.replace(life.standing, progress=progress_of(life))
    return StandingProgressLookup(rules, standing, world.events[place].occurred_at)


def oracle_rows(world: World, place: int) -> dict[tuple[int, int], Row]:
    """Return the rows that the oracle has before the event at *place*."""
    return evaluate(world.organisation, world.groups, world.events[:place]).rows


def value(rows: dict[tuple[int, int], Row], target_id: int, period_id: int) -> Fraction:
    """Return the value of a row; 0 if there is none."""
    row = rows.get((target_id, period_id))
    return Fraction(0) if row is None else row.value


def running(group: TargetGroup, event: Event) -> list[int]:
    """Return the ids of the active periods of *group* that *event* lies in."""
    return [one.id for one in group.periods if one.active and one.opens_at <= event.occurred_at < one.closes_at]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(worlds(), returning_worlds()).filter(lambda world: bool(world.events)), st.data())
def test_the_progress_lookup_agrees_with_the_oracle(world: World, data: st.DataObject) -> None:
    """Values in each period, in the running one, on average, and how many targets of a group are achieved."""
    place = data.draw(st.integers(0, len(world.events) - 1))
    reached, rows, event = before(world, place), oracle_rows(world, place), world.events[place]
    for group in world.groups:
        now = running(group, event)
        begun = [one.id for one in group.periods if one.active and one.opens_at <= event.occurred_at]
        for period in group.periods:
            achieved = sum(
                (t.id, period.id) in rows and rows[t.id, period.id].achieved_by is not None for t in group.targets
            )
            assert reached.achieved_in_period(group.name, period.ref_code) == achieved
        for target in group.targets:
            for period in group.periods:
                told = reached.value_in_period(target.name.upper(), period.ref_code)
                assert Fraction(told) == value(rows, target.id, period.id)
            assert Fraction(reached.value_now(target.name)) == sum(value(rows, target.id, id_) for id_ in now)
            total = sum((value(rows, target.id, id_) for id_ in begun), Fraction(0))
            mean = Fraction(reached.mean_value(target.name))
            assert abs(mean * max(len(begun), 1) - total) < Fraction(1, 10**40)
