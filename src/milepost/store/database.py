"""Connections and transactions. No other module commits."""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import psycopg
from psycopg.rows import tuple_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from milepost.model.problem import Unavailable
from milepost.store.sql.conninfo import CONNECTING_SECONDS, with_defaults
from milepost.store.sql.failures import AWAY, RETRY_STATES, meaning_of, means_lost
from milepost.store.sql.prepared import Row
from milepost.store.sql.row_security import APPLICATION_ROLE
from milepost.store.sql.server_check import UnsafeServer, check_server
from milepost.store.sql.silence import SilenceWatch
from milepost.store.sql.statements import statement
from milepost.store.sql.transaction import PooledConnection, Transaction
from milepost.store.sql.visibility import ALL, NONE, SETTING, visible_organisations
from milepost.store.wire.arrays import Packing

RETRIES_MAX = 5
RECONNECT_PAUSE_SECONDS = 0.1
"""The pause before the pool tries again to connect."""

DRAIN_PAUSE_SECONDS = 0.5
"""The least time between two replacements of all connections."""

OPENING_SECONDS = 60
"""How long a process waits for the database when it starts."""

__all__ = ["Database", "Row", "RowSecurityState", "Stale", "StoredAlready", "TimeLimits", "Transaction", "UnsafeServer"]

_CHANGING = "what the request is about changes all the time; send it again"
_PLANNING = {"plan_cache_mode": "force_generic_plan", "enable_seqscan": "off", "jit": "off"}
"""Each statement has one plan, by keys, whatever a table held when it was made (decision 0050)."""

Result = TypeVar("Result")


STALE_MAX = 50
"""The number of times that work may be stale before it is given up; once is usual."""


class Stale(Exception):
    """The data with which a transaction began has changed. The work must be repeated in a new transaction."""


