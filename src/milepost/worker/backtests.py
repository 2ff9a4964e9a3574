"""Runs back-tests that requests asked for, in a process beside the server's own."""

import asyncio
from collections.abc import Awaitable, Callable

from milepost.worker.loop import WorkerLoop

RunNext = Callable[[Callable[[], Awaitable[None]]], Awaitable[bool]]
"""Runs the next back-test with a function that rests between its parts; returns whether there was one."""


class BacktestWorker(WorkerLoop):
    """Runs one back-test after the other."""

    def __init__(self, run_next: RunNext, events_waiting: Callable[[], int]) -> None:
        """Run by *run_next*; *events_waiting* returns how many events of requests wait in this process."""
        super().__init__("backtests", events_waiting)
        self._run_next = run_next
        self._began = 0.0

    async def once(self) -> bool:
        """Run a back-test; return whether there was one."""
        self._began = asyncio.get_running_loop().time()
        return await self._run_next(self._pause)

    async def _pause(self) -> None:
        """Rest after a part in proportion to the time that it took."""
        await self.rest_after_page(self._began)
        self._began = asyncio.get_running_loop().time()
