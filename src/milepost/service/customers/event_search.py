"""Searches a customer's behavioural events by name, time and attributes (facts 3.8)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from milepost.model.customer import Identifier, IdentifierKind
from milepost.model.event import COMMANDS, Activity, Event
from milepost.model.problem import Problem, Refused
from milepost.model.time import Micros
from milepost.service.customers.side_effects import TargetEffect, effects_of
from milepost.service.customers.view import CustomerView, view_customer
from milepost.service.definitions.event_definitions import event_id
from milepost.service.ingest.lookup.identifier_lookup import ids_of_names
from milepost.service.runtime.runtime import Runtime
from milepost.store import customers
from milepost.store.log import LoggedRow, key_of_customer

NO_CUSTOMER = Problem("userIdentifierValue", "No customer found with the given identifier", 8015)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventQuery:
    """The events that a search asks for; *since* and *until* are inclusive, in epoch microseconds."""

    customer: Identifier
    name: str | None = None
    event_id: str | None = None
    since: Micros | None = None
    until: Micros | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    is_ascending: bool = False
    skipped: int = 0
    limit: int = 10


class EventMatch(NamedTuple):
    """A behavioural event that matches a search, and its effects on the customer's targets."""

    event: Event
    till_code: str | None
    effects: list[TargetEffect]


class EventMatches(NamedTuple):
    """A page of the events that match a search; `total` counts all that match."""

    customer_id: int
    events: list[EventMatch]
    total: int


async def search_events(runtime: Runtime, org_id: int, query: EventQuery) -> EventMatches:
    """Return the customer's events that match *query*, latest first unless it asks otherwise. Raises Refused.

    Events of customers who were merged into this one are included.
    """
    customer_id = await _customer(runtime, org_id, query.customer)
    view = await view_customer(runtime.database, runtime.snapshots, org_id, customer_id)
    if view is None:
        raise Refused(NO_CUSTOMER)
    async with runtime.database.reading() as reading:
        merged_ids = [merged.customer_id for merged in view.standing.lineage.merged]
        logs = [
            await customers.full_log(reading, key_of_customer(org_id, id_)) for id_ in (view.customer.id, *merged_ids)
        ]
    matches = [
        (row, event)
        for log in logs
        for _, row in log
        if _row_matches(row, query)
        and (query.event_id in {None, event_id(org_id, row.name)})
        and _event_matches(event := row.event(), query)
    ]
    matches.sort(key=lambda match: (match[0].occurred_at, match[0].seq), reverse=not query.is_ascending)
    page = matches[query.skipped : query.skipped + query.limit]
    return EventMatches(view.customer.id, [_match(view, row, event) for row, event in page], len(matches))


async def _customer(runtime: Runtime, org_id: int, identifier: Identifier) -> int:
    if identifier.kind is IdentifierKind.ID:
        return int(identifier.value)
    async with runtime.database.reading() as reading:
        ids = await ids_of_names(reading, [(org_id, identifier)])
    if (org_id, identifier) not in ids:
        raise Refused(NO_CUSTOMER)
    return ids[org_id, identifier]


def _row_matches(row: LoggedRow, query: EventQuery) -> bool:
    return (
        row.name not in COMMANDS
        and query.name in {None, row.name}
        and (query.since is None or row.occurred_at >= query.since)
        and (query.until is None or row.occurred_at <= query.until)
    )


def _event_matches(event: Event, query: EventQuery) -> bool:
    if not isinstance(event.payload, Activity):
        return False
    attributes = event.payload.attributes
    return all(name in attributes and str(attributes[name]) == text for name, text in query.attributes.items())


def _match(view: CustomerView, row: LoggedRow, event: Event) -> EventMatch:
    tills = view.snapshot.places.tills.values()
    till_code = next((till.code for till in tills if till.id == event.place.till_id), None)
    return EventMatch(event, till_code, effects_of(view, row.entries))
