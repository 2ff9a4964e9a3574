"""Looks once a second for long work that was asked for and does it page by page, with an eye to those who wait."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from milepost.model.problem import Unavailable
from milepost.worker.boundaries import LOOK_EVERY_SECONDS, REST, REST_BUSY

_log = structlog.get_logger()


class JobWorker:
    """Does what was asked for until it is told to stop."""

    def __init__(self, work: Callable[[], Awaitable[bool]], waiting: Callable[[], int]) -> None:
        """Do pages by *work*, which tells whether there was one; *waiting* tells how many events of others wait."""
        self._work = work
        self._waiting = waiting
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Stop after the page at hand."""
        self._stopping.set()

    async def run(self) -> None:
        """Look and do until told to stop; what goes wrong is logged and tried again later."""
        while not self._stopping.is_set():
            began = asyncio.get_running_loop().time()
            try:
                did = await self._work()
            except Unavailable as error:
                _log.warning("workshop_waits", reason=str(error))
                did = False
            except Exception:  # noqa: BLE001 - others' work goes on: what failed now is tried again
                _log.exception("workshop_failed")
                did = False
            took = asyncio.get_running_loop().time() - began
            await self._rest(took * (REST_BUSY if self._waiting() else REST) if did else LOOK_EVERY_SECONDS)

    async def _rest(self, seconds: float) -> None:
        """Wait, or wake when told to stop."""
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return
