"""The laws of the engine, each true for every definition and every history (docs/invariants.md)."""

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from milepost.engine.replay import Replayed
from milepost.model.event import BILL, NOWHERE, RETURN, Bill, Enrolling, Event, EventKey, Return, ReturnKind
from milepost.model.organisation import AfterAchievement, EnrolMidPeriod, Returns, Settings
from milepost.model.standing import Outcome, OutcomeKind, ProgressKey
from milepost.model.target import WindowKind
from milepost.store import codec
from tests.laws.histories import World, returning_worlds, worlds
from tests.laws.living import lived, progress_of, reckoned, shown
from tests.oracle.naive import window_of

MANY = 20_000
"""Examples of a long run."""

ANY_ORDER = Settings(late_days=None, enrol_mid_period=EnrolMidPeriod.COUNT_STORED, returns=Returns.SUBTRACT)
"""Settings under which the order of arrival does not matter."""


def law(examples: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Run a law over so many examples; drawing a whole world takes longer than Hypothesis expects."""
    return settings(max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@law(400)
@given(worlds())
def test_engine_and_naive_evaluator_agree(world: World) -> None:
    """Every value, stamp, cause and trigger is what the naive evaluator reckons from scratch."""
    assert reckoned(world) == shown(world, lived(world))


@law(300)
@given(returning_worlds())
def test_engine_and_naive_evaluator_agree_on_returns(world: World) -> None:
    """Bills of which much comes back, in part and repeatedly, keep exactly what the naive evaluator leaves them."""
    assert reckoned(world) == shown(world, lived(world))


@pytest.mark.slow
@pytest.mark.timeout(7_200)
@law(MANY)
@given(st.one_of(worlds(length=12), worlds(length=8), returning_worlds()))
def test_engine_and_naive_evaluator_agree_over_many_histories(world: World) -> None:
    """What holds for short histories holds for many longer ones."""
    assert reckoned(world) == shown(world, lived(world))


@law(100)
@given(worlds(), st.data())
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


@law(80)
@given(worlds(), st.data())
def test_what_was_heard_before_changes_nothing(world: World, data: st.DataObject) -> None:
    """Law 2: repeats are known by source and id; a history with them leads where it leads without them."""
    repeats = data.draw(st.lists(st.sampled_from(world.events), max_size=4)) if world.events else []
    repeated = list(world.events)
    for event in repeats:
        after = data.draw(st.integers(repeated.index(event) + 1, len(repeated)))
        repeated.insert(after, structs.replace(event, received_at=event.received_at + 1))
    first = {event.key: event for event in reversed(repeated)}
    fresh = [event for event in repeated if first[event.key] is event]
    assert shown(world, lived(world)) == shown(world, lived(world, fresh))
    assert reckoned(world) == reckoned(world._replace(events=tuple(repeated)))


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
        occurred_at=period.closes_at - 1,
        received_at=received_at,
        place=NOWHERE,
        member=None,
        payload=bill,
    )
    taken = Return(kind=kind, original=name, extended_fields={})
    back = structs.replace(bought, key=EventKey("till", f"back of {name}"), name=RETURN, payload=taken)
    return bought, back


@law(100)
@given(worlds(), st.sampled_from([ReturnKind.FULL, ReturnKind.CANCELLED]), st.booleans())
def test_bill_and_its_full_return_leave_the_total(world: World, kind: ReturnKind, early: bool) -> None:  # noqa: FBT001
    """Law 3: totals are as they were, whichever of the two comes first; done again, nothing is rewarded again."""
    subtracting = replace(world.organisation.settings, returns=Returns.SUBTRACT)
    world = world._replace(organisation=replace(world.organisation, settings=subtracting))
    again: list[Event] = []
    for name in ("X1", "X2"):
        bought, back = bought_and_returned(world, kind, name)
        again += [back, bought] if early else [bought, back]
    before, after = lived(world), lived(world, [*world.events, *again])
    counts_returns = {target.id for group in world.groups for target in group.targets if target.event_name == RETURN}
    assert values(before, but=counts_returns) == values(after, but=counts_returns)
    assert before.standing.purchases == after.standing.purchases
    assert all(alternates(story) for story in achievements(after.outcomes).values())


def values(replayed: Replayed, but: Container[int] = ()) -> dict[ProgressKey, int]:
    """Give all values that are not zero, *but* for some targets."""
    found = progress_of(replayed).items()
    return {key: progress.value for key, progress in found if progress.value and key.target_id not in but}


def achievements(outcomes: Iterable[Outcome]) -> dict[ProgressKey, list[OutcomeKind]]:
    """Give for each progress what was told of its achievement, in order."""
    told: dict[ProgressKey, list[OutcomeKind]] = defaultdict(list)
    for outcome in outcomes:
        if outcome.kind in {OutcomeKind.ACHIEVED, OutcomeKind.UNACHIEVED}:
            told[ProgressKey(outcome.target_id, outcome.period_id)].append(outcome.kind)
    return told


def alternates(story: Sequence[OutcomeKind]) -> bool:
    """Tell whether a story begins with an achievement, and each further one follows a withdrawal."""
    turns = [OutcomeKind.ACHIEVED, OutcomeKind.UNACHIEVED]
    return list(story) == [turns[place % 2] for place in range(len(story))]


@law(100)
@given(st.one_of(worlds(settled=ANY_ORDER), returning_worlds(settled=ANY_ORDER)), st.data())
def test_totals_do_not_depend_on_the_order_of_arrival(world: World, data: st.DataObject) -> None:
    """Law 4: what is promised of it in docs/invariants.md gives the same totals in any order of arrival."""
    told = orderless(world.events)
    other = data.draw(st.permutations(told))
    one, another = lived(world, told), lived(world, other)
    assert values(one) == values(another)
    assert (one.standing.bills, one.standing.purchases) == (another.standing.bills, another.standing.purchases)
    assert one.standing.facts == another.standing.facts


@law(100)
@given(worlds(settled=ANY_ORDER), st.data())
def test_achievements_do_not_depend_on_the_order_of_arrival(world: World, data: st.DataObject) -> None:
    """Law 4: who buys and returns nothing has the same achievements and triggers in any order of arrival."""
    told = [event for event in orderless(world.events) if not isinstance(event.payload, Return)]
    falling = {t.id for group in world.groups for t in group.targets if window_of(t) is WindowKind.MIN}
    one, another = (marks(lived(world, order), but=falling) for order in (told, data.draw(st.permutations(told))))
    assert one == another


def orderless(events: Iterable[Event]) -> list[Event]:
    """Leave out what may depend on the order: balances, shared numbers, and a second return of lines of one bill."""
    kept: list[Event] = []
    owners: dict[str, str] = {}
    for event in events:
        match event.payload:
            case Bill(number=number):
                if owners.setdefault(number, event.key.id) == event.key.id:
                    kept.append(event)
            case Enrolling() as enrolling:
                kept.append(structs.replace(event, payload=structs.replace(enrolling, balance=None)))
            case _:
                kept.append(event)
    seen: set[str] = set()
    for event in list(kept):
        if isinstance(event.payload, Return) and event.payload.kind is ReturnKind.LINE_ITEM:
            owner = owners.get(event.payload.original, event.payload.original)
            if owner in seen:
                kept.remove(event)
            seen.add(owner)
    return kept


def marks(replayed: Replayed, but: Container[int]) -> dict[ProgressKey, tuple[bool, int]]:
    """Give what was achieved and reached, *but* for some targets."""
    return {
        key: (bool(progress.achieved_by), progress.triggers)
        for key, progress in progress_of(replayed).items()
        if key.target_id not in but
    }


@law(100)
@given(worlds(length=12))
def test_nothing_is_achieved_twice(world: World) -> None:
    """Law 6: an achievement is told once, again only if it was taken back in between, and agrees with the stamp."""
    replayed = lived(world)
    told = achievements(replayed.outcomes)
    assert all(alternates(story) for story in told.values())
    stamped = {key for key, progress in progress_of(replayed).items() if progress.achieved_by}
    assert stamped == {key for key, story in told.items() if story[-1] is OutcomeKind.ACHIEVED}
    if world.organisation.settings.after_achievement is AfterAchievement.KEEP:
        assert OutcomeKind.UNACHIEVED not in {kind for story in told.values() for kind in story}
    once = [one for one in replayed.outcomes if one.kind in {OutcomeKind.TRIGGER_REACHED, OutcomeKind.ENROLLED}]
    named = [(one.kind, one.target_id, one.period_id, one.about) for one in once]
    assert len(set(named)) == len(named)


@law(100)
@given(worlds())
def test_replaying_the_stored_log_gives_the_stored_standing(world: World) -> None:
    """Law 7: events that went through storage lead to the same bytes, entries and settled progress."""
    once = lived(world)
    again = lived(world, [stored(event) for event in world.events])
    assert codec.encode_standing(once.standing) == codec.encode_standing(again.standing)
    assert once.history == again.history
    assert [logged.entries for logged in once.log] == [logged.entries for logged in again.log]


def stored(event: Event) -> Event:
    """Give *event* as it comes back from storage."""
    body = codec.encode_event(event, codec.encode_payload(event.payload)).decode()
    return codec.decode_event(event.key, event.name, event.occurred_at, event.received_at, body)


@law(80)
@given(worlds())
def test_stored_values_come_back_as_they_were(world: World) -> None:
    """Law 8: whatever is stored is decoded to what was encoded."""
    replayed = lived(world)
    assert list(world.events) == [stored(event) for event in world.events]
    assert replayed.standing == codec.decode_standing(codec.encode_standing(replayed.standing))
    for progress in progress_of(replayed).values():
        assert progress == codec.decode_progress(codec.encode_progress(progress))
    for logged in replayed.log:
        assert logged.entries == codec.decode_entries(codec.encode_entries(logged.entries).decode())
    assert replayed.outcomes == codec.decode_outcomes(codec.encode_outcomes(replayed.outcomes))
    assert list(world.groups) == [codec.decode_group(codec.encode_group(group)) for group in world.groups]
    told = world.organisation.settings
    assert told == codec.decode_settings(codec.encode_settings(told))


@law(80)
@given(worlds(length=12))
def test_entries_explain_every_value(world: World) -> None:
    """Each entry starts from the value that the one before it left, and the last one leaves what is shown."""
    replayed = lived(world)
    value: dict[ProgressKey, int] = {}
    for logged in replayed.log:
        for entry in logged.entries:
            key = ProgressKey(entry.target_id, entry.period_id)
            assert value.get(key, 0) == entry.before
            value[key] = entry.after
    assert {key: progress.value for key, progress in progress_of(replayed).items()} == {
        key: left for key, left in value.items() if key in progress_of(replayed)
    }
