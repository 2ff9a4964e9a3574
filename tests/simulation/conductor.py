"""Decides by a seed which of several tasks goes on: one at a time, so that a run is the same each time.

A task that wants to use the store or the network waits for its turn. When all tasks wait, one of them is chosen. What
was chosen is the trace of a run.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from random import Random

SETTLING_STEPS = 60
"""Steps of the event loop after which every task has come to its next turn, for it waits for nothing else."""

TURNS_MAX = 5_000
HOUR_US = 3_600_000_000
SECOND_US = 1_000_000
START_US = 1_769_896_800_000_000
"""2026-01-31T22:00:00Z: two hours before a month ends."""


_has_turn: ContextVar[bool] = ContextVar("_has_turn", default=False)


@dataclass(eq=False)
class Process:
    """A process of the simulated installation: its clock goes wrong, it stands still for a while, it dies."""

    name: str
    clock_error: int = 0
    paused_until: int = 0
    is_dead: bool = False


class Conductor:
    """Chooses who goes on, moves the clock, and keeps the trace."""

    def __init__(self, seed: int) -> None:
        """Choose by *seed*."""
        self.random = Random(seed)
        self.now = START_US
        self.turns = 0
        self.trace: list[str] = []
        self.has_faults = True
        self._waiting: list[tuple[Process, str, asyncio.Future[None]]] = []
        self._free = asyncio.Event()
        self._free.set()

    @asynccontextmanager
    async def turn(self, process: Process, what: str) -> AsyncIterator[None]:
        """Wait for a turn of *process*, and hold it within the block. A dead process waits for ever.

        Whoever has a turn need not wait for another: a transaction may read beside itself.
        """
        if _has_turn.get():
            yield
            return
        chosen = asyncio.get_running_loop().create_future()
        self._waiting.append((process, what, chosen))
        await chosen
        held = _has_turn.set(True)
        try:
            yield
        finally:
            _has_turn.reset(held)
            self._free.set()

    async def conduct(self, is_over: Callable[[], bool]) -> None:
        """Give turns until *is_over*."""
        while True:
            await self._free.wait()
            for _ in range(SETTLING_STEPS):
                await asyncio.sleep(0)
            if is_over():
                return
            self._waiting = [one for one in self._waiting if not one[0].is_dead and not one[2].cancelled()]
            ready = [one for one in self._waiting if one[0].paused_until <= self.turns]
            self.turns += 1
            assert self.turns < TURNS_MAX, "the run has no end"
            self.now += self.random.randrange(3 * SECOND_US)
            if not ready:
                assert self._waiting, "every task waits for something that nobody does"
                continue
            one = ready[self.random.randrange(len(ready))]
            self._waiting.remove(one)
            self.trace.append(f"{self.turns} {self.now} {one[0].name} {one[1]}")
            self._free.clear()
            one[2].set_result(None)

    def happens(self, probability: float) -> bool:
        """Whether something that goes wrong now and then goes wrong now."""
        return self.random.random() < probability and self.has_faults
