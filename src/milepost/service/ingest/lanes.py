"""Collects waiting requests into batches: many requests share one commit, and two lanes rarely lock one customer.

A lane is a partition of writers: each owns some of the buckets, and writes one batch after the other.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import structlog

from milepost.model.problem import DatabaseFault, Unavailable
from milepost.service.ingest.incoming_event import Answer, IncomingEvent, failed
from milepost.service.ingest.transaction import Ingest

_log = structlog.get_logger()


ObserveBatch = Callable[[Sequence[int], Sequence[Answer], float], None]


class Overloaded(Exception):
    """Too many events wait. Nothing of the request was received; the client may send it again later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many events one transaction may hold, and how many may wait in a lane before requests are refused."""

    batch_events_max: int = 2_000
    waiting_events_max: int = 20_000


class _Request(NamedTuple):
    incoming_events: Sequence[IncomingEvent]
    answer: asyncio.Future[list[Answer]]


class Lanes:
    """The lanes of this process, each with one transaction at a time; of n lanes, lane k owns each bucket b % n = k."""

    def __init__(self, ingest: Ingest, count: int, limits: Limits) -> None:
        """Make *count* lanes in front of *ingest*."""
        self._ingest = ingest
        self._lanes = [_Lane(ingest, limits) for _ in range(count)]

    def observe(self, observe: ObserveBatch) -> None:
        """Call *observe* with the organisation and the answer of each event of a batch, and the seconds it took."""
        for lane in self._lanes:
            lane.observe = observe

    async def start(self) -> None:
        """Start receiving."""
        for lane in self._lanes:
            lane.start()

    async def stop(self) -> None:
        """Write the events that wait, then stop."""
        await asyncio.gather(*(lane.stop() for lane in self._lanes))

    @property
    def events_waiting(self) -> int:
        """Return how many events wait, or are being written, in all lanes."""
        return sum(lane.events_waiting for lane in self._lanes)

    async def receive(self, incoming_events: Sequence[IncomingEvent]) -> list[Answer]:
        """Receive *incoming_events*; return the answer to each, in order, after the commit. Raises Overloaded."""
        if len(self._lanes) == 1:
            return await self._lanes[0].receive(incoming_events)
        parts: list[list[int]] = [[] for _ in self._lanes]
        for position, incoming_event in enumerate(incoming_events):
            parts[self._ingest.bucket(incoming_event) % len(self._lanes)].append(position)
        taken = [
            (part, lane.receive([incoming_events[position] for position in part]))
            for part, lane in zip(parts, self._lanes, strict=True)
            if part
        ]
        answers: dict[int, Answer] = {}
        results = await asyncio.gather(*(result for _, result in taken))
        for (part, _), result in zip(taken, results, strict=True):
            answers.update(zip(part, result, strict=True))
        return [answers[position] for position in range(len(incoming_events))]


class _Lane:
    def __init__(self, ingest: Ingest, limits: Limits) -> None:
        self._ingest = ingest
        self._limits = limits
        self._waiting: deque[_Request] = deque()
        self.events_waiting = 0
        self.observe: ObserveBatch | None = None
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._stopping = False

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        self._stopping = True
        self._wake.set()
        if self._task is not None:
            await self._task

    async def receive(self, incoming_events: Sequence[IncomingEvent]) -> list[Answer]:
        if self.events_waiting + len(incoming_events) > self._limits.waiting_events_max or self._stopping:
            message = f"more than {self._limits.waiting_events_max} events wait already"
            raise Overloaded(message)
        answer: asyncio.Future[list[Answer]] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Request(incoming_events, answer))
        self.events_waiting += len(incoming_events)
        self._wake.set()
        return await answer

    async def _run(self) -> None:
        while self._waiting or not self._stopping:
            if not self._waiting:
                self._wake.clear()
                await self._wake.wait()
                continue
            batch = self._take()
            await self._serve(batch)
            self.events_waiting -= sum(len(request.incoming_events) for request in batch)

    def _take(self) -> list[_Request]:
        batch = [self._waiting.popleft()]
        size = len(batch[0].incoming_events)
        while self._waiting and size + len(self._waiting[0].incoming_events) <= self._limits.batch_events_max:
            size += len(self._waiting[0].incoming_events)
            batch.append(self._waiting.popleft())
        return batch

    async def _serve(self, batch: Sequence[_Request]) -> None:
        began = time.perf_counter()
        incoming_events = [incoming_event for request in batch for incoming_event in request.incoming_events]
        try:
            answers = await _receive_batch(self._ingest, incoming_events)
        except Unavailable as error:
            for request in batch:
                if not request.answer.done():
                    request.answer.set_exception(error)
            return
        if self.observe is not None:
            self.observe([event.org_id for event in incoming_events], answers, time.perf_counter() - began)
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
