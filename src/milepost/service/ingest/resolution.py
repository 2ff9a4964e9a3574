"""Turns an incoming event into an event of a known customer at a known place, or into its problems."""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from milepost.model.customer import IdentifierKind
from milepost.model.event import CustomerProfile, Event, Payload, Place, Return
from milepost.model.problem import Problem
from milepost.service.ingest.admission import NO_NOTES, Admission
from milepost.service.ingest.deduplication import ResolvedEvent
from milepost.service.ingest.identity import CODE_UNKNOWN_CUSTOMER
from milepost.service.ingest.incoming_event import IncomingEvent
from milepost.service.snapshot.organisation_snapshot import OrganisationSnapshot, PlaceName
from milepost.store import codec, customers
from milepost.store.database import Transaction
from milepost.store.log import CustomerKey, StoredStanding


def problems_of(
    place: Place | tuple[Problem, ...],
    customer: CustomerKey | Problem | None,
    standings: Mapping[CustomerKey, StoredStanding],
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


def with_tills_of_bills(
    incoming_events: Sequence[IncomingEvent], snapshots: Mapping[int, OrganisationSnapshot]
) -> Sequence[IncomingEvent]:
    """Return *incoming_events* with the id of each till whose code a return gives for its bill.

    They are returned as they are if no return gives one, which is so in almost every batch.
    """
    named = [position for position, one in enumerate(incoming_events) if _till_code(one.payload) is not None]
    if not named:
        return incoming_events
    changed = [*incoming_events]
    for position in named:
        changed[position] = _with_till_of_bill(changed[position], snapshots[changed[position].org_id])
    return changed


def _till_code(payload: Payload) -> str | None:
    return payload.bill.till_code if isinstance(payload, Return) and payload.bill else None


def _with_till_of_bill(incoming_event: IncomingEvent, snapshot: OrganisationSnapshot) -> IncomingEvent:
    payload = incoming_event.payload
    if not isinstance(payload, Return) or not payload.bill or payload.bill.till_code is None:
        return incoming_event
    place = snapshot.places.place(PlaceName("till", None, payload.bill.till_code))
    bill = replace(payload.bill, till_id=place.till_id if isinstance(place, Place) else None)
    return replace(incoming_event, payload=replace(payload, bill=bill))


def place_or_problems(
    incoming_event: IncomingEvent, snapshot: OrganisationSnapshot, known_problems: tuple[Problem, ...] = ()
) -> Place | tuple[Problem, ...]:
    """Return the place of *incoming_event*, or its *known_problems* and those of its places."""
    place = (
        snapshot.places.place(incoming_event.place)
        if incoming_event.place
        else snapshot.places.place_of_till(incoming_event.till_id)
    )
    payload, problems = incoming_event.payload, known_problems
    if isinstance(payload, Return) and payload.bill and payload.bill.till_code and payload.bill.till_id is None:
        problems = (Problem("data.original.till", f'there is no till "{payload.bill.till_code}"'), *problems)
    if isinstance(place, Problem):
        return (place, *problems)
    return problems or place


def places_of(admission: Admission, snapshots: Mapping[int, OrganisationSnapshot]) -> list[Place | tuple[Problem, ...]]:
    """Return the place of each event of a batch, or its problems."""
    return [
        place_or_problems(incoming_event, snapshots[incoming_event.org_id], admission.problems.get(position, NO_NOTES))
        for position, incoming_event in enumerate(admission.incoming_events)
    ]


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
        given_at=incoming_event.given_at,
    )
    payload = codec.encode_payload(incoming_event.payload)
    return ResolvedEvent(
        position=position,
        customer_key=customer_key,
        event=event,
        payload=payload,
        content_hash=codec.content_hash(incoming_event.name, event.dated_at, payload),
        naming=incoming_event.naming,
        is_dated=incoming_event.is_dated,
        request_id=incoming_event.request_id,
    )
