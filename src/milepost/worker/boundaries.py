"""Notifies customers of the period boundaries that are due, page by page."""

import asyncio
from collections.abc import Callable

from milepost.service.scheduled.boundaries import BoundaryNotifier
from milepost.worker.loop import WorkerLoop


class BoundaryWorker(WorkerLoop):
    """Works through the period boundaries that are due; one boundary is a unit of its work."""

    def __init__(self, notifier: BoundaryNotifier, events_waiting: Callable[[], int]) -> None:
        """Work through *notifier*; *events_waiting* returns how many events of requests wait in this process."""
        super().__init__("scheduler", events_waiting)
        self._notifier = notifier

    async def once(self) -> bool:
        """Notify all customers of one boundary; return whether one was due.

        When told to stop, the worker releases its lease, so that another server need not wait until it expires.
        """
        await self._notifier.plan()
        lease = await self._notifier.acquire_lease()
        if lease is None:
            return False
        while lease is not None:
            if self.is_stopping:
                await self._notifier.release(lease)
                break
            began = asyncio.get_running_loop().time()
            lease = await self._notifier.notify_page(lease)
            if lease is not None:
                await self.rest_after_page(began)
        return True
