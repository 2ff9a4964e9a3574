"""Sending the events as fast as the server accepts them, in order for each household."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import httpx2
import msgspec

from milepost.demo.failure import Failed
from milepost.demo.groceries import Occurrence

STREAMS = 4
"""Requests in flight at once. All events of a household are in one stream, so they arrive in order."""

BATCH_EVENTS_MAX = 1_000
BATCH_BYTES_MAX = 8 * 2**20
"""Less than the 10 MiB that a request may have."""

WAITING_BATCHES_MAX = 2
"""Batches kept ready for each stream; this limits the memory."""

BUSY = frozenset({429, 503})
"""Statuses that ask to send again. Sending an event twice is safe: it counts once."""
PAUSE_SECONDS = 0.5
TRIES_MAX = 120


class Batch(NamedTuple):
    """Events of one stream, in order, as JSON."""

    stream: int
    bodies: list[bytes]


class Item(msgspec.Struct, rename="camel"):
    """The result of one event in an answer."""

    id: str
    status: str
    problems: list[msgspec.Raw] = []


class Answer(msgspec.Struct):
    """The answer to a batch, in the batch's order."""

    items: list[Item]


def batches(events: Iterable[Occurrence]) -> Iterator[Batch]:
    """Distribute *events* to the streams by household, and return each stream's events in batches of one request."""
    bodies: list[list[bytes]] = [[] for _ in range(STREAMS)]
    sizes = [0] * STREAMS
    for event in events:
        stream = event.household % STREAMS
        size = len(event.body) + 1
        if len(bodies[stream]) == BATCH_EVENTS_MAX or sizes[stream] + size > BATCH_BYTES_MAX:
            yield Batch(stream, bodies[stream])
            bodies[stream], sizes[stream] = [], 0
        bodies[stream].append(event.body)
        sizes[stream] += size
    yield from (Batch(stream, rest) for stream, rest in enumerate(bodies) if rest)


async def load(
    client: httpx2.AsyncClient, events: Iterable[Occurrence], advance: Callable[[int], None]
) -> Counter[str]:
    """Send all *events*; return the number of answers by status. *advance* is called with the size of each batch done.

    Raises Failed if the server refuses an event. Events accepted until then stay, and may be sent again.
    """
    queues: list[asyncio.Queue[Batch | None]] = [asyncio.Queue(WAITING_BATCHES_MAX) for _ in range(STREAMS)]
    statuses: Counter[str] = Counter()
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_distribute(batches(events), queues))
            for queue in queues:
                tasks.create_task(_send_all(client, queue, statuses, advance))
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return statuses


async def _distribute(all_batches: Iterator[Batch], queues: list["asyncio.Queue[Batch | None]"]) -> None:
    """Put each batch into the queue of its stream; a thread prepares the next one at the same time."""
    while (batch := await asyncio.to_thread(next, all_batches, None)) is not None:
        await queues[batch.stream].put(batch)
    for queue in queues:
        await queue.put(None)


async def _send_all(
    client: httpx2.AsyncClient,
    queue: "asyncio.Queue[Batch | None]",
    statuses: Counter[str],
    advance: Callable[[int], None],
) -> None:
    """Send the batches of one stream, one after the other."""
    while (batch := await queue.get()) is not None:
        answer = await _send(client, batch)
        for item in answer.items:
            if item.status not in {"applied", "duplicate"}:
                reasons = "; ".join(bytes(problem).decode() for problem in item.problems)
                raise Failed(f"event {item.id}: {item.status}: {reasons}")
        statuses.update(item.status for item in answer.items)
        advance(len(answer.items))


async def _send(client: httpx2.AsyncClient, batch: Batch) -> Answer:
    """Send one batch, and send it again while the server is busy."""
    body = b"[" + b",".join(batch.bodies) + b"]"
    headers = {"Content-Type": "application/json"}
    for _ in range(TRIES_MAX):
        response = await client.post("/api/v1/events", content=body, headers=headers)
        if response.is_success:
            return msgspec.json.decode(response.content, type=Answer)
        if response.status_code not in BUSY:
            raise Failed(f"{response.status_code}: {response.text[:500]}")
        await asyncio.sleep(PAUSE_SECONDS)
    raise Failed(f"the server stayed busy for {TRIES_MAX * PAUSE_SECONDS:.0f} seconds")
