"""The laws of the engine, each true for every definition and every history (docs/invariants.md)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from milepost.model.event import BILL, NOWHERE, RETURN, Bill, Enrol, Event, EventKey, Return, ReturnKind
from milepost.model.organisation import AfterAchievement, Returns
from milepost.model.standing import Outcome, OutcomeKind, ProgressKey, Reason
from milepost.model.time import Micros
from milepost.store import codec
from tests.laws.engine_histories import lived, oracle_table, progress_of, shown, values
from tests.laws.law_settings import CALENDAR, EVERY, law
from tests.laws.random_worlds import World

pytestmark = pytest.mark.usefixtures("rows")


@law(200)
@given(EVERY, st.data())
def test_cutting_a_history_changes_nothing(world: World, data: st.DataObject) -> None:
    """Law 1: stopping anywhere, storing, and going on leads to the same bytes as never stopping."""
    cut = data.draw(st.integers(0, len(world.events)))
    first = lived(world, world.events[:cut])
    stored = first._replace(standing=codec.decode_standing(codec.encode_standing(first.standing)))
    whole = lived(world)
    assert codec.encode_standing(whole.standing) == codec.encode_standing(
        lived(world, world.events[cut:], start=stored).standing
    )
    assert whole == lived(world, world.events[cut:], start=stored)


@law(150)
@given(EVERY, st.data())
def test_an_event_received_again_changes_nothing(world: World, data: st.DataObject) -> None:
    """Law 2: repeats are known by source and id; a history with them leads where it leads without them."""
    repeats = data.draw(st.lists(st.sampled_from(world.events), max_size=4)) if world.events else []
    repeated = list(world.events)
    for event in repeats:
        after = data.draw(st.integers(repeated.index(event) + 1, len(repeated)))
        repeated.insert(after, structs.replace(event, received_at=Micros(event.received_at + 1)))
    first = {event.key: event for event in reversed(repeated)}
    fresh = [event for event in repeated if first[event.key] is event]
    assert shown(world, lived(world)) == shown(world, lived(world, fresh))
    again = world._replace(events=tuple(repeated), heard=received_among(world, repeated))
    assert oracle_table(world) == oracle_table(again)


def received_among(world: World, repeated: Sequence[Event]) -> int:
    """Return how many of the events with repeats were received before the late groups were made."""
    news = (place for place, event in enumerate(repeated) if event.key not in world.before)
    return next(news, len(repeated))


def bought_and_returned(world: World, kind: ReturnKind, name: str) -> tuple[Event, Event]:
    """Make a bill in the first period of the first group, at its last instant, and a return of all of it."""
    period = world.groups[0].periods[0]
    received_at = max([period.opens_at, *(event.received_at for event in world.events)])
    bill = Bill(
        number=name,
        net=Decimal(1000),
        gross=Decimal(1000),
        discount=Decimal(0),
        lines=(),
        extended_fields={"tip": 1000},
    )
    bought = Event(
        key=EventKey("till", name),
        name=BILL,
        occurred_at=Micros(period.closes_at - 1),
        received_at=received_at,
        place=NOWHERE,
        member=None,
        payload=bill,
    )
    taken = Return(kind=kind, original=name, extended_fields={})
    back = structs.replace(bought, key=EventKey("till", f"back of {name}"), name=RETURN, payload=taken)
    return bought, back


@law(150)
@given(CALENDAR, st.sampled_from([ReturnKind.FULL, ReturnKind.CANCELLED]), st.booleans())
def test_bill_and_its_full_return_leave_the_total(world: World, kind: ReturnKind, early: bool) -> None:  # noqa: FBT001
    """Law 3: totals are as they were, whichever of the two comes first; done again, nothing is rewarded again."""
    subtracting = replace(world.organisation.settings, returns=Returns.SUBTRACT)
    world = world._replace(organisation=replace(world.organisation, settings=subtracting))
    again: list[Event] = []
    for name in ("X1", "X2"):
        bought, back = bought_and_returned(world, kind, name)
        again += [back, bought] if early else [bought, back]
    before, after = lived(world), lived(world, [*world.events, *again])
    # A target may count returns as such, and a whole counts members whose achievement is kept.
    others = {target.id for group in world.groups for target in group.targets if target.event_name == RETURN}
    others |= {-group.id for group in world.groups}
    assert values(before, but=others) == values(after, but=others)
    assert before.standing.purchases == after.standing.purchases
    told = achievements(after.outcomes)
    assert all(alternates(story) for key, story in told.items() if key.period_id or not starts_again(world))


DONE = {
    OutcomeKind.ACHIEVED,
    OutcomeKind.CAP_REACHED,
    OutcomeKind.UNIFIED_ACHIEVED,
    OutcomeKind.STREAK_LEVEL_ACHIEVED,
}
UNDONE = {OutcomeKind.UNACHIEVED, OutcomeKind.UNIFIED_UNACHIEVED, OutcomeKind.STREAK_LEVEL_UNACHIEVED}
LEVELS = {OutcomeKind.STREAK_LEVEL_ACHIEVED, OutcomeKind.STREAK_LEVEL_UNACHIEVED}


def achievements(outcomes: Iterable[Outcome]) -> dict[ProgressKey, list[bool]]:
    """Return for each progress, whole and streak level what was told of its achievement, in order: done or undone.

    A whole has the negative id of its group in place of a target, a level has its own id and no period.
    """
    told: dict[ProgressKey, list[bool]] = defaultdict(list)
    for outcome in outcomes:
        if outcome.kind in DONE | UNDONE:
            key = ProgressKey(outcome.target_id or -outcome.about, outcome.period_id)
            if outcome.kind in LEVELS:
                key = ProgressKey(outcome.about, 0)
            told[key].append(outcome.kind in DONE)
    return told


def alternates(story: Sequence[bool]) -> bool:
    """Return whether a story begins with an achievement, and each further one follows a withdrawal."""
    return list(story) == [place % 2 == 0 for place in range(len(story))]


def starts_again(world: World) -> bool:
    """Return whether a streak starts again, so that its levels can be earned again."""
    return any(isinstance(event.payload, Enrol) and event.payload.reset for event in world.events)


@law(250)
@given(EVERY)
def test_nothing_is_achieved_twice(world: World) -> None:
    """Law 6: an achievement has one outcome, another only if it was taken back since, and agrees with the stamp."""
    replayed = lived(world)
    told = achievements(replayed.outcomes)
    assert all(alternates(story) for key, story in told.items() if key.period_id or not starts_again(world))
    stamped = {key for key, progress in progress_of(replayed).items() if progress.achieved_by}
    assert stamped == {key for key, story in told.items() if story[-1] and key.period_id}
    if world.organisation.settings.after_achievement is AfterAchievement.KEEP:
        assert all(all(story) for story in told.values())
    reached = [one for one in replayed.outcomes if one.kind is OutcomeKind.TRIGGER_REACHED]
    named = [(one.target_id, one.period_id, one.about) for one in reached]
    assert len(set(named)) == len(named)


@law(250)
@given(EVERY)
def test_levels_are_those_of_the_outcomes(world: World) -> None:
    """Law 6 for streaks: a customer has the levels with an outcome of achieving and none of losing since."""
    replayed = lived(world)
    has = {level.level_id for streak in replayed.standing.streaks.values() for level in streak.levels}
    told = achievements(one for one in replayed.outcomes if one.kind in LEVELS)
    if not starts_again(world):
        assert has == {key.target_id for key, story in told.items() if story[-1]}


@law(200)
@given(EVERY)
def test_replaying_the_stored_log_gives_the_stored_standing(world: World) -> None:
    """Law 7: events that went through storage lead to the same bytes, entries and archived progress."""
    once = lived(world)
    again = lived(world, [stored(event) for event in world.events])
    assert codec.encode_standing(once.standing) == codec.encode_standing(again.standing)
    assert once.history == again.history
    assert [logged.entries for logged in once.log] == [logged.entries for logged in again.log]


def stored(event: Event) -> Event:
    """Return *event* as it comes back from storage."""
    body = codec.encode_event(event, codec.encode_payload(event.payload)).decode()
    return codec.decode_event(event.key, event.name, event.occurred_at, event.received_at, body)


@law(150)
@given(EVERY)
def test_stored_values_come_back_as_they_were(world: World) -> None:
    """Law 8: whatever is stored is decoded to what was encoded."""
    replayed = lived(world)
    assert list(world.events) == [stored(event) for event in world.events]
    dated_ahead = [structs.replace(event, given_at=Micros(event.occurred_at + 1)) for event in world.events]
    assert dated_ahead == [stored(event) for event in dated_ahead]
    assert replayed.standing == codec.decode_standing(codec.encode_standing(replayed.standing))
    for progress in progress_of(replayed).values():
        assert progress == codec.decode_progress(codec.encode_progress(progress))
    for logged in replayed.log:
        assert logged.entries == codec.decode_entries(codec.encode_entries(logged.entries).decode())
    assert replayed.outcomes == codec.decode_outcomes(codec.encode_outcomes(replayed.outcomes).decode())
    assert list(world.groups) == [codec.decode_group(codec.encode_group(group)) for group in world.groups]
    told = world.organisation.settings
    assert told == codec.decode_settings(codec.encode_settings(told))


@law(250)
@given(EVERY)
def test_entries_explain_every_value(world: World) -> None:
    """Each entry starts from the value that the one before it left, and the last one leaves what is shown."""
    replayed = lived(world)
    value: dict[ProgressKey, int] = {}
    for logged in replayed.log:
        for entry in logged.entries:
            key = ProgressKey(entry.target_id, entry.period_id)
            if entry.reason is Reason.GRANTED:
                assert entry.after - entry.before == entry.amount
                continue
            assert value.get(key, 0) == entry.before
            value[key] = entry.after
    shown_values = {key: progress.value for key, progress in progress_of(replayed).items() if key.target_id >= 0}
    assert shown_values == {key: left for key, left in value.items() if key in shown_values}
