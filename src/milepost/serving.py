"""The servers and workers of an installation: the HTTP application on its address, in one process or in several."""

import asyncio
import multiprocessing
import multiprocessing.connection
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import replace
from multiprocessing.synchronize import Semaphore
from tempfile import TemporaryDirectory
from types import FrameType

import uvicorn
import uvloop
from fastapi import FastAPI

from milepost.api.http.app import Observers, create_app
from milepost.api.http.connections import ConnectionLimits, protocol_within
from milepost.api.native.queues.body import read_queued_event
from milepost.model.problem import Unavailable
from milepost.operation.deadline import begin_deadline
from milepost.operation.http_server import ReportingServer
from milepost.operation.listeners import address_of, shared_listeners
from milepost.operation.metrics import FOLDER_VARIABLE
from milepost.operation.observation import Observation
from milepost.operation.open_files import raise_open_files
from milepost.operation.tracing import tracing_to
from milepost.service.runtime.runtime import Runtime
from milepost.settings import ServerSettings
from milepost.store.database import OPENING_SECONDS
from milepost.store.sql.schema import migrate_within
from milepost.wiring import clock_from, log_to_stderr, running
from milepost.worker.assembly import Workers, workers_of
from milepost.worker.stop_signals import stop_signals_call

OTHER_FILES = 200
"""Files and connections of a process that are not connections of clients."""

LOOK_SECONDS = 1
"""How often the first process checks that the others are still alive while they start."""

_ENDED = "One of the server's processes ended; the log says why."

GRACE_SECONDS = 5
"""How long requests in progress may take after the server was told to stop."""


def app_of(runtime: Runtime, settings: ServerSettings, observation: Observation | None = None) -> FastAPI:
    """Return the HTTP application of a runtime; *observation* sees its requests."""
    return create_app(
        runtime,
        error_status=settings.error_status,
        answer_templates=settings.answer_templates,
        takes_shortcuts=settings.hot_routes,
        allowed_origins=settings.allowed_origins,
        observers=Observers(observation.request, observation.metrics.text) if observation else Observers(),
    )


@asynccontextmanager
async def background_workers(runtime: Runtime) -> AsyncIterator[None]:
    """Run the workers beside the block; when it ends, stop them after the page at hand."""
    workers = workers_of(runtime, read_queued_event)
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
        begin_deadline()
        if not workers and not stop_requested.is_set():
            starting.cancel()
        stop_requested.set()
        for worker in workers:
            worker.stop()

    with stop_signals_call(stop):
        try:
            async with running(url, settings, OPENING_SECONDS) as runtime:
                workers = workers_of(runtime, read_queued_event)
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
    async with AsyncExitStack() as stack:
        runtime = await stack.enter_async_context(running(url, settings, OPENING_SECONDS))
        if settings.worker:
            await stack.enter_async_context(background_workers(runtime))
        # One process tells operators of problems that all processes have.
        tracing = None if settings.traces_url is None else tracing_to(settings.traces_url, clock_from(None))
        observation = Observation(runtime, settings.alert_url if settings.worker else None, tracing)
        await stack.enter_async_context(observation.running())
        server = ReportingServer(_uvicorn_config(runtime, settings, observation), ready)
        parent = multiprocessing.parent_process()
        if listener is None or parent is None:
            await server.serve()
            return
        asyncio.get_running_loop().add_reader(parent.sentinel, server.stop)
        await server.serve([listener])


def _uvicorn_config(runtime: Runtime, settings: ServerSettings, observation: Observation) -> uvicorn.Config:
    limits = ConnectionLimits(
        clients_max=min(settings.clients_max, raise_open_files() - OTHER_FILES),
        header_seconds=settings.header_seconds,
        body_seconds=settings.body_seconds,
    )
    return uvicorn.Config(
        app_of(runtime, settings, observation),
        host=settings.host,
        port=settings.port,
        http=protocol_within(limits),
        ws="none",
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


def serve_together(url: str, settings: ServerSettings, ready: Callable[[str], None]) -> None:
    """Serve by several processes that share one address, until a signal says to stop (decision 0020).

    Each process is a complete server. They share only the database, whose row locks keep them apart. The first process
    runs the workers. When one process ends, all are ended, so that the service manager starts everything again.
    """
    asyncio.run(migrate_within(url, OPENING_SECONDS))
    context = multiprocessing.get_context("spawn")
    with ExitStack() as stack:
        # Each process writes its metrics there, so that whichever is asked answers for all.
        os.environ[FOLDER_VARIABLE] = stack.enter_context(TemporaryDirectory(prefix="milepost-metrics-"))
        listeners = [
            stack.enter_context(listener)
            for listener in shared_listeners(settings.host, settings.port, settings.processes)
        ]
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
            ready(address_of(listeners[0]))
            multiprocessing.connection.wait([process.sentinel for process in processes])
            raise Unavailable(_ENDED)
        finally:
            for process in processes:
                if process.is_alive():
                    process.terminate()
            for process in processes:
                if process.pid is not None:
                    process.join()


def _serve_beside(url: str, settings: ServerSettings, listener: socket.socket, answering: Semaphore) -> None:
    """Serve as one of several processes; release *answering* once requests are answered."""
    signal.signal(signal.SIGTERM, _end)
    # Ctrl-C reaches all processes of a terminal. The first process ends the others, so they ignore it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    log_to_stderr(settings)
    uvloop.run(serve(url, settings, lambda _: answering.release(), listener))


def _end(number: int, _: FrameType | None) -> None:
    begin_deadline()
    sys.exit(128 + number)
