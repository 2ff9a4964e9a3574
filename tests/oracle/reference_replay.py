"""A customer's happenings in order: without duplicates, and each return where it takes effect."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from milepost.model.event import Bill, Event, EventKey, Return


class Happening(NamedTuple):
    """One thing that happens to a customer: *event* is received, or, if *bill* is given, takes back from that bill."""

    event: Event
    bill: Event | None = None


Story = Sequence[Happening]


def told(events: Sequence[Event]) -> list[Happening]:
    """Return the happenings in order: without duplicates, and a return that came too early right after its bill."""
    story: list[Happening] = []
    waiting: list[Event] = []
    for event in without_duplicates(events):
        story.append(Happening(event))
        if isinstance(event.payload, Return):
            bill = named_bill(event, [happening.event for happening in story if is_bill(happening)])
            if bill is None:
                waiting.append(event)
            else:
                story.append(Happening(event, bill))
        if isinstance(event.payload, Bill):
            found = [taken for taken in waiting if named_bill(taken, [event])]
            story.extend(Happening(taken, event) for taken in found)
            waiting = [taken for taken in waiting if taken not in found]
    return story


def without_duplicates(events: Iterable[Event]) -> list[Event]:
    """Leave out events with the source and id of an earlier event."""
    first: dict[EventKey, Event] = {}
    for event in events:
        first.setdefault(event.key, event)
    return list(first.values())


def is_bill(happening: Happening) -> bool:
    """Return whether this is the event of a bill."""
    return happening.bill is None and isinstance(happening.event.payload, Bill)


def named_bill(taken: Event, bills: Sequence[Event]) -> Event | None:
    """Return the bill that a return names by event id or number: of its own source if there is one, else of any."""
    assert isinstance(taken.payload, Return)
    named = [
        bill
        for bill in bills
        if isinstance(bill.payload, Bill) and taken.payload.original in {bill.key.id, bill.payload.number}
    ]
    own = [bill for bill in named if bill.key.source == taken.key.source]
    return next(iter(own + named), None)


def taken_back(bill: Event, story: Story, before: int | None = None) -> list[Return]:
    """Return the returns that took back from *bill*, if asked only those that happened *before* an instant."""
    return [
        happening.event.payload
        for happening in story
        if happening.bill is bill
        and isinstance(happening.event.payload, Return)
        and (before is None or happening.event.occurred_at < before)
    ]
