"""Does the jobs that requests asked for, page by page."""

import asyncio
from collections.abc import Awaitable, Callable

from milepost.worker.loop import WorkerLoop


class JobWorker(WorkerLoop):
    """Works through the jobs; one page of a job is a unit of its work."""

    def __init__(self, work_page: Callable[[], Awaitable[bool]], events_waiting: Callable[[], int]) -> None:
        """Do pages by *work_page*, which returns whether there was one.

        *events_waiting* returns how many events of requests wait in this process.
        """
        super().__init__("workshop", events_waiting)
        self._work_page = work_page

    async def once(self) -> bool:
        """Do one page of the job that has waited longest; return whether there was one."""
        began = asyncio.get_running_loop().time()
        has_worked = await self._work_page()
        if has_worked:
            await self.rest_after_page(began)
        return has_worked
