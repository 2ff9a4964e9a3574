"""Our service in processes of their own, as `milepost serve --processes` runs it, without HTTP in between.

Each process receives the events of its own customers, as each connection of the baseline does.
"""

import asyncio
import gc
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import NamedTuple

import uvloop

from bench.event_receivers import BATCH_EVENTS, Service
from bench.events import Happened, batch_bodies, dealt
from bench.hosts import ORGANISATION, server_settings
from bench.machine import processor_seconds_of
from milepost.service.organisations.provisioning import organisation_id_by_name
from milepost.wiring import running

READY = "ready"


class _Worker(NamedTuple):
    process: SpawnProcess
    talk: Connection


class Processes:
    """Several processes of ours, each with one lane."""

    def __init__(self, name: str, url: str, workers: Sequence[_Worker]) -> None:
        """Receive through *workers*."""
        self.name = name
        self.url = url
        self._workers = workers

    async def receive(self, events: Sequence[Happened]) -> Counter[str]:
        """Receive *events*, dealt to the processes by customer."""
        parts = dealt(events, len(self._workers))
        for worker, part in zip(self._workers, parts, strict=True):
            worker.talk.send([*batch_bodies(part, BATCH_EVENTS)])
        counted = await asyncio.gather(*(asyncio.to_thread(worker.talk.recv) for worker in self._workers))
        return sum(counted, Counter())

    def processor_seconds(self) -> float:
        """Return the processor time of the processes."""
        return sum(processor_seconds_of(worker.process.pid or 0) for worker in self._workers)


@asynccontextmanager
async def beside(name: str, url: str, *, processes: int) -> AsyncIterator[Processes]:
    """Start so many processes on the database at *url*, and stop them afterwards."""
    context = get_context("spawn")
    workers: list[_Worker] = []
    try:
        for _ in range(processes):
            ours, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(url, theirs), daemon=True)
            process.start()
            workers.append(_Worker(process, ours))
        for worker in workers:
            ready = await asyncio.to_thread(worker.talk.recv)
            assert ready == READY, ready
        yield Processes(name, url, workers)
    finally:
        for worker in workers:
            worker.talk.send(None)
        for worker in workers:
            await asyncio.to_thread(worker.process.join)


def _serve(url: str, talk: Connection) -> None:
    uvloop.run(_receive_all(url, talk))


async def _receive_all(url: str, talk: Connection) -> None:
    """Receive batches until there are none; report the status of each batch's events."""
    async with running(url, server_settings(lanes=1)) as runtime:
        service = Service(
            "beside", url, runtime, await organisation_id_by_name(runtime.database, ORGANISATION), under_way=2
        )
        gc.collect()
        gc.freeze()
        talk.send(READY)
        while (bodies := await asyncio.to_thread(talk.recv)) is not None:
            talk.send(await service.receive_bodies(bodies))
