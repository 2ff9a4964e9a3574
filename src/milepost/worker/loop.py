"""The loop that every worker runs: do a unit of work, rest so that requests come first, stop when told to."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable

import structlog

from milepost.model.problem import Unavailable

LOOK_EVERY_SECONDS = 1
"""How long a worker waits before it looks again, when there was nothing to do or something failed."""

REST = 1
"""How long a worker rests after a page, as a multiple of the time that the page took."""

REST_BUSY = 4
"""The same multiple while events of requests wait in this process."""

_log = structlog.get_logger()


class WorkerLoop(ABC):
    """Works until it is told to stop. A subclass says in `once` what a unit of its work is."""

    def __init__(self, name: str, events_waiting: Callable[[], int], look_every: float = LOOK_EVERY_SECONDS) -> None:
        """Log as *name*; *events_waiting* returns how many events of requests wait in this process.

        Without work the loop looks again after *look_every* seconds.
        """
        self._name = name
        self._events_waiting = events_waiting
        self._look_every = look_every
        self._stopping = asyncio.Event()

    @property
    def is_stopping(self) -> bool:
        """Return whether the loop was told to stop."""
        return self._stopping.is_set()

    def stop(self) -> None:
        """Stop after the page at hand."""
        self._stopping.set()

    @abstractmethod
    async def once(self) -> bool:
        """Do a unit of work, with a rest after each of its pages; return whether there was any work."""

    async def run(self) -> None:
        """Work until told to stop. A failure is logged, and the work is tried again a second later."""
        while not self.is_stopping:
            try:
                has_worked = await self.once()
            except Unavailable as error:
                _log.warning(f"{self._name}_waits", reason=str(error))
                has_worked = False
            except Exception:  # noqa: BLE001 - a failure of one unit must not end the loop
                _log.exception(f"{self._name}_failed")
                has_worked = False
            if not has_worked:
                await self._rest(self._look_every)

    async def rest_after_page(self, began: float) -> None:
        """Rest in proportion to a page that *began* at this time of the event loop, longer while events wait."""
        took = asyncio.get_running_loop().time() - began
        await self._rest(took * (REST_BUSY if self._events_waiting() else REST))

    async def _rest(self, seconds: float) -> None:
        """Wait, or wake early when told to stop."""
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return
