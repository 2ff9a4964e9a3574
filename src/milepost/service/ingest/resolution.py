"""Where an incoming event happened and whose it is: the event of a known customer at a known place, or its problems."""

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
"""How far ahead of the server's clock an event may be dated."""


def problems_of(
    place: Place | tuple[Problem, ...],
    customer: CustomerKey | Problem | None,
    standings: Mapping[CustomerKey, bytes],
) -> tuple[Problem, ...]:
    """Return all that is wrong with an event of this *customer* at this *place*; *standings* are those that exist."""
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
    """Return the profiles of the customers whose organisation's rules ask for them."""
    asked = [one for one in customer_keys if snapshots[one.org_id].rule_index.needs.member]
    if not asked:
        return {}
    members: dict[CustomerKey, CustomerProfile] = {}
    for one, customer in (await customers.profiles(transaction, asked)).items():
        needs = snapshots[one.org_id].rule_index.needs
        named = {identifier.kind: identifier.value for identifier in reversed(customer.identifiers)}
        members[one] = CustomerProfile(
            customer.first_name,
            customer.last_name,
            named.get(IdentifierKind.EMAIL, ""),
            named.get(IdentifierKind.MOBILE, ""),
            named.get(IdentifierKind.EXTERNAL_ID, ""),
            customer.registered_at,
            {name: field for name, field in customer.known_fields().items() if name in needs.fields},
        )
    return members


def place_or_problems(incoming_event: IncomingEvent, snapshot: OrganisationSnapshot) -> Place | tuple[Problem, ...]:
    """Return where *incoming_event* happened, or what is wrong with its place and time."""
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
    """Return *incoming_event* as an event of a known customer at a known place."""
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
        position,
        customer_key,
        event,
        payload,
        codec.content_hash(incoming_event.name, incoming_event.occurred_at, payload),
    )
