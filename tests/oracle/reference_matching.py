"""Which corrections take back which events, found anew from all that was received (docs/rules.md, Corrections)."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from milepost.model.commands.correction import NamedBy, ReverseEvent, VoidAward
from milepost.model.event import Activity, AuthoriseAward, Award, Bill, Event, EventKey, Return
from tests.oracle.reference_events import local_day
from tests.oracle.reference_remaining import remains

Corrected = Mapping[EventKey, tuple[Event, ...]]
"""The corrections of each event that has any, in the order in which they take from it."""


Given = Mapping[EventKey, Fraction]
"""What each decision gave."""


def corrected(received: Sequence[Event], zone: str, given: Given) -> dict[EventKey, tuple[Event, ...]]:
    """Return what the corrections among *received* events, in the order of arrival, take back."""
    found: dict[EventKey, tuple[Event, ...]] = {}
    turns = []
    for taken in received:
        if isinstance(taken.payload, Return | ReverseEvent | VoidAward):
            named = candidates(taken, received, zone)
            is_early = all(one.occurred_at > taken.occurred_at for one in named)
            turns.append((is_early, taken.occurred_at, received.index(taken), taken, named))
    for _, _, _, taken, named in sorted(turns, key=lambda turn: turn[:3]):
        there = [one for one in named if is_something_left(one, found.get(one.key, ()), given)]
        if there:
            meant = nearest(taken, there, received)
            found[meant.key] = (*found.get(meant.key, ()), taken)
    return found


def candidates(taken: Event, received: Sequence[Event], zone: str) -> list[Event]:
    """Return the events that a correction may mean: by number or the id of its own source, else by any id."""
    fitting = [one for one in received if is_named(taken, one, zone)]
    said = taken.payload.bill if isinstance(taken.payload, Return) else None
    if said and said.log_id is not None:
        exact = [one for one in fitting if one.key.log_id == said.log_id]
        if exact:
            return exact
    best = [one for one in fitting if one.key.source == taken.key.source or has_number(one, taken)]
    return best or fitting


def has_number(event: Event, taken: Event) -> bool:
    """Return whether a return names a bill by its number."""
    bill, back = event.payload, taken.payload
    return isinstance(bill, Bill) and isinstance(back, Return) and bill.number == back.original


def is_named(taken: Event, event: Event, zone: str) -> bool:
    """Return whether a correction names *event*."""
    back, payload = taken.payload, event.payload
    if isinstance(back, VoidAward):
        return isinstance(payload, AuthoriseAward) and event.key.id == back.decision
    if isinstance(back, ReverseEvent):
        is_source = back.source is None or back.source == event.key.source
        return isinstance(payload, Activity | Award) and event.key.id == back.original and is_source
    if not isinstance(payload, Bill) or not isinstance(back, Return):
        return False
    said = back.bill
    if not said:
        return back.original in {event.key.id, payload.number}
    if said.by is NamedBy.ID:
        return event.key.id == back.original and (said.source is None or event.key.source == said.source)
    place = event.place
    return payload.number == back.original and all(
        (
            said.store_id is None or place.store_id == said.store_id,
            said.store_code is None or place.store_code == said.store_code,
            said.till_id is None or place.till_id == said.till_id,
            said.day is None or local_day(zone, event.occurred_at).toordinal() == said.day,
        )
    )


def is_something_left(event: Event, taken: Sequence[Event], given: Given) -> bool:
    """Return whether more can be taken back; of a decision, whether voids have left some of what it gave."""
    if isinstance(event.payload, Bill):
        return remains(event.payload, [one.payload for one in taken if isinstance(one.payload, Return)]) is not None
    if not isinstance(event.payload, AuthoriseAward):
        return not taken
    amounts = [one.payload.amount for one in taken if isinstance(one.payload, VoidAward)]
    return None not in amounts and sum((Fraction(one or 0) for one in amounts), Fraction(0)) < given[event.key]


def nearest(taken: Event, events: Sequence[Event], received: Sequence[Event]) -> Event:
    """Return the one that is meant: till, store and source count first, then the date."""
    place = taken.place

    def likeness(one: Event) -> tuple[bool, bool, bool]:
        return (
            place.till_id is not None and one.place.till_id == place.till_id,
            place.store_id is not None and one.place.store_id == place.store_id,
            one.key.source == taken.key.source,
        )

    best = max(likeness(one) for one in events)
    alike = [one for one in events if likeness(one) == best]
    before = [one for one in alike if one.occurred_at <= taken.occurred_at]
    if before:
        return max(before, key=lambda one: (one.occurred_at, received.index(one)))
    return min(alike, key=lambda one: (one.occurred_at, received.index(one)))
