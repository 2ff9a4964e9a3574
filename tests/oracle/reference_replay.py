"""A customer's happenings in order: without duplicates, and what is corrected where that changes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from milepost.model.event import Event, EventKey
from tests.oracle.reference_matching import Corrected, Given, corrected


class Happening(NamedTuple):
    """One thing that happens to a customer: *event* is received.

    If *bill* is given: the reception of *event* left that bill, or other event, with the corrections *taken*.
    """

    event: Event
    bill: Event | None = None
    taken: tuple[Event, ...] = ()


Story = Sequence[Happening]


def told(events: Sequence[Event], zone: str, given: Given) -> Iterator[Happening]:
    """Return the happenings in order: without duplicates, and each change of what is corrected after its event.

    *given* has to hold what a decision gave as soon as it has happened.
    """
    received: list[Event] = []
    before: Corrected = {}
    for event in without_duplicates(events):
        yield Happening(event)
        received.append(event)
        after = corrected(received, zone, given)
        by_key = {one.key: one for one in received}
        changed = [key for key in by_key if before.get(key, ()) != after.get(key, ())]
        changed.sort(key=lambda key: key != event.key)
        yield from (Happening(event, by_key[key], after.get(key, ())) for key in changed)
        before = after


def without_duplicates(events: Iterable[Event]) -> list[Event]:
    """Leave out events with the source and id of an earlier event."""
    first: dict[EventKey, Event] = {}
    for event in events:
        first.setdefault(event.key, event)
    return list(first.values())


def taken_back(bill: Event, story: Story, before: int | None = None) -> list[Event]:
    """Return the corrections of *bill* at the end of *story*, if asked only those that happened *before* an instant."""
    taken: tuple[Event, ...] = ()
    for happening in story:
        if happening.bill is not None and happening.bill.key == bill.key:
            taken = happening.taken
    return [one for one in taken if before is None or one.occurred_at < before]


def latest_moved(story: Story) -> int:
    """Return the latest date of the corrections that came to the bill at the end of *story*, or left it."""
    bill = story[-1].bill
    assert bill is not None
    before: Mapping[EventKey, Event] = {one.key: one for one in taken_back(bill, story[:-1])}
    after: Mapping[EventKey, Event] = {one.key: one for one in story[-1].taken}
    moved = [one for one in (*before.values(), *after.values()) if (one.key in before) != (one.key in after)]
    return max((one.occurred_at for one in moved), default=story[-1].event.occurred_at)
