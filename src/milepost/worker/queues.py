"""Reads the queues of all organisations: one task for each queue that this process leases."""

import asyncio
from collections.abc import Callable

from milepost.service.queues.queues import ReadEvent
from milepost.service.queues.reader import QueueReader, lease_queue
from milepost.service.runtime.runtime import Runtime
from milepost.worker.loop import WorkerLoop


class QueueWorker(WorkerLoop):
    """Leases queues that nobody reads, and reads them."""

    def __init__(self, runtime: Runtime, read_event: ReadEvent, events_waiting: Callable[[], int]) -> None:
        """Read the queues of *runtime*; each message is read as an event by *read_event*."""
        super().__init__("queues", events_waiting)
        self._runtime = runtime
        self._read_event = read_event
        self._readers: dict[asyncio.Task[None], QueueReader] = {}

    async def once(self) -> bool:
        """Begin to read one queue that nobody reads; return whether there was one."""
        ended = [task for task in self._readers if task.done()]
        for task in ended:
            del self._readers[task]
            task.result()
        queued = await lease_queue(self._runtime)
        if queued is None:
            return False
        reader = QueueReader(self._runtime, queued, self._read_event)
        self._readers[asyncio.create_task(reader.run())] = reader
        return True

    async def run(self) -> None:
        """Read until told to stop, and then let the messages at hand be received."""
        try:
            await super().run()
        finally:
            for reader in self._readers.values():
                reader.stop()
            await asyncio.gather(*self._readers, return_exceptions=True)
