"""The contestants of W2: our service in this process, our server over HTTP, and the set-based SQL."""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Iterable, Sequence

import msgspec

from bench.baseline import Receiver
from bench.client import Connection, basic
from bench.events import Happened, batch_bodies, dealt
from bench.hosts import PASSWORD, TILL, Address
from bench.machine import processor_seconds_of
from milepost.api.native.events.batch import Receipt, read_events
from milepost.model.time import Micros
from milepost.service.ingest.incoming_event import Answer, IncomingEvent
from milepost.service.runtime.runtime import Runtime

BATCH_EVENTS = 1_000


class Service:
    """Our service in this process: the JSON is decoded, nothing is asked over HTTP."""

    def __init__(self, name: str, url: str, runtime: Runtime, org_id: int, *, under_way: int) -> None:
        """Receive through *runtime*, with so many batches *under_way* at once."""
        self.name = name
        self.url = url
        self._runtime = runtime
        self._org_id = org_id
        self._under_way = under_way

    async def receive(self, events: Sequence[Happened]) -> Counter[str]:
        """Receive *events* in batches, in order."""
        return await self.receive_bodies(batch_bodies(events, BATCH_EVENTS))

    async def receive_bodies(self, bodies: Iterable[bytes]) -> Counter[str]:
        """Receive batches, JSON arrays, in order."""
        statuses: Counter[str] = Counter()
        waiting: deque[asyncio.Task[list[Answer]]] = deque()
        for body in bodies:
            if len(waiting) == self._under_way:
                statuses += _counted(await waiting.popleft())
            waiting.append(asyncio.create_task(self._batch(body)))
            # Batches enter the lanes in the order in which they were made.
            await asyncio.sleep(0)
        while waiting:
            statuses += _counted(await waiting.popleft())
        return statuses

    async def _batch(self, body: bytes) -> list[Answer]:
        return await self._runtime.lanes.receive(decoded(body, self._org_id, self._runtime.clock()))

    def processor_seconds(self) -> float:
        """Return the processor time of this process."""
        return time.process_time()


class Server:
    """Our server in a process of its own, asked over HTTP by several clients at once."""

    def __init__(self, name: str, url: str, address: Address, *, clients: int) -> None:
        """Ask the server at *address* by so many *clients*; each has its own customers, so theirs stay in order."""
        self.name = name
        self.url = url
        self._address = address
        self._clients = clients

    async def receive(self, events: Sequence[Happened]) -> Counter[str]:
        """Receive *events*, dealt to the clients by customer."""
        parts = [[*batch_bodies(part, BATCH_EVENTS)] for part in dealt(events, self._clients)]
        answers = await asyncio.gather(*(self._send(bodies) for bodies in parts))
        return sum((_counted_text(answer) for part in answers for answer in part), Counter())

    async def _send(self, bodies: Sequence[bytes]) -> list[bytes]:
        async with Connection(self._address, basic(TILL, PASSWORD)) as connection:
            return [await connection.post("/api/v1/events", body) for body in bodies]

    def processor_seconds(self) -> float:
        """Return the processor time of the server's process."""
        return processor_seconds_of(self._address.pid)


class SetBased:
    """The baseline over one or more connections, each in a thread, each with customers of its own."""

    def __init__(self, name: str, url: str, *, connections: int) -> None:
        """Open so many *connections* to the database at *url*."""
        self.name = name
        self.url = url
        self._receivers = [Receiver(url) for _ in range(connections)]

    async def receive(self, events: Sequence[Happened]) -> Counter[str]:
        """Receive *events*, dealt to the connections by customer."""
        parts = [[*batch_bodies(part, BATCH_EVENTS)] for part in dealt(events, len(self._receivers))]
        pairs = zip(self._receivers, parts, strict=True)
        fresh = sum(await asyncio.gather(*(asyncio.to_thread(_receive, receiver, part) for receiver, part in pairs)))
        return Counter({"applied": fresh, "duplicate": len(events) - fresh})

    def processor_seconds(self) -> float:
        """Return the processor time of this process."""
        return time.process_time()

    def close(self) -> None:
        """Close the connections."""
        for receiver in self._receivers:
            receiver.close()


def decoded(body: bytes, org_id: int, now: Micros) -> list[IncomingEvent]:
    """Return the incoming events of a batch, as the API makes them of a JSON array."""
    read = read_events(body, "", Receipt(org_id, None, now))
    events = [event for event in read if isinstance(event, IncomingEvent)]
    assert len(events) == len(read)
    return events


def _receive(receiver: Receiver, bodies: Sequence[bytes]) -> int:
    return sum(receiver.receive(body) for body in bodies)


def _counted(answers: Sequence[Answer]) -> Counter[str]:
    return Counter(answer.status.value for answer in answers)


class _Item(msgspec.Struct):
    status: str


class _Items(msgspec.Struct):
    items: list[_Item]


def _counted_text(answer: bytes) -> Counter[str]:
    return Counter(item.status for item in msgspec.json.decode(answer, type=_Items).items)
