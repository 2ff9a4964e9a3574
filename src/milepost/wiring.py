"""The one place that connects settings, database, clock, lanes and the app; the only reader of the clock."""

import asyncio
import gc
import logging
import multiprocessing
import multiprocessing.connection
import signal
import socket
import sys
import time
from asyncio.trsock import TransportSocket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, nullcontext
from dataclasses import replace
from multiprocessing.synchronize import Semaphore
from types import FrameType

import structlog
import uvicorn
from fastapi import FastAPI

from milepost.api.http.app import create_app
from milepost.model.problem import Unavailable
from milepost.postgres.embedded import EmbeddedServer
from milepost.service.ingest.lanes import Limits
from milepost.service.runtime.runtime import Runtime, build_runtime
from milepost.service.scheduled.boundaries import BoundaryNotifier
from milepost.service.scheduled.jobs import work_once
from milepost.settings import ServerSettings
from milepost.store.database import Database
from milepost.store.schema import migrate
from milepost.worker.boundaries import BoundaryWorker
from milepost.worker.jobs import JobWorker

COLLECT_AFTER_ALLOCATIONS = 100_000
BACKLOG = 2048
"""Connections that wait to be taken by one of several processes."""

LOOK_SECONDS = 1
"""How often it is looked whether all of several processes still live while they start."""

_ENDED = "One of the server's processes ended; the log says why."

GRACE_SECONDS = 10
"""How long requests in progress may take when the server is told to stop."""


def clock_from(start: int | None) -> Callable[[], int]:
    """Return a clock in epoch microseconds: the real one, or one that reads *start* now and runs on from there."""
    if start is None:
        return lambda: time.time_ns() // 1000
    began = time.monotonic_ns()
    return lambda: start + (time.monotonic_ns() - began) // 1000


@contextmanager
def database_url(settings: ServerSettings) -> Iterator[str]:
    """Return the URL of the database that *settings* name; the embedded one runs inside the block."""
    if settings.database_url is not None:
        yield settings.database_url
        return
    with EmbeddedServer(settings.data, binaries=settings.pg_bin) as server:
        yield server.url


def tune_gc() -> None:
    """Let the cyclic collector look seldom: a batch makes many small values and no cycles (docs/performance.md).

    What exists by now lives as long as the process, so it is not looked at again.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER_ALLOCATIONS, 20, 100)


@asynccontextmanager
async def running(url: str, settings: ServerSettings) -> AsyncIterator[Runtime]:
    """Run an installation on the database at *url*, brought to today's schema first."""
    await migrate(url)
    database = Database(url, connections_max=settings.connections_max)
    await database.open(unsafe_durability=settings.unsafe_durability)
    try:
        limits = Limits(batch_events_max=settings.batch_events_max, waiting_events_max=settings.waiting_events_max)
        runtime = build_runtime(database, clock_from(settings.clock), lanes=settings.lanes, limits=limits)
        await runtime.lanes.start()
        tune_gc()
        try:
            yield runtime
        finally:
            await runtime.lanes.stop()
    finally:
        await database.close()


def app_of(runtime: Runtime, settings: ServerSettings) -> FastAPI:
    """Return the HTTP face of a running installation."""
    return create_app(runtime, error_status=settings.error_status)


@asynccontextmanager
async def scheduling(runtime: Runtime) -> AsyncIterator[BoundaryWorker]:
    """Do what time brings, and long work that was asked for, beside the block until it ends."""
    scheduler, workshop = _workers(runtime)
    tasks = [asyncio.create_task(worker.run()) for worker in (scheduler, workshop)]
    try:
        yield scheduler
    finally:
        scheduler.stop()
        workshop.stop()
        await asyncio.gather(*tasks)


def _workers(runtime: Runtime) -> tuple[BoundaryWorker, JobWorker]:
    scheduler = BoundaryWorker(BoundaryNotifier(runtime), lambda: runtime.lanes.events_waiting)
    return scheduler, JobWorker(lambda: work_once(runtime), lambda: runtime.lanes.events_waiting)


async def work(url: str, settings: ServerSettings, ready: Callable[[], None]) -> None:
    """Do what time brings, and long work that was asked for, until a signal says to stop, and nothing else."""
    async with running(url, settings) as runtime:
        scheduler, workshop = _workers(runtime)

        def stop() -> None:
            scheduler.stop()
            workshop.stop()

        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop)
        ready()
        await asyncio.gather(scheduler.run(), workshop.run())


