"""One lane: waiting requests become batches, one transaction after the other, and small requests overtake large ones.

A lane has two queues with a transaction at a time each. A small request goes to the first, so that a single event does
not wait until two thousand others are written. It waits behind the large requests, in the second queue, if one of them
has an event of the same customer or of the same name, or a customer who is not known yet: so events whose order matters
are judged in the order in which they entered.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import structlog

from milepost.model.problem import DatabaseFault, Unavailable
from milepost.service.ingest.incoming_event import Answer, IncomingEvent, failed
from milepost.service.ingest.transaction import Ingest

SMALL_EVENTS_MAX = 20
"""The events of a request that may overtake larger ones."""

ObserveBatch = Callable[[Sequence[int], Sequence[Answer], float], None]

_log = structlog.get_logger()


class Overloaded(Exception):
    """Too many events wait. Nothing of the request was received; the client may send it again later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many events one transaction may hold, and how many may wait in a lane before requests are refused."""

    batch_events_max: int = 2_000
    waiting_events_max: int = 20_000


class _Request:
    """A request that waits or is being written; it is written after those that it is *behind*.

    `written` is done when it was written, also where nobody waits for the `answer` any more.
    """

    def __init__(self, ingest: Ingest, incoming_events: Sequence[IncomingEvent]) -> None:
        self.incoming_events = incoming_events
        self.answer: asyncio.Future[list[Answer]] = asyncio.get_running_loop().create_future()
        self.written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.behind: tuple[_Request, ...] = ()
        self._ingest = ingest

    @cached_property
    def subjects(self) -> frozenset[Hashable] | None:
        """Return the customers of the events and the names that they share; None if a customer is not known yet."""
        subjects: set[Hashable] = set()
        for event in self.incoming_events:
            if not self._ingest.knows(event):
                return None
            subjects.add(self._ingest.customer_key(event))
            name = self._ingest.shared_name(event)
            if name is not None:
                subjects.add(name)
        return frozenset(subjects)


class Lane:
    """A lane, with its two queues."""

    def __init__(self, ingest: Ingest, limits: Limits) -> None:
        """Stand before *ingest*; nothing is written before the start."""
        self._ingest = ingest
        self.limits = limits
        self.observe: ObserveBatch | None = None
        self._small = _Queue(self)
        self._large = _Queue(self)
        self._stopping = False

    def start(self) -> None:
        """Begin to write."""
        self._small.start(self._ingest)
        self._large.start(self._ingest)

    async def stop(self) -> None:
        """Write the events that wait, then stop."""
        self._stopping = True
        await asyncio.gather(self._small.stop(), self._large.stop())

    @property
    def events_waiting(self) -> int:
        """Return how many events wait, or are being written."""
        return self._small.events_waiting + self._large.events_waiting

    def has_room(self, count: int) -> bool:
        """Return whether so many events may enter."""
        return self.events_waiting + count <= self.limits.waiting_events_max and not self._stopping

    def enter(self, incoming_events: Sequence[IncomingEvent]) -> "asyncio.Future[list[Answer]]":
        """Enter *incoming_events*; their answers will be the result."""
        request = _Request(self._ingest, incoming_events)
        if len(incoming_events) <= SMALL_EVENTS_MAX and _may_overtake(request, self._large.requests):
            self._small.add(request)
        else:
            request.behind = (*self._small.requests,)
            self._large.add(request)
        return request.answer


def _may_overtake(request: _Request, larger: Iterable[_Request]) -> bool:
    """Return whether no event of *request* has a subject of *larger* requests, as well as that is known."""
    for other in larger:
        if request.subjects is None or other.subjects is None or not request.subjects.isdisjoint(other.subjects):
            return False
    return True


class _Queue:
    """Requests that are written one batch after the other."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self._waiting: deque[_Request] = deque()
        self._writing: Sequence[_Request] = ()
        self.events_waiting = 0
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._stopping = False

    def start(self, ingest: Ingest) -> None:
        self._task = asyncio.create_task(self._run(ingest))

    async def stop(self) -> None:
        self._stopping = True
        self._wake.set()
        if self._task is not None:
            await self._task

    @property
    def requests(self) -> Iterable[_Request]:
        """Return the requests that are being written, and those that wait."""
        return (*self._writing, *self._waiting)

    def add(self, request: _Request) -> None:
        self._waiting.append(request)
        self.events_waiting += len(request.incoming_events)
        self._wake.set()

    async def _run(self, ingest: Ingest) -> None:
        while self._waiting or not self._stopping:
            if not self._waiting:
                self._wake.clear()
                await self._wake.wait()
                continue
            batch = self._writing = self._take()
            earlier = {other.written for request in batch for other in request.behind if not other.written.done()}
            if earlier:
                await asyncio.wait(earlier)
            await self._serve(ingest, batch)
            self._writing = ()
            for request in batch:
                request.written.set_result(None)
            self.events_waiting -= sum(len(request.incoming_events) for request in batch)

    def _take(self) -> list[_Request]:
        batch = [self._waiting.popleft()]
        size = len(batch[0].incoming_events)
        while self._waiting and size + len(self._waiting[0].incoming_events) <= self._lane.limits.batch_events_max:
            size += len(self._waiting[0].incoming_events)
            batch.append(self._waiting.popleft())
        return batch

    async def _serve(self, ingest: Ingest, batch: Sequence[_Request]) -> None:
        began = time.perf_counter()
        incoming_events = [incoming_event for request in batch for incoming_event in request.incoming_events]
        try:
            answers = await _receive_batch(ingest, incoming_events)
        except Unavailable as error:
            for request in batch:
                if not request.answer.done():
                    request.answer.set_exception(error)
            return
        if self._lane.observe is not None:
            self._lane.observe([event.org_id for event in incoming_events], answers, time.perf_counter() - began)
        start = 0
        for request in batch:
            end = start + len(request.incoming_events)
            if not request.answer.done():
                request.answer.set_result(answers[start:end])
            start = end


async def _receive_batch(ingest: Ingest, incoming_events: Sequence[IncomingEvent]) -> list[Answer]:
    """Receive *incoming_events*. If a mistake of ours fails the batch, halve it until only that event fails."""
    try:
        return await ingest(incoming_events)
    except Unavailable:
        raise
    except DatabaseFault:
        return [failed(incoming_event) for incoming_event in incoming_events]
    except Exception:  # noqa: BLE001 - around one batch, so that one event cannot spoil its neighbours
        if len(incoming_events) == 1:
            _log.exception("event_not_counted", source=incoming_events[0].key.source, id=incoming_events[0].key.id)
            return [failed(incoming_events[0])]
    half = len(incoming_events) // 2
    return await _receive_batch(ingest, incoming_events[:half]) + await _receive_batch(ingest, incoming_events[half:])
