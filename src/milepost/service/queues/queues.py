"""Adds, lists, stops, rewinds and deletes queues that events are read from, and handles their dead letters."""

from collections.abc import Callable
from typing import NamedTuple

from milepost.model.delivery.queue import DeadLetter, Queue, QueueMessage
from milepost.model.problem import Problem, Refused
from milepost.model.time import Micros
from milepost.service.ingest.incoming_event import Answer, IncomingEvent, Status
from milepost.service.queues.address import address_of, address_problems
from milepost.service.queues.identity import with_identity
from milepost.service.runtime.runtime import Runtime
from milepost.store.database import Transaction
from milepost.store.delivery import queues
from milepost.store.delivery.queues import QueueState

QUEUES_MAX = 50
UNKNOWN_QUEUE = Problem("queueId", "there is no queue with this id")
UNKNOWN_DEAD_LETTER = Problem("deadLetterId", "the queue has no dead letter with this id")

ReadEvent = Callable[[bytes, int, Micros], IncomingEvent | tuple[Problem, ...]]
"""Reads one event's JSON for an organisation at an instant; returns everything that is wrong with it otherwise."""


class Retried(NamedTuple):
    """What became of a dead letter that was received again; without an answer it could not be read."""

    letter: DeadLetter
    answer: Answer | None
    problems: tuple[Problem, ...]


async def add_queue(runtime: Runtime, org_id: int, url: str) -> Queue:
    """Add a queue; a running server or worker reads it from its beginning. Raises Refused."""
    problems = address_problems(url)
    if problems:
        raise Refused(*problems)
    sealed = runtime.outgoing.box.seal(url)

    async def work(transaction: Transaction) -> int:
        if len(await queues.of_organisation(transaction, org_id)) >= QUEUES_MAX:
            raise Refused(Problem("", f"an organisation may have {QUEUES_MAX} queues"))
        return await queues.add(transaction, org_id, address_of(url).shown, sealed, runtime.outgoing.now())

    return await find_queue(runtime, org_id, await runtime.database.attempt(work))


async def list_queues(runtime: Runtime, org_id: int) -> list[Queue]:
    """Return the queues of an organisation in the order of their ids."""
    async with runtime.database.reading() as reading:
        return await queues.of_organisation(reading, org_id)


async def queue_states(runtime: Runtime, limit: int) -> list[QueueState]:
    """Return how at most *limit* queues of all organisations are read."""
    async with runtime.database.reading() as reading:
        return await queues.states(reading, limit)


async def find_queue(runtime: Runtime, org_id: int, queue_id: int) -> Queue:
    """Return a queue. Raises Refused if there is none."""
    async with runtime.database.reading() as reading:
        found = await queues.of_organisation(reading, org_id, queue_id)
    if not found:
        raise Refused(UNKNOWN_QUEUE)
    return found[0]


async def activate_queue(runtime: Runtime, org_id: int, queue_id: int, *, active: bool) -> Queue:
    """Have a queue read, or no longer. Raises Refused."""

    async def work(transaction: Transaction) -> bool:
        return await queues.activate(transaction, org_id, queue_id, active=active)

    await runtime.database.attempt(work)
    return await find_queue(runtime, org_id, queue_id)


async def rewind_queue(runtime: Runtime, org_id: int, queue_id: int) -> Queue:
    """Have a queue read again from the beginning; events that were received stay as they are. Raises Refused."""

    async def work(transaction: Transaction) -> bool:
        return await queues.rewind(transaction, org_id, queue_id)

    await runtime.database.attempt(work)
    return await find_queue(runtime, org_id, queue_id)


async def delete_queue(runtime: Runtime, org_id: int, queue_id: int) -> None:
    """Delete a queue with its positions and dead letters. Raises Refused."""

    async def work(transaction: Transaction) -> bool:
        return await queues.delete(transaction, org_id, queue_id)

    if not await runtime.database.attempt(work):
        raise Refused(UNKNOWN_QUEUE)


async def list_dead_letters(runtime: Runtime, org_id: int, queue_id: int, after: int, limit: int) -> list[DeadLetter]:
    """Return at most *limit* dead letters with ids above *after*. Raises Refused."""
    await find_queue(runtime, org_id, queue_id)
    async with runtime.database.reading() as reading:
        return await queues.dead_letters(reading, org_id, queue_id, after, limit)


async def retry_dead_letter(
    runtime: Runtime, org_id: int, queue_id: int, dead_letter_id: int, read_event: ReadEvent
) -> Retried:
    """Receive a dead letter as an event again; it is deleted if that succeeds. Raises Refused."""
    queue = await find_queue(runtime, org_id, queue_id)
    found = await list_dead_letters(runtime, org_id, queue_id, dead_letter_id - 1, 1)
    if not found or found[0].id != dead_letter_id:
        raise Refused(UNKNOWN_DEAD_LETTER)
    letter = found[0]
    read = read_message(read_event, queue.url, org_id, letter.message, runtime.clock())
    if not isinstance(read, IncomingEvent):
        return Retried(letter, None, read)
    (answer,) = await runtime.lanes.receive([read])
    if answer.status in {Status.APPLIED, Status.DUPLICATE}:

        async def work(transaction: Transaction) -> None:
            await queues.delete_dead_letter(transaction, org_id, queue_id, dead_letter_id)

        await runtime.database.attempt(work)
    return Retried(letter, answer, answer.problems)


def read_message(
    read_event: ReadEvent, url: str, org_id: int, message: QueueMessage, now: Micros
) -> IncomingEvent | tuple[Problem, ...]:
    """Return the event in a message of the queue at *url*, or everything that is wrong with it."""
    return read_event(with_identity(message, url), org_id, now)
