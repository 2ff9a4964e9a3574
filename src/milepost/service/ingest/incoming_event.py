"""An incoming event, and the answer to it."""

from collections.abc import Sequence
from enum import Enum

from msgspec import Struct

from milepost.model.customer import Identifier, IdentifierKind
from milepost.model.event import EventKey, Payload
from milepost.model.problem import Fault, Problem
from milepost.model.standing import Entry
from milepost.model.time import Micros
from milepost.service.snapshot.organisation_snapshot import PlaceName


class IncomingEvent(Struct, frozen=True, kw_only=True):
    """An event as a client submitted it; its customer and place are still only named.

    Instants are in epoch microseconds. `till_id` is the till that logged in, or None. `registers` says that a customer
    who is not known is registered by the identifier, of whatever kind it is (facts 8 #91).
    """

    org_id: int
    customer: Identifier
    key: EventKey
    name: str
    occurred_at: Micros
    received_at: Micros
    place: PlaceName | None
    till_id: int | None
    payload: Payload
    registers: bool = False


def own_event(
    org_id: int,
    customer_id: int,
    key: EventKey,
    name: str,
    payload: Payload,
    *,
    now: Micros,
    occurred_at: Micros | None = None,
    place: PlaceName | None = None,
    till_id: int | None = None,
) -> IncomingEvent:
    """Return an event that Milepost makes itself, such as an enrolment (decision 0016), for a customer known by id.

    *now* and *occurred_at* are in epoch microseconds; without *occurred_at* the event happens now.
    """
    return IncomingEvent(
        org_id=org_id,
        customer=Identifier(IdentifierKind.ID, str(customer_id)),
        key=key,
        name=name,
        occurred_at=now if occurred_at is None else occurred_at,
        received_at=now,
        place=place,
        till_id=till_id,
        payload=payload,
    )


class Status(Enum):
    """What became of an incoming event. FAILED is a fault of ours: nothing is stored, the event is to be sent again."""

    APPLIED = "applied"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    REFUSED = "refused"
    FAILED = "failed"


class Answer(Struct, frozen=True, kw_only=True):
    """What became of an incoming event: the entries it made, and the version of the organisation that judged it."""

    key: EventKey
    status: Status
    customer_id: int | None = None
    entries: Sequence[Entry] = ()
    problems: tuple[Problem, ...] = ()
    version: int | None = None


def refusal(incoming_event: IncomingEvent, *problems: Problem) -> Answer:
    """Return the answer that the event was refused because of *problems*."""
    return Answer(key=incoming_event.key, status=Status.REFUSED, problems=problems)


def failed(incoming_event: IncomingEvent) -> Answer:
    """Return the answer that a fault of ours kept the event from being stored (facts 8 #96)."""
    reason = "could not be counted, nothing was stored; the server's log says why; send it again"
    return Answer(key=incoming_event.key, status=Status.FAILED, problems=(Problem("", reason),))


def locked(incoming_event: IncomingEvent) -> Answer:
    """Return the answer that another transaction keeps the event's customer locked, so that it was not stored."""
    reason = "another transaction keeps this customer locked, nothing was stored; send it again"
    return Answer(key=incoming_event.key, status=Status.FAILED, problems=(Problem("", reason),))


def raise_faults(answers: Sequence[Answer]) -> None:
    """Raise Fault if one of *answers* is that of a fault of ours."""
    for answer in answers:
        if answer.status is Status.FAILED:
            raise Fault(answer.problems[0].reason)