class StoredAlready(Exception):
    """A row that was to be added is there already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeLimits:
    """How long a statement may run, how long it may wait for a lock, and how long the server may be silent."""

    statement: float = 10
    lock: float = 2
    margin: float = 2
    """How much longer than a statement may run its answer may take to arrive."""


class RowSecurityState(NamedTuple):
    """The role of statements, how many tables have organisations, and of how many it sees every row (decision 0046)."""

    role: str
    tables: int
    unguarded: int


class Database:
    """A pool of connections to one PostgreSQL."""

    def __init__(
        self,
        url: str,
        *,
        connections_max: int = 8,
        limits: TimeLimits = TimeLimits(),
        row_security: bool = True,
    ) -> None:
        """Prepare a pool for the server at *url*, without opening a connection.

        With *row_security* the sessions take the application's role, where there is one, and see only the rows of the
        organisations that the work at hand is about.
        """
        self.limits = limits
        self._row_security = row_security
        self.url = url
        self._drained_at = -math.inf
        self._draining: asyncio.Task[None] | None = None
        self._pool: AsyncConnectionPool[PooledConnection] = AsyncConnectionPool(
            with_defaults(url),
            connection_class=PooledConnection,
            min_size=1,
            max_size=connections_max,
            open=False,
            timeout=CONNECTING_SECONDS,
            reconnect_timeout=0,  # give up at once: `_try_again` decides about the next attempt, without growing pauses
            reconnect_failed=_try_again,
            configure=self._configure,
            kwargs={"row_factory": tuple_row, "autocommit": True, "prepare_threshold": 2, "context": Packing()},
        )

    async def open(self, *, unsafe_durability: bool, seconds: float = OPENING_SECONDS) -> None:
        """Open the pool; wait at most *seconds* for the server.

        Raises UnsafeServer for an old server, and without *unsafe_durability* for one that may lose commits.
        """
        deadline = time.monotonic() + seconds
        try:
            await self._pool.open(wait=True, timeout=seconds)
        except PoolTimeout as error:
            raise Unavailable(AWAY) from error
        while True:
            try:
                with self._failures():
                    async with self._pool.connection() as connection:
                        await check_server(connection, unsafe_durability=unsafe_durability)
            except Unavailable:
                # The server went away between the connection and the question.
                if time.monotonic() >= deadline:
                    raise
                await asyncio.sleep(RECONNECT_PAUSE_SECONDS)
            else:
                return

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.close()

    async def row_security_state(self) -> RowSecurityState:
        """Return how the rows of organisations are guarded for the statements of this pool."""
        async with self.reading() as reading:
            return RowSecurityState(*(await reading.row("row_security_state") or ("", 0, 0)))

    @property
    def pool_counts(self) -> Mapping[str, int]:
        """Return how many connections there are, are free, and are waited for."""
        counts = self._pool.get_stats()
        return {name: counts.get(f"{name}", 0) for name in ("pool_size", "pool_available", "requests_waiting")}

    @asynccontextmanager
    async def transaction(self, visible: str | None = None) -> AsyncIterator[Transaction]:
        """Open a transaction that commits when the block ends, and rolls back on an exception. Raises Unavailable.

        *visible* are the organisations whose rows it sees; without it they are those of the work at hand.
        """
        with self._failures():
            async with self._pool.connection() as connection:
                with self._watch(connection) as watch:
                    async with self._begun(connection, visible):
                        yield Transaction(connection, watch)
                        watch.touch()

    @asynccontextmanager
    async def reading(self, visible: str | None = None) -> AsyncIterator[Transaction]:
        """Open a connection for one statement that only reads, without a transaction around it. Raises Unavailable.

        *visible* are the organisations whose rows it sees; without it they are those of the work at hand.
        """
        with self._failures():
            async with self._pool.connection() as connection:
                with self._watch(connection) as watch:
                    yield Transaction(connection, watch, self._seen(visible))

    @asynccontextmanager
    async def single_statements(self, visible: str | None = None) -> AsyncIterator[Transaction]:
        """Open a connection on which each statement is a transaction of its own.

        Raises Stale for a deadlock or a serialisation failure, StoredAlready for a row that is there already, and
        Unavailable.
        """
        async with self.reading(visible) as transaction:
            try:
                yield transaction
            except psycopg.errors.UniqueViolation as error:
                raise StoredAlready(str(error)) from error
            except psycopg.Error as error:
                if error.sqlstate not in RETRY_STATES:
                    raise
                raise Stale from error

    async def attempt(self, work: Callable[[Transaction], Awaitable[Result]], visible: str | None = None) -> Result:
        """Run *work* in a transaction and return its result; *visible* is as in `transaction`.

        The work is repeated after a deadlock or a serialisation failure, and when it raises Stale. Raises Unavailable,
        and StoredAlready for a row that is there already.
        """
        for _ in range(STALE_MAX):
            try:
                return await self._attempt(work, visible)
            except Stale:
                continue
        raise Unavailable(_CHANGING)

    async def _attempt(self, work: Callable[[Transaction], Awaitable[Result]], visible: str | None) -> Result:
        with self._failures():
            for attempt in range(RETRIES_MAX):
                try:
                    async with self._pool.connection() as connection:
                        with self._watch(connection) as watch:
                            async with self._begun(connection, visible):
                                result = await work(Transaction(connection, watch))
                                watch.touch()
                            return result
                except psycopg.errors.UniqueViolation as error:
                    raise StoredAlready(str(error)) from error
                except psycopg.Error as error:
                    if error.sqlstate not in RETRY_STATES or attempt == RETRIES_MAX - 1:
                        raise
                    await asyncio.sleep(0.005 * 2**attempt)
        raise AssertionError("the last attempt returns or raises")

    def _seen(self, visible: str | None) -> str:
        """Return the organisations that a statement may see: *visible*, or those of the work at hand."""
        if not self._row_security:
            return ALL
        return visible_organisations() if visible is None else visible

    @asynccontextmanager
    async def _begun(self, connection: PooledConnection, visible: str | None) -> AsyncIterator[None]:
        """Open a transaction that sees *visible*; both are said in one message, so it takes no round trip more."""
        begin = f"begin; set local {SETTING} = '{self._seen(visible)}'"
        await connection.execute(begin.encode(), prepare=False)
        try:
            yield
        except BaseException:
            if not connection.closed:
                await connection.rollback()
            raise
        await connection.commit()

    def _watch(self, connection: psycopg.AsyncConnection[Row]) -> SilenceWatch:
        return SilenceWatch(connection, self.limits.statement + self.limits.margin)

    @contextmanager
    def _failures(self) -> Iterator[None]:
        """Raise what a failure of the driver means; after a loss, all connections are replaced."""
        try:
            yield
        except (psycopg.Error, PoolTimeout) as error:
            if means_lost(error):
                self._drain()
            meaning = meaning_of(error)
            if meaning is error:
                raise
            raise meaning from error

    async def _configure(self, connection: PooledConnection) -> None:
        """Set limits, plans (decision 0050) and what is seen (0046) of a new connection, and take the role."""
        visible = NONE if self._row_security else ALL
        settings = _PLANNING | {
            "statement_timeout": f"{self.limits.statement:g}s",
            "lock_timeout": f"{self.limits.lock:g}s",
            "idle_in_transaction_session_timeout": f"{self.limits.statement * 6:g}s",
            SETTING: visible,
        }
        with self._watch(connection):
            await connection.execute(statement("configure"), {"names": [*settings], "values": [*settings.values()]})
            if self._row_security:
                await connection.execute(statement("take_role"), {"role": APPLICATION_ROLE})
            cursor = await connection.execute(statement("copies_into_log"))
            connection.visible = visible
            connection.copies_into_log = await cursor.fetchone() == (True,)

    def _drain(self) -> None:
        """Replace all connections, because a server that lost one has often lost all; at most once in a while.

        Checking each instead would cost the requests that meet them a second each, and an answer of a silent server.
        """
        now = asyncio.get_running_loop().time()
        if now - self._drained_at >= DRAIN_PAUSE_SECONDS:
            self._drained_at = now
            self._draining = asyncio.create_task(self._pool.drain())


async def _try_again(pool: AsyncConnectionPool[Any]) -> None:
    """Let the pool try to connect again. Left alone it does so for the next request, and not for those that wait."""
    await asyncio.sleep(RECONNECT_PAUSE_SECONDS)
    await pool.check()