async def serve(
    url: str, settings: ServerSettings, ready: Callable[[str], None], rules_for: socket.socket | None = None
) -> None:
    """Serve until a signal says to stop; *ready* is told the address once requests are answered.

    Where a *rules_for* socket is given, others listen at the same address, and the end of the process that started this
    one is taken for such a signal.
    """
    async with running(url, settings) as runtime, scheduling(runtime) if settings.worker else nullcontext():
        config = uvicorn.Config(
            app_of(runtime, settings),
            host=settings.host,
            port=settings.port,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        server = _Server(config, ready)
        parent = multiprocessing.parent_process()
        if rules_for is None or parent is None:
            await server.serve()
            return
        asyncio.get_running_loop().add_reader(parent.sentinel, server.stop)
        await server.serve([rules_for])


def serve_together(url: str, settings: ServerSettings, ready: Callable[[str], None]) -> None:
    """Serve by several processes that answer on one address, until a signal says to stop.

    Each is a whole server of its own; what they share is the database, whose row locks keep them apart. The first one
    does what time brings. When one of them ends, all do: whoever started this starts it again.
    """
    asyncio.run(migrate(url))
    context = multiprocessing.get_context("spawn")
    with ExitStack() as stack:
        sockets = [stack.enter_context(one) for one in _sockets(settings)]
        answering = context.Semaphore(0)
        mine = [replace(settings, worker=settings.worker and place == 0) for place in range(settings.processes)]
        processes = [
            context.Process(target=_serve_beside, args=(url, each, rules_for, answering))
            for each, rules_for in zip(mine, sockets, strict=True)
        ]
        try:
            for process in processes:
                process.start()
            for _ in processes:
                while not answering.acquire(timeout=LOOK_SECONDS):
                    if not all(process.is_alive() for process in processes):
                        raise Unavailable(_ENDED)
            ready(_shown(sockets[0]))
            multiprocessing.connection.wait([process.sentinel for process in processes])
            raise Unavailable(_ENDED)
        finally:
            for process in processes:
                if process.is_alive():
                    process.terminate()
            for process in processes:
                if process.pid is not None:
                    process.join()


def _sockets(settings: ServerSettings) -> list[socket.socket]:
    """Return a socket for each process, all at one address: the system shares connections out among them.

    With one socket for all, whichever process wakes first takes most of those that come at once. Where an address
    cannot be had several times, or connections would not be shared out, there is only one.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # Taken alone first: else a second server could be started here, and would take half of the first one's clients.
    try:
        alone = socket.create_server((settings.host, settings.port), family=family, backlog=BACKLOG)
    except OSError as error:
        message = f"The address {settings.host}:{settings.port} cannot be listened at: {error.strerror}."
        raise Unavailable(message) from error
    if sys.platform != "linux":
        return [alone, *(alone.dup() for _ in range(1, settings.processes))]
    address = alone.getsockname()[:2]
    alone.close()
    return [
        socket.create_server(address, family=family, backlog=BACKLOG, reuse_port=True)
        for _ in range(settings.processes)
    ]


def _serve_beside(url: str, settings: ServerSettings, rules_for: socket.socket, answering: Semaphore) -> None:
    """Serve as one of several processes; tell by *answering* once requests are answered."""
    signal.signal(signal.SIGTERM, _end)
    # The terminal tells all processes that it was interrupted; the first one tells the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    log_to_stderr(settings)
    asyncio.run(serve(url, settings, lambda _: answering.release(), rules_for))


def _end(number: int, _: FrameType | None) -> None:
    sys.exit(128 + number)


class _Server(uvicorn.Server):
    """Says when it answers."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[str], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready(_shown(self.servers[0].sockets[0]))

    def stop(self) -> None:
        """Finish what is being answered, then end."""
        self.should_exit = True


def _shown(rules_for: TransportSocket | socket.socket) -> str:
    """Return the address at which a socket listens as people write it."""
    host, port = rules_for.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def log_to_stderr(settings: ServerSettings) -> None:
    """Write structured log lines to standard error, from the level that *settings* name."""
    level = logging.getLevelNamesMapping()[settings.log_level.value.upper()]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(level=max(level, logging.WARNING), stream=sys.stderr)
