"""Queues that events are read from: topics of Kafka and subjects of NATS JetStream."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from milepost.model.time import Micros


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A queue of an organisation, and how far it was read. `url` is without credentials; `sealed` has them, encrypted.

    `lag` is how many messages wait in it, as of `read_at`; both are None until it was read. `failure` says why it
    cannot be read, None if it can.
    """

    org_id: int
    id: int
    url: str
    sealed: str
    active: bool
    lag: int | None
    failure: str | None
    read_at: Micros | None
    dead: int
    created_at: Micros


class QueueLease(NamedTuple):
    """The right to read a queue, as long as its epoch is the lease's."""

    org_id: int
    queue_id: int
    epoch: int


Positions = Mapping[int, int]
"""The position that is read next, by partition. A subject of NATS is one partition, 0."""


class QueueMessage(NamedTuple):
    """A message of a queue, and where it was."""

    partition: int
    position: int
    body: bytes


class DeadLetter(NamedTuple):
    """A message that could not be received as an event, and why; `written_at` is in epoch microseconds."""

    id: int
    message: QueueMessage
    reason: str
    written_at: Micros
