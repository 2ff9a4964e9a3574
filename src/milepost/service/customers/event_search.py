"""Finding a customer's behavioural events by what they carry (facts 3.8)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from milepost.model.customer import Identifier, IdentifierKind
from milepost.model.event import COMMANDS, Activity, Event
from milepost.model.problem import Problem, Refused
from milepost.service.customers.side_effects import TargetEffect, effects_of
from milepost.service.customers.view import CustomerView, view_customer
from milepost.service.definitions.event_definitions import event_id
from milepost.service.runtime.runtime import Runtime
from milepost.store import customers
from milepost.store.log import LoggedRow, key_of_customer

NO_CUSTOMER = Problem("userIdentifierValue", "No customer found with the given identifier", 8015)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventQuery:
    """What is looked for: from one instant up to and with another (epoch microseconds), names and attributes."""

    customer: Identifier
    name: str | None = None
    event_id: str | None = None
    since: int | None = None
    until: int | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    is_ascending: bool = False
    skipped: int = 0
    limit: int = 10


class FoundEvent(NamedTuple):
    """A behavioural event and what it did to the customer's targets."""

    event: Event
    till_code: str | None
    effects: list[TargetEffect]


class FoundEvents(NamedTuple):
    """A part of what was found, and how much there is in all."""

    customer_id: int
    events: list[FoundEvent]
    total: int


async def search_events(runtime: Runtime, org_id: int, question: EventQuery) -> FoundEvents:
    """Return the customer's events that fit, by the time they happened, latest first unless asked otherwise."""
    customer_id = await _customer(runtime, org_id, question.customer)
    view = await view_customer(runtime.database, runtime.snapshots, org_id, customer_id)
    if view is None:
        raise Refused(NO_CUSTOMER)
    async with runtime.database.reading() as reading:
        merged = [one.customer_id for one in view.standing.lineage.merged]
        logs = [await customers.full_log(reading, key_of_customer(org_id, one)) for one in (view.customer.id, *merged)]
    found = [
        (row, event)
        for log in logs
        for _, row in log
        if _may_fit(row, question)
        and (question.event_id in {None, event_id(org_id, row.name)})
        and _fits(event := row.event(), question)
    ]
    found.sort(key=lambda one: (one[0].occurred_at, one[0].seq), reverse=not question.is_ascending)
    part = found[question.skipped : question.skipped + question.limit]
    return FoundEvents(view.customer.id, [_found(view, row, event) for row, event in part], len(found))


async def _customer(runtime: Runtime, org_id: int, identifier: Identifier) -> int:
    if identifier.kind is IdentifierKind.ID:
        return int(identifier.value)
    async with runtime.database.reading() as reading:
        known = await customers.ids_by_identifier(reading, [(org_id, identifier)])
    if (org_id, identifier) not in known:
        raise Refused(NO_CUSTOMER)
    return known[org_id, identifier]


def _may_fit(row: LoggedRow, question: EventQuery) -> bool:
    return (
        row.name not in COMMANDS
        and question.name in {None, row.name}
        and (question.since is None or row.occurred_at >= question.since)
        and (question.until is None or row.occurred_at <= question.until)
    )


def _fits(event: Event, question: EventQuery) -> bool:
    if not isinstance(event.payload, Activity):
        return False
    carried = event.payload.attributes
    return all(name in carried and str(carried[name]) == text for name, text in question.attributes.items())


def _found(view: CustomerView, row: LoggedRow, event: Event) -> FoundEvent:
    tills = view.snapshot.places.tills.values()
    till_code = next((till.code for till in tills if till.id == event.place.till_id), None)
    return FoundEvent(event, till_code, effects_of(view, row.entries))
