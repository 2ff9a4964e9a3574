"""What comes in and what is answered: an event on offer, and what became of it."""

from collections.abc import Sequence
from enum import Enum

from msgspec import Struct

from milepost.model.customer import Identifier
from milepost.model.event import EventKey, Payload
from milepost.model.problem import Problem
from milepost.model.standing import Entry
from milepost.service.snapshot.organisation_snapshot import PlaceName


class IncomingEvent(Struct, frozen=True, kw_only=True):
    """An event that a client wants to be counted.

    `till_id` is the till that logged in, if one did; instants in epoch microseconds.
    """

    org_id: int
    customer: Identifier
    key: EventKey
    name: str
    occurred_at: int
    received_at: int
    place: PlaceName | None
    till_id: int | None
    payload: Payload


class Status(Enum):
    """What became of an offer."""

    APPLIED = "applied"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    REFUSED = "refused"


class Answer(Struct, frozen=True, kw_only=True):
    """What became of an offer, with what it changed and the organisation's version that judged it."""

    key: EventKey
    status: Status
    customer_id: int | None = None
    entries: Sequence[Entry] = ()
    problems: tuple[Problem, ...] = ()
    version: int | None = None


def refusal(incoming_event: IncomingEvent, *problems: Problem) -> Answer:
    """Return the answer that nothing was done, and why."""
    return Answer(key=incoming_event.key, status=Status.REFUSED, problems=problems)
