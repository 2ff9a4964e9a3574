"""Bill numbers of v2: for `billNumberDays` before and after its date a number names one bill of its till (facts 8 #62).

Tills begin their numbers anew. So a number may name further bills, years apart; the event of a further bill has the
date after the number in its id, such as `17#2026-11-02`.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar

from msgspec.structs import replace

from milepost.model.event import EventKey
from milepost.model.organisation import EventIdentity
from milepost.model.time import DAY_US, Micros
from milepost.rules.calendar import calendar_of
from milepost.service.ingest.deduplication import ResolvedEvent
from milepost.service.ingest.incoming_event import Naming
from milepost.service.snapshot.organisation_snapshot import OrganisationSnapshot
from milepost.store import claims
from milepost.store.database import Transaction
from milepost.store.log import CustomerKey, EventName


class Dated(Protocol):
    """Something that may bear a date, in epoch microseconds."""

    @property
    def dated_at(self) -> Micros | None:
        """Return the date; None if it does not matter when it was."""
        ...


Bearer = TypeVar("Bearer", bound=Dated)


def bearer_of(bearers: Sequence[Bearer], at: Micros, days: int) -> Bearer | None:
    """Return that of *bearers*, which share a number, which the number names *at* an instant; None for a new one.

    It is the nearest in time of those that are no more than *days* away.
    """
    distances = [(0 if one.dated_at is None else abs(one.dated_at - at), place) for place, one in enumerate(bearers)]
    nearest = min(distances, default=None)
    return None if nearest is None or nearest[0] > days * DAY_US else bearers[nearest[1]]


def later_id(number: str, at: Micros) -> str:
    """Return the id of an event *at* an instant whose number named another event long before or after."""
    return f"{number}#{calendar_of('UTC').iso(at)[:10]}"


def first_id(id_: str) -> str:
    """Return the id without the date that `later_id` may have added."""
    number, mark, date = id_.rpartition("#")
    is_date = len(date) == 10 and date[4] == date[7] == "-" and date.replace("-", "").isdigit()
    return number if mark and is_date else id_


class _Bill:
    """An event of the log, or of the batch, that bears a number."""

    def __init__(self, event_id: str, dated_at: Micros) -> None:
        self.event_id = event_id
        self.dated_at: Micros | None = dated_at


async def name_by_number(
    transaction: Transaction, snapshots: Mapping[int, OrganisationSnapshot], resolved: Sequence[ResolvedEvent]
) -> Sequence[ResolvedEvent]:
    """Return *resolved*; an event whose number named another event long ago has got an id of its own.

    This is about organisations where customers do not share the names of events; for all others `claims` does it.
    """
    numbered = [
        event
        for event in resolved
        if event.naming is Naming.BILL_NUMBER
        and snapshots[event.customer_key.org_id].organisation.settings.event_identity is EventIdentity.CUSTOMER
    ]
    if not numbered:
        return resolved
    names = list(dict.fromkeys(_name(event) for event in numbered))
    found = await claims.numbered_events(transaction, names)
    bills = {name: [_Bill(*bill) for bill in found.get(place, ())] for place, name in enumerate(names)}
    named: dict[int, ResolvedEvent] = {}
    for event in numbered:
        settings = snapshots[event.customer_key.org_id].organisation.settings
        named[event.position] = _named(event, bills[_name(event)], settings.bill_number_days)
    return [named.get(event.position, event) for event in resolved]


def _named(resolved: ResolvedEvent, bills: list[_Bill], days: int) -> ResolvedEvent:
    """Return *resolved* under its id; *bills* bear its number, and it is added to them."""
    event = resolved.event
    bill = bearer_of(bills, event.occurred_at, days)
    if bill is None:
        id_ = later_id(event.key.id, event.occurred_at) if bills else event.key.id
        bill = _Bill(id_, event.occurred_at)
        bills.append(bill)
    return under_id(resolved, bill.event_id)


def under_id(resolved: ResolvedEvent, id_: str) -> ResolvedEvent:
    """Return *resolved* with the id *id_*."""
    event = resolved.event
    if event.key.id == id_:
        return resolved
    return replace(resolved, event=replace(event, key=EventKey(event.key.source, id_)))


def _name(resolved: ResolvedEvent) -> EventName:
    customer_key: CustomerKey = resolved.customer_key
    return EventName(customer_key, resolved.event.key.source, resolved.event.key.id)
