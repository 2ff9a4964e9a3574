"""The laws of merging: two customers who become one are as one who did what both did (docs/invariants.md)."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.engine.apply import Replayed
from milepost.model.event import BILL, Enrol
from milepost.model.standing import NOTES, OutcomeKind, ProgressKey, Reason
from milepost.model.target import EnrolmentMethod, Entity, Kpi, Target, Tracking
from milepost.store import codec
from tests.laws.draws import pick
from tests.laws.engine_histories import lived, progress_of, values
from tests.laws.law_settings import ANY_ORDER, EVERY, law
from tests.laws.random_merges import United, apart, unite
from tests.laws.random_worlds import World, returning_worlds, worlds
from tests.laws.test_engine_laws import stored

pytestmark = pytest.mark.usefixtures("rows")

PLAIN = st.one_of(worlds(settled=ANY_ORDER, length=14), returning_worlds(settled=ANY_ORDER))


@st.composite
def open_worlds(draw: st.DrawFn) -> World:
    """Make a world of targets that every customer takes part in and that add up.

    Many count days, on which both may meet.
    """
    world = draw(PLAIN)
    groups = tuple(
        replace(group, active=True, tracking=Tracking.DEFAULT, targets=tuple(_open(draw, one) for one in group.targets))
        for group in world.groups
    )
    events = tuple(event for event in world.events if not isinstance(event.payload, Enrol))
    return world._replace(groups=groups, events=events)


def _open(draw: st.DrawFn, one: Target) -> Target:
    opened = replace(one, active=True, filters=None, enrolment=EnrolmentMethod.TRANSACTION)
    if pick(draw, (True, True, False)):
        return opened
    visits = {"entity": Entity.TRANSACTION, "kpi": Kpi.VISIT, "event_name": BILL, "metadata": None}
    return replace(opened, expression="true", **visits)  # type: ignore[arg-type]


def merged_life(world: World, united: United) -> Replayed:
    """Apply the survivor's events."""
    return lived(world, united.heard, start=united.start)


@law(400)
@given(open_worlds(), st.data())
def test_two_merged_customers_are_as_one(world: World, data: st.DataObject) -> None:
    """Values, purchases and counters are those of one customer with all events, whatever came before the merge."""
    parts = data.draw(st.composite(lambda draw: apart(draw, world.events))())
    both = merged_life(world, unite(world, parts))
    one = lived(world)
    assert values(one) == values(both)
    assert (one.standing.bills, one.standing.purchases) == (both.standing.bills, both.standing.purchases)
    assert one.standing.facts == both.standing.facts


@law(300)
@given(EVERY, st.data())
def test_a_merge_is_replayed_to_the_same_bytes(world: World, data: st.DataObject) -> None:
    """Laws 7 and 8: in every kind of world, whatever events either had, wherever the survivor's history is cut."""
    parts = data.draw(st.composite(lambda draw: apart(draw, world.events, anyhow=True))())
    united = unite(world, parts)
    once = merged_life(world, united)
    again = lived(world, [stored(event) for event in united.heard], start=united.start)
    assert codec.encode_standing(once.standing) == codec.encode_standing(again.standing)
    assert once.history == again.history
    assert once.standing == codec.decode_standing(codec.encode_standing(once.standing))
    cut = data.draw(st.integers(0, len(united.heard)))
    first = lived(world, united.heard[:cut], start=united.start)
    assert once == lived(world, united.heard[cut:], start=first)


@law(250)
@given(EVERY, st.data())
def test_entries_explain_what_a_merge_made(world: World, data: st.DataObject) -> None:
    """Law 10: each entry starts from the value that the one before it left, also that of the merge."""
    parts = data.draw(st.composite(lambda draw: apart(draw, world.events, anyhow=True))())
    united = unite(world, parts)
    once = merged_life(world, united)
    value: dict[ProgressKey, int] = {}
    for logged in once.log[len(united.start.log) :]:
        for entry in logged.entries:
            if entry.reason is not Reason.GRANTED and entry.reason not in NOTES:
                key = ProgressKey(entry.target_id, entry.period_id)
                assert value.get(key, 0) == entry.before
                value[key] = entry.after
    assert {key: row.value for key, row in progress_of(once).items() if key.target_id >= 0} == {
        key: value.get(key, 0) for key in progress_of(once) if key.target_id >= 0
    }


@law(250)
@given(EVERY, st.data())
def test_a_merge_rewards_nothing_again(world: World, data: st.DataObject) -> None:
    """Law 6: a merge repeats no outcome of an achievement or a level that either had."""
    parts = data.draw(st.composite(lambda draw: apart(draw, world.events, anyhow=True))())
    united = unite(world, parts._replace(after=()))
    both = merged_life(world, united)
    told = both.outcomes[len(united.survivor.outcomes) :]
    done = {OutcomeKind.ACHIEVED, OutcomeKind.CAP_REACHED, OutcomeKind.UNIFIED_ACHIEVED}
    news = {ProgressKey(one.target_id or -one.about, one.period_id) for one in told if one.kind in done}
    for life in (united.survivor, united.victim):
        kept = {key for key, row in progress_of(life).items() if row.achieved_by}
        assert not news & kept
        levels = {level.level_id for streak in life.standing.streaks.values() for level in streak.levels}
        earned = {one.about for one in told if one.kind is OutcomeKind.STREAK_LEVEL_ACHIEVED}
        assert not earned & levels
