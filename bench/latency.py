"""Requests over HTTP by a number of clients, each waiting for its answer: how long they took, how many a second."""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bench.client import Asked, Connection, basic
from bench.contestants import Spread
from bench.hosts import PASSWORD, TILL, Address

COLUMNS = ["contestant", "requests/s: median (range)", "p50 ms: median (range)", "p99 ms: median (range)"]
PROCESSOR_COLUMNS = [*COLUMNS, "Python µs", "PostgreSQL µs"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """One round of one contestant: the seconds each request took, and all of them together.

    `processor_seconds` are those of the server that answered, `postgres_seconds` those of PostgreSQL, where they were
    looked at.
    """

    contestant: str
    clients: int
    each: tuple[float, ...]
    seconds: float
    answer_bytes: int
    processor_seconds: float = 0.0
    postgres_seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Return the requests answered in a second."""
        return len(self.each) / self.seconds

    def quantile(self, share: float) -> float:
        """Return the milliseconds within which *share* of the requests were answered."""
        ordered = sorted(self.each)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1_000


async def timed(contestant: str, address: Address, parts: Sequence[Sequence[Asked]]) -> Times:
    """Send each of *parts* by a client of its own, one request after the other."""
    async with asyncio.TaskGroup() as tasks:
        connections = [Connection(address, basic(TILL, PASSWORD)) for _ in parts]
        opening = [tasks.create_task(connection.__aenter__()) for connection in connections]
    assert all(task.done() for task in opening)
    began = time.perf_counter()
    found = await asyncio.gather(*(_send(*one) for one in zip(connections, parts, strict=True)))
    seconds = time.perf_counter() - began
    for connection in connections:
        await connection.__aexit__()
    each = tuple(taken for times, _ in found for taken in times)
    return Times(
        contestant=contestant,
        clients=len(parts),
        each=each,
        seconds=seconds,
        answer_bytes=sum(size for _, size in found) // max(1, len(each)),
    )


async def _send(connection: Connection, asked: Sequence[Asked]) -> tuple[list[float], int]:
    times, size = [], 0
    for one in asked:
        began = time.perf_counter()
        answer = await connection.ask(one)
        times.append(time.perf_counter() - began)
        size += len(answer)
    return times, size


def joined(slices: Sequence[Times]) -> Times:
    """Return several slices of one contestant as one round."""
    first = slices[0]
    return Times(
        contestant=first.contestant,
        clients=first.clients,
        each=tuple(taken for one in slices for taken in one.each),
        seconds=sum(one.seconds for one in slices),
        answer_bytes=first.answer_bytes,
        processor_seconds=sum(one.processor_seconds for one in slices),
        postgres_seconds=sum(one.postgres_seconds for one in slices),
    )


def _per_request(times: Sequence[Times]) -> tuple[Spread, Spread]:
    """Return the processor microseconds of a request: Python's and PostgreSQL's."""
    return (
        Spread([one.processor_seconds * 1e6 / len(one.each) for one in times]),
        Spread([one.postgres_seconds * 1e6 / len(one.each) for one in times]),
    )


def row_with_processor(name: str, times: Sequence[Times]) -> list[str]:
    """Return the line of the table for one contestant's rounds, with the processor time of a request."""
    return [*row(name, times), *(spread.shown() for spread in _per_request(times))]


def row(name: str, times: Sequence[Times]) -> list[str]:
    """Return the line of the table for one contestant's rounds."""
    return [
        name,
        Spread([one.rate for one in times]).shown(),
        Spread([one.quantile(0.5) for one in times]).shown(2),
        Spread([one.quantile(0.99) for one in times]).shown(2),
    ]


def figures(times: Sequence[Times]) -> dict[str, Any]:
    """Return one contestant's rounds as JSON takes them."""
    return {
        "requestsPerSecond": Spread([one.rate for one in times]).kept(),
        "p50Milliseconds": Spread([one.quantile(0.5) for one in times]).kept(3),
        "p99Milliseconds": Spread([one.quantile(0.99) for one in times]).kept(3),
        "answerBytes": times[0].answer_bytes,
        "pythonMicroseconds": _per_request(times)[0].kept(),
        "postgresMicroseconds": _per_request(times)[1].kept(),
    }


def ratio(ours: Sequence[Times], theirs: Sequence[Times], of: Callable[[Times], float]) -> Spread:
    """Return ours over theirs, round by round."""
    return Spread([of(mine) / of(other) for mine, other in zip(ours, theirs, strict=True)])


def ratios(ours: Sequence[Times], theirs: Sequence[Times]) -> dict[str, Spread]:
    """Return ours over theirs, round by round: of what the table has a column for, in its order."""
    found = {
        "requestsPerSecond": ratio(ours, theirs, lambda one: one.rate),
        "p50": ratio(ours, theirs, lambda one: one.quantile(0.5)),
        "p99": ratio(ours, theirs, lambda one: one.quantile(0.99)),
    }
    if all(one.processor_seconds and one.postgres_seconds for one in theirs):
        found["pythonTime"] = ratio(ours, theirs, lambda one: one.processor_seconds)
        found["postgresTime"] = ratio(ours, theirs, lambda one: one.postgres_seconds)
    return found


class Repeated(ABC):
    """Something that is done again and again while something else is measured."""

    def __init__(self, work: Callable[[], Awaitable[object]]) -> None:
        """Do *work* once it is started."""
        self._work = work
        self._stop = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> None:
        """Start."""
        self._task = asyncio.create_task(self._run())

    async def __aexit__(self, *_: object) -> None:
        """Finish what is under way, then stop."""
        self._stop.set()
        assert self._task is not None
        await self._task

    @abstractmethod
    def rest(self, began: float) -> float:
        """Return the seconds to wait after work that *began* then and is done now."""

    async def _run(self) -> None:
        while not self._stop.is_set():
            began = time.perf_counter()
            await self._work()
            try:
                await asyncio.wait_for(self._stop.wait(), self.rest(began))
            except TimeoutError:
                continue


class Beside(Repeated):
    """Something that is done so often that it takes *share* of the time."""

    def __init__(self, work: Callable[[], Awaitable[object]], share: float) -> None:
        """Do *work* once it is started, and rest after it as long as *share* wants."""
        super().__init__(work)
        self._share = share

    def rest(self, began: float) -> float:
        """Rest in proportion to what the work took."""
        return (time.perf_counter() - began) * (1 / self._share - 1)
