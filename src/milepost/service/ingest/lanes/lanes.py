"""Collects waiting requests into batches: many requests share one commit, and two lanes rarely lock one customer.

A lane (`lane`) is a partition of writers: each owns some of the buckets.
"""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from milepost.service.ingest.incoming_event import Answer, IncomingEvent
from milepost.service.ingest.lanes.lane import Lane, Limits, ObserveBatch, Overloaded
from milepost.service.ingest.transaction import Ingest, SharedName

if TYPE_CHECKING:
    from milepost.service.ingest.identity import IdentifierKey


class Lanes:
    """The lanes of this process; of n lanes, lane k owns each bucket b % n = k.

    A lane judges events in the order in which they entered it. So events whose order matters share a lane: those of one
    customer, and those of one name, which are for one of the customers who claim it. Requests enter in the order in
    which they come.
    """

    def __init__(self, ingest: Ingest, count: int, limits: Limits) -> None:
        """Make *count* lanes in front of *ingest*."""
        self._ingest = ingest
        self._lanes = [Lane(ingest, limits) for _ in range(count)]
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


def _check_room(taking: Sequence[tuple[Lane, int]]) -> None:
    """Raise Overloaded if one of the lanes cannot take so many events."""
    for lane, count in taking:
        if count and not lane.has_room(count):
            message = f"more than {lane.limits.waiting_events_max} events wait already"
            raise Overloaded(message)
