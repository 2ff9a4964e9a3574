"""Recomputes some customers every minute, and makes a root over all chains once a day."""

import asyncio
from collections.abc import Awaitable, Callable

from milepost.service.chain.audit import Audit
from milepost.worker.loop import WorkerLoop

AUDIT_EVERY_SECONDS = 60

MakeRoot = Callable[[Callable[[], Awaitable[None]]], Awaitable[bool]]
"""Makes a root if it is due, with a function that rests between its pages; returns whether one was made."""


class AuditWorker(WorkerLoop):
    """Checks what is stored while the server works."""

    def __init__(self, audit: Audit, make_root: MakeRoot, events_waiting: Callable[[], int]) -> None:
        """Recompute by *audit*; *events_waiting* returns how many events of requests wait in this process."""
        super().__init__("audit", events_waiting, AUDIT_EVERY_SECONDS)
        self._audit = audit
        self._make_root = make_root
        self._began = 0.0

    async def once(self) -> bool:
        """Recompute some customers, and make a root if it is due; there is no more to do in this minute."""
        self._began = asyncio.get_running_loop().time()
        await self._audit.once()
        await self._pause()
        await self._make_root(self._pause)
        return False

    async def _pause(self) -> None:
        """Rest in proportion to the time that the page took."""
        await self.rest_after_page(self._began)
        self._began = asyncio.get_running_loop().time()
