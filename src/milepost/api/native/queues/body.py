"""What requests about queues hold, and what a message of a queue holds."""

from msgspec import Struct

from milepost.api.native.events.incoming_event import read_event
from milepost.model.problem import Problem
from milepost.model.time import Micros
from milepost.service.ingest.incoming_event import IncomingEvent


class QueueChangeBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """Whether the queue is read."""

    active: bool


class RetryBody(Struct, forbid_unknown_fields=True):
    """Nothing is to be said: the dead letter is named in the address."""


def read_queued_event(raw: bytes, org_id: int, now: Micros) -> IncomingEvent | tuple[Problem, ...]:
    """Return the event in a message of a queue, as `POST /api/v1/events` reads it; no till sent it."""
    return read_event(raw, org_id=org_id, till_id=None, now=now)
