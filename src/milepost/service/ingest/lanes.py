"""Collects waiting requests into batches: many requests share one commit, and two lanes rarely lock one customer.

A lane is a partition of writers: each owns some of the buckets, and writes one batch after the other.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import structlog

from milepost.model.problem import DatabaseFault, Unavailable
from milepost.service.ingest.incoming_event import Answer, IncomingEvent, failed
from milepost.service.ingest.transaction import Ingest, SharedName

if TYPE_CHECKING:
    from milepost.service.ingest.identity import IdentifierKey

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
    """The lanes of this process, each with one transaction at a time; of n lanes, lane k owns each bucket b % n = k.

    A lane judges events in the order in which they entered it. So events whose order matters share a lane: those of one
    customer, and those of one name, which are for one of the customers who claim it. Requests enter in the order in
    which they come.
    """

    def __init__(self, ingest: Ingest, count: int, limits: Limits) -> None:
        """Make *count* lanes in front of *ingest*."""
        self._ingest = ingest
        self._lanes = [_Lane(ingest, limits) for _ in range(count)]
        self._entrance = asyncio.Lock()
        self._names: _UnderWay[SharedName | None] = {}
        self._newcomers: _UnderWay[IdentifierKey] = {}

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
            _check_room([(self._lanes[0], len(incoming_events))])
            return await self._lanes[0].enter(incoming_events)
        async with self._entrance:
            await self._ingest.look_up_names(incoming_events)
            parts = await self._enter(incoming_events)
        answers: dict[int, Answer] = {}
        for part, result in zip(parts, await asyncio.gather(*(part.answers for part in parts)), strict=True):
            answers.update(zip(part.positions, result, strict=True))
        return [answers[position] for position in range(len(incoming_events))]

    async def _enter(self, incoming_events: Sequence[IncomingEvent]) -> list["_Part"]:
        """Put *incoming_events* into their lanes.

        An event whose name another lane is still judging waits until that is done, and the events behind it as well.
        """
        entered: list[_Part] = []
        positions: list[list[int]] = [[] for _ in self._lanes]
        chosen: dict[SharedName | None, int] = {}
        for position, incoming_event in enumerate(incoming_events):
            lane, name = self._lane_of(incoming_event), self._ingest.shared_name(incoming_event)
            before = self._names.get(name)
            if chosen.get(name, lane) != lane or (before is not None and before.lane != lane):
                entered += self._enter_parts(incoming_events, positions)
                positions, chosen = [[] for _ in self._lanes], {}
                await asyncio.wait([self._names[name].answers])
                lane = self._lane_of(incoming_event)
            positions[lane].append(position)
            if name is not None:
                chosen[name] = lane
        return entered + self._enter_parts(incoming_events, positions)

    def _lane_of(self, incoming_event: IncomingEvent) -> int:
        """Return the lane of an event; the events of a newcomer stay in one lane while the newcomer is registered."""
        newcomer = self._newcomers.get((incoming_event.org_id, incoming_event.customer)) if self._newcomers else None
        return self._ingest.bucket(incoming_event) % len(self._lanes) if newcomer is None else newcomer.lane

    def _enter_parts(self, incoming_events: Sequence[IncomingEvent], positions: list[list[int]]) -> list["_Part"]:
        """Put the events at *positions*, lane by lane, into the lanes: all of them, or none. Raises Overloaded."""
        _check_room([(lane, len(places)) for lane, places in zip(self._lanes, positions, strict=True)])
        return [self._enter_part(lane, incoming_events, places) for lane, places in enumerate(positions) if places]

    def _enter_part(self, lane: int, incoming_events: Sequence[IncomingEvent], positions: list[int]) -> "_Part":
        events = [incoming_events[position] for position in positions]
        part = _Part(lane, positions, self._lanes[lane].enter(events))
        names = [name for name in map(self._ingest.shared_name, events) if name is not None]
        self._names.update(dict.fromkeys(names, part))
        newcomers = [(event.org_id, event.customer) for event in events if not self._is_settled(event)]
        self._newcomers.update(dict.fromkeys(newcomers, part))

        def leave(_: object) -> None:
            _forget(self._names, names, part)
            _forget(self._newcomers, newcomers, part)

        part.answers.add_done_callback(leave)
        return part

    def _is_settled(self, event: IncomingEvent) -> bool:
        return self._ingest.knows(event) and (event.org_id, event.customer) not in self._newcomers


class _Part(NamedTuple):
    """The events of one request in one lane: their positions in the request, and their answers."""

    lane: int
    positions: list[int]
    answers: "asyncio.Future[list[Answer]]"


_Name = TypeVar("_Name")
_UnderWay = dict[_Name, _Part]
"""What is being judged, each with the latest part of a request that names it."""


def _forget(under_way: _UnderWay[_Name], names: Sequence[_Name], part: _Part) -> None:
    """Forget *names*, but for those that a later part named as well."""
    for name in names:
        if under_way.get(name) is part:
            del under_way[name]


def _check_room(taking: Sequence[tuple["_Lane", int]]) -> None:
    """Raise Overloaded if one of the lanes cannot take so many events."""
    for lane, count in taking:
        if count and not lane.has_room(count):
            message = f"more than {lane.limits.waiting_events_max} events wait already"
            raise Overloaded(message)


class _Lane:
    def __init__(self, ingest: Ingest, limits: Limits) -> None:
        self._ingest = ingest
        self.limits = limits
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

    def has_room(self, count: int) -> bool:
        return self.events_waiting + count <= self.limits.waiting_events_max and not self._stopping

    def enter(self, incoming_events: Sequence[IncomingEvent]) -> "asyncio.Future[list[Answer]]":
        answer: asyncio.Future[list[Answer]] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Request(incoming_events, answer))
        self.events_waiting += len(incoming_events)
        self._wake.set()
        return answer

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
        while self._waiting and size + len(self._waiting[0].incoming_events) <= self.limits.batch_events_max:
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
