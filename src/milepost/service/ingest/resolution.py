"""Turns an incoming event into an event of a known customer at a known place, or into its problems."""

from collections.abc import Mapping, Sequence

from milepost.model.customer import IdentifierKind
from milepost.model.event import CustomerProfile, Event, Place
from milepost.model.problem import Problem
from milepost.model.time import DAY_US
from milepost.service.ingest.deduplication import ResolvedEvent
from milepost.service.ingest.identity import CODE_UNKNOWN_CUSTOMER
from milepost.service.ingest.incoming_event import IncomingEvent
from milepost.service.snapshot.organisation_snapshot import OrganisationSnapshot
from milepost.store import codec, customers
from milepost.store.database import Transaction
from milepost.store.log import CustomerKey

AHEAD_MAX_US = DAY_US
"""How far ahead of the server's clock an event may be dated, in microseconds."""


def problems_of(
    place: Place | tuple[Problem, ...],
    customer: CustomerKey | Problem | None,
    standings: Mapping[CustomerKey, bytes],
) -> tuple[Problem, ...]:
    """Return all problems of an event with this *place* and *customer*; *standings* are those of existing customers."""
    problems = () if isinstance(place, Place) else place
    if isinstance(customer, Problem):
        return (customer, *problems)
    if customer is not None and customer not in standings:
        unknown = f"there is no customer {customer.customer_id}"
        return (Problem("customer.id", unknown, CODE_UNKNOWN_CUSTOMER), *problems)
    return problems


async def profiles_of(
    transaction: Transaction, snapshots: Mapping[int, OrganisationSnapshot], customer_keys: Sequence[CustomerKey]
) -> dict[CustomerKey, CustomerProfile]:
    """Return the profiles that rules may read, of those customers whose organisation has such rules."""
    needed = [key for key in customer_keys if snapshots[key.org_id].rule_index.needs.member]
    if not needed:
        return {}
    profiles: dict[CustomerKey, CustomerProfile] = {}
    for key, customer in (await customers.profiles(transaction, needed)).items():
        needs = snapshots[key.org_id].rule_index.needs
        identifiers = {identifier.kind: identifier.value for identifier in reversed(customer.identifiers)}
        profiles[key] = CustomerProfile(
            first_name=customer.first_name,
            last_name=customer.last_name,
            email=identifiers.get(IdentifierKind.EMAIL, ""),
            mobile=identifiers.get(IdentifierKind.MOBILE, ""),
            external_id=identifiers.get(IdentifierKind.EXTERNAL_ID, ""),
            registered_at=customer.registered_at,
            fields={name: field for name, field in customer.known_fields().items() if name in needs.fields},
        )
    return profiles


def place_or_problems(incoming_event: IncomingEvent, snapshot: OrganisationSnapshot) -> Place | tuple[Problem, ...]:
    """Return the place of *incoming_event*, or the problems of its place and time."""
    place = (
        snapshot.places.place(incoming_event.place)
        if incoming_event.place
        else snapshot.places.place_of_till(incoming_event.till_id)
    )
    problems: tuple[Problem, ...] = (place,) if isinstance(place, Problem) else ()
    if incoming_event.occurred_at > incoming_event.received_at + AHEAD_MAX_US:
        problems += (Problem("time", "lies more than 24 hours ahead of the server's clock"),)
    return problems if problems or isinstance(place, Problem) else place


def resolved_event(
    position: int,
    incoming_event: IncomingEvent,
    place: Place,
    customer_key: CustomerKey,
    member: CustomerProfile | None,
) -> ResolvedEvent:
    """Return *incoming_event* as an event of this customer at this place; *member* is the profile that rules read."""
    event = Event(
        key=incoming_event.key,
        name=incoming_event.name,
        occurred_at=incoming_event.occurred_at,
        received_at=incoming_event.received_at,
        place=place,
        member=member,
        payload=incoming_event.payload,
    )
    payload = codec.encode_payload(incoming_event.payload)
    return ResolvedEvent(
        position=position,
        customer_key=customer_key,
        event=event,
        payload=payload,
        content_hash=codec.content_hash(incoming_event.name, incoming_event.occurred_at, payload),
        request_id=incoming_event.request_id,
    )
