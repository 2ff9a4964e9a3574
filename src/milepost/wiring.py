"""The composition root: connects settings, database, clock, lanes and the app. The only reader of the clock."""

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
from milepost.model.time import Micros
from milepost.postgres.embedded import EmbeddedServer
from milepost.service.ingest.lanes import Limits
from milepost.service.runtime.outgoing import Outgoing, box_of_folder, box_of_key
from milepost.service.runtime.runtime import Runtime, build_runtime
from milepost.settings import ServerSettings
from milepost.store.database import Database
from milepost.store.sql.schema import migrate
from milepost.worker.assembly import Workers, workers_of
from milepost.worker.stop_signals import stop_signals_call

COLLECT_AFTER_ALLOCATIONS = 100_000
"""Allocations after which the garbage collector looks at the youngest generation."""

BACKLOG = 2048
"""Connections that wait to be accepted by one of several processes."""

LOOK_SECONDS = 1
"""How often the first process checks that the others are still alive while they start."""

_ENDED = "One of the server's processes ended; the log says why."

GRACE_SECONDS = 10
"""How long requests in progress may take after the server was told to stop."""


def clock_from(start: Micros | None) -> Callable[[], Micros]:
    """Return a clock in epoch microseconds: the real one, or one that reads *start* now and runs on from there."""
    if start is None:
        return lambda: Micros(time.time_ns() // 1000)
    began = time.monotonic_ns()
    return lambda: Micros(start + (time.monotonic_ns() - began) // 1000)


@contextmanager
def database_url(settings: ServerSettings) -> Iterator[str]:
    """Return the URL of the database that *settings* name. The embedded server runs as long as the block."""
    if settings.database_url is not None:
        yield settings.database_url
        return
    with EmbeddedServer(settings.data, binaries=settings.pg_bin) as server:
        yield server.url


def tune_gc() -> None:
    """Make cyclic garbage collection rare: a batch makes many small values and no cycles (docs/performance.md).

    Objects that exist by now live as long as the process; they are frozen, so that no collection visits them again.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER_ALLOCATIONS, 20, 100)


@asynccontextmanager
async def running(url: str, settings: ServerSettings) -> AsyncIterator[Runtime]:
    """Open a runtime on the database at *url*, after migrating it to today's schema."""
    await migrate(url)
    database = Database(url, connections_max=settings.connections_max)
    await database.open(unsafe_durability=settings.unsafe_durability)
    try:
        limits = Limits(batch_events_max=settings.batch_events_max, waiting_events_max=settings.waiting_events_max)
        runtime = build_runtime(
            database,
            clock_from(settings.clock),
            lanes=settings.lanes,
            limits=limits,
            outgoing=outgoing_of(settings),
        )
        await runtime.lanes.start()
        tune_gc()
        try:
            yield runtime
        finally:
            await runtime.lanes.stop()
    finally:
        await database.close()


def outgoing_of(settings: ServerSettings) -> Outgoing:
    """Return how this process sends to the outside; signatures are made by the real time."""
    box = box_of_folder(settings.data) if settings.secret_key is None else box_of_key(settings.secret_key)
    return Outgoing(
        box=box, now=clock_from(None), allows_private=settings.webhooks_private, inspects=settings.inspector
    )


def app_of(runtime: Runtime, settings: ServerSettings) -> FastAPI:
    """Return the HTTP application of a runtime."""
    return create_app(runtime, error_status=settings.error_status, answer_templates=settings.answer_templates)


@asynccontextmanager
async def background_workers(runtime: Runtime) -> AsyncIterator[None]:
    """Run the workers beside the block; when it ends, stop them after the page at hand."""
    workers = workers_of(runtime)
    tasks = [asyncio.create_task(worker.run()) for worker in workers]
    try:
        yield
    finally:
        for worker in workers:
            worker.stop()
        await asyncio.gather(*tasks)


async def run_workers(url: str, settings: ServerSettings, ready: Callable[[], None]) -> None:
    """Run the workers, and nothing else, until a signal says to stop; call *ready* once they run.

    A signal that arrives while the runtime is still starting (it may wait long for the database) ends the start, and
    this function returns as it does after a signal that stops running workers.
    """
    workers: Workers = ()
    starting = asyncio.current_task()
    assert starting is not None, "a coroutine runs in a task"
    stop_requested = asyncio.Event()

    def stop() -> None:
        if not workers and not stop_requested.is_set():
            starting.cancel()
        stop_requested.set()
        for worker in workers:
            worker.stop()

    with stop_signals_call(stop):
        try:
            async with running(url, settings) as runtime:
                workers = workers_of(runtime)
                ready()
                await asyncio.gather(*(worker.run() for worker in workers))
        except asyncio.CancelledError:
            if not stop_requested.is_set():
                raise


async def serve(
    url: str, settings: ServerSettings, ready: Callable[[str], None], listener: socket.socket | None = None
) -> None:
    """Serve until a signal says to stop; call *ready* with the address once requests are answered.

    A *listener* is given to each of several processes that share one address. Such a process also stops when the
    process that started it ends.
    """
    async with running(url, settings) as runtime, background_workers(runtime) if settings.worker else nullcontext():
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
        if listener is None or parent is None:
            await server.serve()
            return
        asyncio.get_running_loop().add_reader(parent.sentinel, server.stop)
        await server.serve([listener])


def serve_together(url: str, settings: ServerSettings, ready: Callable[[str], None]) -> None:
    """Serve by several processes that share one address, until a signal says to stop (decision 0020).

    Each process is a complete server. They share only the database, whose row locks keep them apart. The first process
    runs the workers. When one process ends, all are ended, so that the service manager starts everything again.
    """
    asyncio.run(migrate(url))
    context = multiprocessing.get_context("spawn")
    with ExitStack() as stack:
        listeners = [stack.enter_context(listener) for listener in _listeners(settings)]
        answering = context.Semaphore(0)
        settings_by_process = [
            replace(settings, worker=settings.worker and place == 0) for place in range(settings.processes)
        ]
        processes = [
            context.Process(target=_serve_beside, args=(url, process_settings, listener, answering))
            for process_settings, listener in zip(settings_by_process, listeners, strict=True)
        ]
        try:
            for process in processes:
                process.start()
            for _ in processes:
                while not answering.acquire(timeout=LOOK_SECONDS):
                    if not all(process.is_alive() for process in processes):
                        raise Unavailable(_ENDED)
            ready(_address(listeners[0]))
            multiprocessing.connection.wait([process.sentinel for process in processes])
            raise Unavailable(_ENDED)
        finally:
            for process in processes:
                if process.is_alive():
                    process.terminate()
            for process in processes:
                if process.pid is not None:
                    process.join()


def _listeners(settings: ServerSettings) -> list[socket.socket]:
    """Return a listening socket for each process, all at one address: Linux spreads connections over them.

    With one socket for all processes, the process that wakes first would accept most of the connections that arrive
    together. Other systems do not spread connections, so there the processes share one socket.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # Without `reuse_port` first: else a second Milepost could start at this address and take half of the clients.
    try:
        exclusive = socket.create_server((settings.host, settings.port), family=family, backlog=BACKLOG)
    except OSError as error:
        message = f"The address {settings.host}:{settings.port} cannot be listened at: {error.strerror}."
        raise Unavailable(message) from error
    if sys.platform != "linux":
        return [exclusive, *(exclusive.dup() for _ in range(1, settings.processes))]
    address = exclusive.getsockname()[:2]
    exclusive.close()
    return [
        socket.create_server(address, family=family, backlog=BACKLOG, reuse_port=True)
        for _ in range(settings.processes)
    ]


def _serve_beside(url: str, settings: ServerSettings, listener: socket.socket, answering: Semaphore) -> None:
    """Serve as one of several processes; release *answering* once requests are answered."""
    signal.signal(signal.SIGTERM, _end)
    # Ctrl-C reaches all processes of a terminal. The first process ends the others, so they ignore it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    log_to_stderr(settings)
    asyncio.run(serve(url, settings, lambda _: answering.release(), listener))


def _end(number: int, _: FrameType | None) -> None:
    sys.exit(128 + number)


class _Server(uvicorn.Server):
    """A uvicorn server that reports when it answers requests."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[str], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready(_address(self.servers[0].sockets[0]))

    def stop(self) -> None:
        """Finish the requests in progress, then end."""
        self.should_exit = True


def _address(listener: TransportSocket | socket.socket) -> str:
    """Return the URL of the address at which *listener* listens."""
    host, port = listener.getsockname()[:2]
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
