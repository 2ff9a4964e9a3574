"""The loop that every worker runs: do a unit of work, rest so that requests come first, stop when told to."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable

import structlog

from milepost.model.problem import Fault, Unavailable

LOOK_EVERY_SECONDS = 1
"""How long a worker waits before it looks again, when there was nothing to do or something failed once."""

FAILED_SECONDS_MAX = 60
"""The longest wait after failures in a row; each wait is twice as long as the one before."""

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
        self.name = name
        self.failure: str | None = None
        """The reason why the latest unit of work failed; None if it did not fail."""
        self._failures = 0
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
        """Work until told to stop. A failure is logged, and the work is tried again, later after each failure."""
        while not self.is_stopping:
            try:
                has_worked = await self.once()
            except Unavailable as error:
                # The database comes back at any moment, and one look a second is cheap.
                self._record(str(error), waits_longer=False)
            except Fault as error:
                self._record(str(error), waits_longer=True)
            except Exception as error:  # noqa: BLE001 - a failure of one unit must not end the loop
                if self.failure is None:
                    _log.exception(f"{self.name}_failed")
                self._record(f"{type(error).__name__}: {error}", waits_longer=True)
            else:
                self._record_success()
                if not has_worked:
                    await self._rest(self._look_every)
                continue
            await self._rest(min(FAILED_SECONDS_MAX, LOOK_EVERY_SECONDS * 2 ** min(self._failures, 10)))

    def _record(self, reason: str, *, waits_longer: bool) -> None:
        """Remember a failure; a line is logged for the first failure with this reason, not for each."""
        if reason != self.failure:
            _log.warning(f"{self.name}_waits", reason=reason)
        self.failure = reason
        self._failures = self._failures + 1 if waits_longer else 0

    def _record_success(self) -> None:
        if self.failure is not None:
            _log.info(f"{self.name}_works_again")
        self.failure, self._failures = None, 0

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
