"""Looks once a second for what is due and does it page by page, always with an eye to those who wait for an answer."""

import asyncio
from collections.abc import Callable

import structlog

from milepost.model.problem import Unavailable
from milepost.service.scheduled.boundaries import BoundaryNotifier

LOOK_EVERY_SECONDS = 1
REST = 1
"""How long it rests after a page, as a multiple of the time that the page took."""

REST_BUSY = 4
"""The same while events of others wait."""

_log = structlog.get_logger()


class BoundaryWorker:
    """Does what is due until it is told to stop."""

    def __init__(self, notifier: BoundaryNotifier, waiting: Callable[[], int]) -> None:
        """Work through *notifier*; *waiting* tells how many events of others wait in this process."""
        self._notifier = notifier
        self._waiting = waiting
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Stop after the page at hand."""
        self._stopping.set()

    async def run(self) -> None:
        """Look and do until told to stop; what goes wrong is logged and tried again later."""
        while not self._stopping.is_set():
            try:
                did = await self.once()
            except Unavailable as error:
                _log.warning("scheduler_waits", reason=str(error))
                did = False
            except Exception:  # noqa: BLE001 - time goes on: what failed now is tried again
                _log.exception("scheduler_failed")
                did = False
            if not did:
                await self._rest(LOOK_EVERY_SECONDS)

    async def once(self) -> bool:
        """Do one turn of what is due; return whether there was one."""
        await self._notifier.plan()
        lease = await self._notifier.acquire_lease()
        if lease is None:
            return False
        going = lease
        while lease is not None:
            if self._stopping.is_set():
                await self._notifier.release(going)
                break
            going = lease
            began = asyncio.get_running_loop().time()
            lease = await self._notifier.notify_page(going)
            took = asyncio.get_running_loop().time() - began
            if lease is not None:
                await self._rest(took * (REST_BUSY if self._waiting() else REST))
        return True

    async def _rest(self, seconds: float) -> None:
        """Wait, or wake when told to stop."""
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return
