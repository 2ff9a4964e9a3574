"""Connections and transactions. No other module commits."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import psycopg
from psycopg.rows import tuple_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from milepost.model.problem import Unavailable, Unfit
from milepost.store.sql.statements import statement
from milepost.store.wire.arrays import Packing

VERSION_MIN = 150000
"""The oldest supported server, by PostgreSQL's own version number."""

RETRIES_MAX = 5
_RETRY_STATES = frozenset({"40001", "40P01", "XX000"})
_AWAY = "the database cannot be reached"
_CHANGING = "what the request is about changes all the time; send it again"
_LOST = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    PoolTimeout,
    psycopg.errors.IdleInTransactionSessionTimeout,  # it ends the connection too, but is no OperationalError
)
_SAFE_SETTINGS = ("fsync", "full_page_writes", "synchronous_commit")

Row = tuple[Any, ...]
Result = TypeVar("Result")


STALE_MAX = 50
"""The number of times that work may be stale before it is given up; once is usual."""


class Stale(Exception):
    """The data with which a transaction began has changed. The work must be repeated in a new transaction."""


class StoredAlready(Exception):
    """A row that was to be added is there already."""


class UnsafeServer(Unfit):
    """The PostgreSQL server is too old, or its settings may lose confirmed transactions."""


class Transaction:
    """An open transaction. It runs named statements with parameters."""

    def __init__(self, connection: psycopg.AsyncConnection[Row]) -> None:
        """Use *connection*, which has an open transaction."""
        self._connection = connection

    async def rows(self, name: str, values: Mapping[str, object] | Sequence[object] = ()) -> list[Row]:
        """Run the statement *name* and return its rows."""
        cursor = await self._connection.execute(statement(name), values, binary=True)
        return await cursor.fetchall()

    async def row(self, name: str, values: Mapping[str, object] | Sequence[object] = ()) -> Row | None:
        """Run the statement *name* and return its first row, or None."""
        cursor = await self._connection.execute(statement(name), values, binary=True)
        return await cursor.fetchone()

    async def run(self, name: str, values: Mapping[str, object] | Sequence[object] = ()) -> None:
        """Run the statement *name* for its effect."""
        await self._connection.execute(statement(name), values)

    @asynccontextmanager
    async def together(self) -> AsyncIterator[None]:
        """Send the statements of the block without waiting for each result.

        An error is raised at the end of the block.
        """
        async with self._connection.pipeline():
            yield

    async def copy(self, name: str, sent: bytes) -> None:
        """Run the COPY statement *name* with the data *sent*, in the format that the statement names."""
        async with self._connection.cursor() as cursor, cursor.copy(statement(name)) as copy:
            await copy.write(sent)


class Database:
    """A pool of connections to one PostgreSQL."""

    def __init__(self, url: str, *, connections_max: int = 8) -> None:
        """Prepare a pool for the server at *url*, without opening a connection."""
        self._pool: AsyncConnectionPool[psycopg.AsyncConnection[Row]] = AsyncConnectionPool(
            url,
            min_size=1,
            max_size=connections_max,
            open=False,
            kwargs={"row_factory": tuple_row, "autocommit": True, "prepare_threshold": 2, "context": Packing()},
        )

    async def open(self, *, unsafe_durability: bool) -> None:
        """Open the pool.

        Raises UnsafeServer for an old server, and without *unsafe_durability* for one that may lose commits.
        """
        await self._pool.open(wait=True, timeout=60)
        async with self._pool.connection() as connection:
            await _check(connection, unsafe_durability=unsafe_durability)

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.close()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Open a transaction that commits when the block ends, and rolls back on an exception. Raises Unavailable."""
        try:
            async with self._open_transaction() as transaction:
                yield transaction
        except _LOST as error:
            raise Unavailable(_AWAY) from error

    @asynccontextmanager
    async def _open_transaction(self) -> AsyncIterator[Transaction]:
        async with self._pool.connection() as connection, connection.transaction():
            yield Transaction(connection)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Transaction]:
        """Open a connection for one statement that only reads, without a transaction around it. Raises Unavailable."""
        try:
            async with self._pool.connection() as connection:
                yield Transaction(connection)
        except _LOST as error:
            raise Unavailable(_AWAY) from error

    async def attempt(self, work: Callable[[Transaction], Awaitable[Result]]) -> Result:
        """Run *work* in a transaction and return its result.

        The work is repeated after a deadlock or a serialisation failure, and when it raises Stale. Raises Unavailable,
        and StoredAlready for a row that is there already.
        """
        for _ in range(STALE_MAX):
            try:
                return await self._attempt(work)
            except Stale:
                continue
        raise Unavailable(_CHANGING)

    async def _attempt(self, work: Callable[[Transaction], Awaitable[Result]]) -> Result:
        for attempt in range(RETRIES_MAX):
            try:
                async with self._open_transaction() as transaction:
                    return await work(transaction)
            except _LOST as error:
                if error.sqlstate in _RETRY_STATES and attempt < RETRIES_MAX - 1:
                    await asyncio.sleep(0.005 * 2**attempt)
                    continue
                raise Unavailable(_AWAY) from error
            except psycopg.errors.UniqueViolation as error:
                raise StoredAlready(str(error)) from error
            except psycopg.Error as error:
                if error.sqlstate not in _RETRY_STATES or attempt == RETRIES_MAX - 1:
                    raise
                await asyncio.sleep(0.005 * 2**attempt)
        raise AssertionError("the last attempt returns or raises")


async def _check(connection: psycopg.AsyncConnection[Row], *, unsafe_durability: bool) -> None:
    version = connection.info.server_version
    if version < VERSION_MIN:
        message = f"PostgreSQL {version // 10000} is too old; Milepost needs version {VERSION_MIN // 10000} or newer."
        raise UnsafeServer(message)
    cursor = await connection.execute(statement("durability"))
    off = [name for name, value in await cursor.fetchall() if name in _SAFE_SETTINGS and value == "off"]
    if off and not unsafe_durability:
        message = (
            f"The PostgreSQL server runs with {', '.join(off)} off and may lose events it has confirmed. "
            "Turn it on, or set MILEPOST_UNSAFE_DURABILITY=1 to accept that."
        )
        raise UnsafeServer(message)
