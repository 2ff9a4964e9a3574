"""What is answered about queues and their dead letters."""

from msgspec import Struct

from milepost.api.native.answer import ProblemItem, iso, iso_or_null
from milepost.model.delivery.queue import DeadLetter, Queue
from milepost.service.queues.queues import Retried

BODY_CHARACTERS_MAX = 16_384


class QueueItem(Struct, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """A queue, and how it is read. `url` is without credentials; `lag` is how many messages waited at `readAt`."""

    id: int
    url: str
    active: bool
    lag: int | None
    read_at: str | None
    failure: str | None
    dead_letters: int
    created_at: str


class DeadLetterItem(Struct, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """A message that could not be received as an event: where it was, the beginning of it, and the reason."""

    id: int
    partition: int
    position: int
    body: str
    reason: str
    written_at: str


class RetriedItem(Struct, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """What became of a dead letter: with the status applied or duplicate it is gone, otherwise it stays."""

    id: int
    status: str
    problems: list[ProblemItem]


def queue_item(queue: Queue) -> QueueItem:
    """Return a queue with its state."""
    return QueueItem(
        id=queue.id,
        url=queue.url,
        active=queue.active,
        lag=queue.lag,
        read_at=iso_or_null(queue.read_at),
        failure=queue.failure,
        dead_letters=queue.dead,
        created_at=iso(queue.created_at),
    )


def dead_letter_item(letter: DeadLetter) -> DeadLetterItem:
    """Return a dead letter."""
    return DeadLetterItem(
        id=letter.id,
        partition=letter.message.partition,
        position=letter.message.position,
        body=letter.message.body[:BODY_CHARACTERS_MAX].decode("utf-8", "replace"),
        reason=letter.reason,
        written_at=iso(letter.written_at),
    )


def retried_item(retried: Retried) -> RetriedItem:
    """Return what became of a dead letter."""
    return RetriedItem(
        id=retried.letter.id,
        status="refused" if retried.answer is None else retried.answer.status.value,
        problems=[ProblemItem(problem.path, problem.reason) for problem in retried.problems],
    )
