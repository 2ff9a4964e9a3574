"""Contestants and rounds: who receives the same events, in turn, and what each of them needed for it."""

import asyncio
import gc
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Protocol

from bench.events import Happened, Users
from bench.hosts import Postgres
from bench.machine import processor_seconds

SETTLING_STEP_SECONDS, SETTLING_STEPS_MAX = 0.05, 400


class Contestant(Protocol):
    """Something that receives events: one of ours, or a baseline."""

    name: str
    url: str

    async def receive(self, events: Sequence[Happened]) -> Counter[str]:
        """Receive *events* durably; count their statuses."""
        ...

    def processor_seconds(self) -> float:
        """Return the processor time of the Python that receives."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What one contestant needed for one round; processor time in seconds, log in bytes."""

    contestant: str
    users: Users
    events: int
    seconds: float
    python_seconds: float
    postgres_seconds: float
    log_bytes: int

    @property
    def rate(self) -> float:
        """Return the events received in a second."""
        return self.events / self.seconds


class Spread:
    """Several measurements of one thing."""

    def __init__(self, values: Sequence[float]) -> None:
        """Hold at least one value."""
        self.values = [*values]

    @property
    def middle(self) -> float:
        """Return the median."""
        return median(self.values)

    def shown(self, digits: int = 0) -> str:
        """Return median and range as text."""
        return f"{self.middle:,.{digits}f} ({min(self.values):,.{digits}f}–{max(self.values):,.{digits}f})"

    def kept(self, digits: int = 1) -> dict[str, Any]:
        """Return median, range and every value as JSON takes them."""
        rounded = [round(value, digits) for value in self.values]
        return {
            "median": round(self.middle, digits),
            "min": min(rounded),
            "max": max(rounded),
            "rounds": rounded,
        }


async def measured(server: Postgres, contestant: Contestant, users: Users, events: Sequence[Happened]) -> Round:
    """Have *contestant* receive *events*; every event must be new, or a known duplicate."""
    before = contestant.processor_seconds(), processor_seconds(server), log_position(server)
    began = time.perf_counter()
    statuses = await contestant.receive(events)
    seconds = time.perf_counter() - began
    after = contestant.processor_seconds(), processor_seconds(server), log_position(server)
    repeated = sum(event.is_repeated for event in events)
    expected = Counter({"applied": len(events) - repeated, "duplicate": repeated})
    assert +statuses == +expected, f"{contestant.name}: {statuses}, but {expected} were sent"
    return Round(
        contestant=contestant.name,
        users=users,
        events=len(events),
        seconds=seconds,
        python_seconds=after[0] - before[0],
        postgres_seconds=after[1] - before[1],
        log_bytes=after[2] - before[2],
    )


def hide_from_collector() -> None:
    """Take everything there is out of the garbage collector's sight.

    A server does not hold the benchmark's events; they must not make its collections longer.
    """
    gc.collect()
    gc.freeze()


async def wait_for_rest(server: Postgres) -> None:
    """Wait until the server's background work for the last contestant is done.

    Its dead rows are its own affair: as long as they are vacuumed, nobody else is measured. Returns up after a while.
    """
    for _ in range(SETTLING_STEPS_MAX):
        await asyncio.sleep(SETTLING_STEP_SECONDS)
        if not server.rows("select from pg_stat_activity where backend_type = 'autovacuum worker'"):
            return


def log_position(server: Postgres) -> int:
    """Return how much *server* has written to its log so far, in bytes."""
    return int(server.rows("select pg_current_wal_insert_lsn() - '0/0'")[0][0])
