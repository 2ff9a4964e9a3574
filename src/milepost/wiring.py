"""The composition root: connects settings, database, clock and lanes. The only reader of the clock.

What only servers need is in `serving`: a command that asks or changes something once shall not wait for FastAPI.
"""

import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

from milepost.model.time import Micros
from milepost.operation.garbage import tune_gc
from milepost.operation.logs import log_as_json
from milepost.postgres.account import NotStarted
from milepost.postgres.embedded import EmbeddedServer
from milepost.service.ingest.lanes.lane import Limits
from milepost.service.runtime.outgoing import Outgoing, box_of_folder, box_of_key
from milepost.service.runtime.runtime import Runtime, build_runtime
from milepost.service.snapshot.rate_limits import RateLimits
from milepost.settings import ServerSettings
from milepost.store.database import Database, TimeLimits
from milepost.store.sql.schema import migrate_within
from milepost.store.sql.visibility import ALL, seeing


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
        try:
            yield server.url
        except BaseException as error:
            if server.failure is not None:
                raise NotStarted(server.failure) from error
            raise


@asynccontextmanager
async def running(url: str, settings: ServerSettings, patience: int = 0) -> AsyncIterator[Runtime]:
    """Open a runtime on the database at *url*, after migrating it to today's schema; raises Unavailable.

    A database that is away is waited for at most *patience* seconds: servers wait, commands tell their caller at once.
    """
    await migrate_within(url, patience)
    limits = TimeLimits(statement=settings.statement_seconds, lock=settings.lock_seconds)
    database = Database(
        url, connections_max=settings.connections_max, limits=limits, row_security=settings.row_security
    )
    await database.open(unsafe_durability=settings.unsafe_durability)
    try:
        queue = Limits(batch_events_max=settings.batch_events_max, waiting_events_max=settings.waiting_events_max)
        runtime = build_runtime(
            database,
            clock_from(settings.clock),
            lanes=settings.lanes,
            limits=queue,
            outgoing=outgoing_of(settings),
            rates=RateLimits(settings.organisation_rate, settings.caller_rate, settings.processes),
            is_optimistic=settings.optimistic_writes,
            decodes_batches=settings.batch_decoding,
        )
        runtime.requests.days = settings.request_days
        runtime.health.data = None if settings.database_url is not None else settings.data
        runtime.health.clock = None if settings.clock is not None else runtime.clock
        await runtime.lanes.start()
        tune_gc()
        try:
            # The work of the server itself and of its commands is for all organisations; a request narrows that.
            with seeing(ALL):
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


def log_to_stderr(settings: ServerSettings) -> None:
    """Write structured log lines to standard error, from the level that *settings* name."""
    log_as_json(settings.log_level.value)
