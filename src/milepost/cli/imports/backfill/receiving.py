"""Receiving the parts of a backfill, in this process or in several: each part by the write path, in transactions."""

import asyncio
import multiprocessing
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from multiprocessing import forkserver
from threading import Thread
from typing import NamedTuple

from milepost.api.native.events.incoming_event import read_event
from milepost.model.problem import Problem
from milepost.model.time import Micros
from milepost.operation.garbage import tune_gc
from milepost.service.ingest.incoming_event import IncomingEvent
from milepost.service.ingest.lanes.lane import Limits
from milepost.service.runtime.runtime import Runtime, build_runtime
from milepost.store.database import Database, TimeLimits

TRANSACTION_EVENTS = 2_000
REFUSED = "refused"


class PartAnswers(NamedTuple):
    """What became of the events of a part: the events by status, and those that were not taken, by position.

    `warnings` are the paths and reasons of what was odd about events that were taken.
    """

    counts: dict[str, int]
    rejected: list[tuple[int, str, tuple[Problem, ...]]]
    warnings: list[tuple[str, str]]


class Target(NamedTuple):
    """Where the events go: the organisation, and whether what they lead to is told as if it happened now."""

    org_id: int
    tells_outcomes: bool


ReceivePart = Callable[[Sequence[bytes], Micros], Awaitable[PartAnswers]]
"""Receives the events of a part, as JSON, at an instant (epoch microseconds)."""


_PROCESSES = multiprocessing.get_context("forkserver")


def import_for_processes() -> None:
    """Have what the processes need imported once, in a process of which they are copies, while this one reads files."""
    _PROCESSES.set_forkserver_preload([__name__])
    forkserver.ensure_running()


@asynccontextmanager
async def receiver(runtime: Runtime, target: Target, processes: int) -> AsyncIterator[ReceivePart]:
    """Return what receives parts: in this process, or in so many *processes* of their own."""
    if processes == 1:
        async with _runtime_on(runtime.database, target) as own:

            async def receive_here(texts: Sequence[bytes], now: Micros) -> PartAnswers:
                return await _receive(own, target.org_id, texts, now)

            yield receive_here
        return
    arguments = (runtime.database.url, runtime.database.limits, target)
    with ProcessPoolExecutor(processes, _PROCESSES, _begin, arguments) as pool:
        loop = asyncio.get_running_loop()

        async def receive_there(texts: Sequence[bytes], now: Micros) -> PartAnswers:
            return await loop.run_in_executor(pool, _receive_in_child, texts, now)

        yield receive_there


@asynccontextmanager
async def _runtime_on(database: Database, target: Target) -> AsyncIterator[Runtime]:
    """Return a runtime with a lane of its own, which tells outcomes or keeps them back."""
    own = build_runtime(database, _no_clock, lanes=1, limits=Limits(), tells_outcomes=target.tells_outcomes)
    await own.lanes.start()
    try:
        yield own
    finally:
        await own.lanes.stop()


def _no_clock() -> Micros:
    """Stand for a clock where nothing asks for the time: each part brings the instant of its receipt."""
    raise AssertionError("a backfill asks no clock")


async def _receive(runtime: Runtime, org_id: int, texts: Sequence[bytes], now: Micros) -> PartAnswers:
    """Receive events, given as JSON, in their order."""
    counts, rejected, warnings = Counter[str](), list[tuple[int, str, tuple[Problem, ...]]](), list[tuple[str, str]]()
    for start in range(0, len(texts), TRANSACTION_EVENTS):
        positions: list[int] = []
        incoming_events: list[IncomingEvent] = []
        for position, text in enumerate(texts[start : start + TRANSACTION_EVENTS], start):
            read = read_event(text, org_id=org_id, till_id=None, now=now)
            if isinstance(read, IncomingEvent):
                positions.append(position)
                incoming_events.append(read)
            else:
                rejected.append((position, REFUSED, read))
        answers = await runtime.lanes.receive(incoming_events) if incoming_events else []
        for position, answer in zip(positions, answers, strict=True):
            if answer.problems:
                rejected.append((position, answer.status.value, answer.problems))
            else:
                counts[answer.status.value] += 1
                warnings += [(warning.path, warning.reason) for warning in answer.warnings]
    return PartAnswers(dict(counts), rejected, warnings)


class _Child:
    """What a process of a backfill holds: a loop, a database and a runtime."""

    def __init__(self, url: str, limits: TimeLimits, target: Target) -> None:
        self.loop = asyncio.new_event_loop()
        self.org_id = target.org_id
        database = Database(url, connections_max=2, limits=limits)
        # The process that started this one has looked at the server's settings.
        self.loop.run_until_complete(database.open(unsafe_durability=True))
        self._entered = _runtime_on(database, target)
        self.runtime = self.loop.run_until_complete(self._entered.__aenter__())

    def receive(self, texts: Sequence[bytes], now: Micros) -> PartAnswers:
        return self.loop.run_until_complete(_receive(self.runtime, self.org_id, texts, now))


_child: list[_Child] = []


def _begin(url: str, limits: TimeLimits, target: Target) -> None:
    # The process that started this one decides what a Ctrl-C does.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()
    _child.append(_Child(url, limits, target))
    tune_gc()


def _end_with_parent() -> None:
    """End this process when the one that started it was killed; otherwise it would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _receive_in_child(texts: Sequence[bytes], now: Micros) -> PartAnswers:
    return _child[0].receive(texts, now)
