"""An incoming event, and the answer to it."""

from collections.abc import Mapping, Sequence
from enum import Enum

from msgspec import Struct

from milepost.model.customer import Identifier, IdentifierKind
from milepost.model.event import EventKey, Payload
from milepost.model.problem import Fault, Problem
from milepost.model.standing import Entry, Reason
from milepost.model.time import Micros
from milepost.service.snapshot.current_request import current_request_id
from milepost.service.snapshot.organisation_snapshot import PlaceName


class Naming(Enum):
    """Within what the source and id of an event name it (facts 8 #61, #62).

    EVENT_ID: the organisation. BILL_NUMBER: the same, for `billNumberDays` before and after the event's date. CUSTOMER:
    one customer; so it is for our own events, and where the sender declared fields that are unique for a customer.
    """

    EVENT_ID = "eventId"
    BILL_NUMBER = "billNumber"
    CUSTOMER = "customer"


class IncomingEvent(Struct, frozen=True, kw_only=True):
    """An event as a client submitted it; its customer and place are still only named.

    Instants are in epoch microseconds. `till_id` is the till that logged in, or None. `registers` says that a customer
    who is not known is registered by the identifier, of whatever kind it is (facts 8 #91). `is_dated` is false if the
    sender said no time: then `occurred_at` is that of the receipt, and is not compared when the event is received again
    (facts 8 #63). `warnings` are what the reader of the request found odd. `given_at` is the time that the client gave,
    where the event is judged by another. `request_id` is that of the
    request which brought the event.
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
    naming: Naming = Naming.EVENT_ID
    is_dated: bool = True
    warnings: tuple[Problem, ...] = ()
    given_at: Micros | None = None
    request_id: str = ""


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
        naming=Naming.CUSTOMER,
        request_id=current_request_id.get(),
    )


class Status(Enum):
    """What became of an incoming event. FAILED is a fault of ours: nothing is stored, the event is to be sent again."""

    APPLIED = "applied"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    REFUSED = "refused"
    FAILED = "failed"


class Answer(Struct, frozen=True, kw_only=True):
    """What became of an incoming event: the entries it made, and the version of the organisation that judged it.

    `problems` say why it was not taken, `received_with` what was odd about it although it was.
    """

    key: EventKey
    status: Status
    customer_id: int | None = None
    entries: Sequence[Entry] = ()
    problems: tuple[Problem, ...] = ()
    version: int | None = None
    received_with: tuple[Problem, ...] = ()

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What the sender should know: what was odd, and what a correction did not find, also when it comes again."""
        not_found = tuple(Problem(ORIGINAL, WARNINGS[e.reason]) for e in self.entries if e.reason in WARNINGS)
        return self.received_with + not_found


ORIGINAL = "data.original"
"""The path of what a correction says of the event that it means."""

WARNINGS: Mapping[Reason, str] = {
    Reason.WAITS: "no event of this name is known; it takes effect when the event is received",
    Reason.NOTHING_LEFT: "nothing is left of what this names; nothing was taken back",
}
"""What is said to a correction that took nothing back (facts 8 #71)."""


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
