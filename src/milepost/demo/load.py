"""Sending the events: as fast as the server takes them, and in order for each household."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import httpx
import msgspec

from milepost.demo.failure import Failed
from milepost.demo.groceries import Occurrence

STREAMS = 4
"""Requests under way at once. A household belongs to one stream, so its events arrive in the order they happened."""

BATCH_EVENTS_MAX = 1_000
BATCH_BYTES_MAX = 8 * 2**20
"""Less than the 10 MiB that a body may have."""

WAITING_BATCHES_MAX = 2
"""Batches kept ready for each stream; bounds the memory."""

BUSY = frozenset({429, 503})
"""The server asks to come again; events that arrive twice do no harm."""
PAUSE_SECONDS = 0.5
TRIES_MAX = 120


class Batch(NamedTuple):
    """Events of one stream, in order, as JSON."""

    stream: int
    bodies: list[bytes]


class Item(msgspec.Struct, rename="camel"):
    """What the answer says about one event."""

    id: str
    status: str
    problems: list[msgspec.Raw] = []


class Answer(msgspec.Struct):
    """The answer to a batch, in the batch's order."""

    items: list[Item]


def batches(events: Iterable[Occurrence]) -> Iterator[Batch]:
    """Deal *events* to the streams by household, and give each stream's share in pieces a request can hold."""
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


async def load(door: httpx.AsyncClient, events: Iterable[Occurrence], advance: Callable[[int], None]) -> Counter[str]:
    """Send all *events*, call *advance* with the number of each batch taken, and count the answers by status.

    Raises Failed if the server refuses anything; what it took until then stays, and may be sent again.
    """
    queues: list[asyncio.Queue[Batch | None]] = [asyncio.Queue(WAITING_BATCHES_MAX) for _ in range(STREAMS)]
    statuses: Counter[str] = Counter()
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_deal(batches(events), queues))
            for queue in queues:
                tasks.create_task(_send_all(door, queue, statuses, advance))
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return statuses


async def _deal(dealt: Iterator[Batch], queues: list["asyncio.Queue[Batch | None]"]) -> None:
    """Put each batch into the queue of its stream, making the next one in a thread meanwhile."""
    while (batch := await asyncio.to_thread(next, dealt, None)) is not None:
        await queues[batch.stream].put(batch)
    for queue in queues:
        await queue.put(None)


async def _send_all(
    door: httpx.AsyncClient,
    queue: "asyncio.Queue[Batch | None]",
    statuses: Counter[str],
    advance: Callable[[int], None],
) -> None:
    """Send the batches of one stream, one after the other."""
    while (batch := await queue.get()) is not None:
        answer = await _send(door, batch)
        for item in answer.items:
            if item.status not in {"applied", "duplicate"}:
                reasons = "; ".join(bytes(problem).decode() for problem in item.problems)
                raise Failed(f"event {item.id}: {item.status}: {reasons}")
        statuses.update(item.status for item in answer.items)
        advance(len(answer.items))


async def _send(door: httpx.AsyncClient, batch: Batch) -> Answer:
    """Send one batch, again if the server is busy."""
    body = b"[" + b",".join(batch.bodies) + b"]"
    headers = {"Content-Type": "application/json"}
    for _ in range(TRIES_MAX):
        response = await door.post("/api/v1/events", content=body, headers=headers)
        if response.is_success:
            return msgspec.json.decode(response.content, type=Answer)
        if response.status_code not in BUSY:
            raise Failed(f"{response.status_code}: {response.text[:500]}")
        await asyncio.sleep(PAUSE_SECONDS)
    raise Failed(f"the server stayed busy for {TRIES_MAX * PAUSE_SECONDS:.0f} seconds")
