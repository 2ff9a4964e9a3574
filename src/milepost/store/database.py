"""Connections and transactions: the only place that commits."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import psycopg
from psycopg.rows import tuple_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from milepost.model.problem import Unavailable, Unfit
from milepost.store.statements import statement
from milepost.store.wire.arrays import Packing

VERSION_MIN = 150000
"""The oldest server we speak to, as PostgreSQL numbers it."""

RETRIES_MAX = 5
_RETRY_STATES = frozenset({"40001", "40P01", "XX000"})
_AWAY = "the database cannot be reached"
_CHANGING = "what the request is about changes all the time; send it again"
_LOST = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    PoolTimeout,
    psycopg.errors.IdleInTransactionSessionTimeout,  # the server ended the connection, though it is no such error
)
_SAFE_SETTINGS = ("fsync", "full_page_writes", "synchronous_commit")

Row = tuple[Any, ...]
Result = TypeVar("Result")


STALE_MAX = 50
"""How often work may find that what it began with is not so any more: mostly once."""


class Stale(Exception):
    """What a transaction began with is not so any more; it is to be begun again."""


class UnsafeServer(Unfit):
    """The PostgreSQL server may lose what it confirmed, or is too old."""


class Transaction:
    """One open transaction; statements are named, values are parameters."""

    def __init__(self, connection: psycopg.AsyncConnection[Row]) -> None:
        """Speak over *connection*, whose transaction is open."""
        self._connection = connection

    async def rows(self, name: str, values: Mapping[str, object] | Sequence[object] = ()) -> list[Row]:
        """Run the statement called *name* and give its rows."""
        cursor = await self._connection.execute(statement(name), values, binary=True)
        return await cursor.fetchall()

    async def row(self, name: str, values: Mapping[str, object] | Sequence[object] = ()) -> Row | None:
        """Run the statement called *name* and give its first row, if any."""
        cursor = await self._connection.execute(statement(name), values, binary=True)
        return await cursor.fetchone()

    async def run(self, name: str, values: Mapping[str, object] | Sequence[object] = ()) -> None:
        """Run the statement called *name* for its effect."""
        await self._connection.execute(statement(name), values)

    @asynccontextmanager
    async def together(self) -> AsyncIterator[None]:
        """Send the statements of the block without waiting for one before the next; their failure shows at its end."""
        async with self._connection.pipeline():
            yield

    async def copy(self, name: str, sent: bytes) -> None:
        """Send what the COPY statement called *name* wants, in its own format."""
        async with self._connection.cursor() as cursor, cursor.copy(statement(name)) as copy:
            await copy.write(sent)


class Database:
    """A pool of connections to one PostgreSQL."""

    def __init__(self, url: str, *, connections_max: int = 8) -> None:
        """Prepare a pool for the server at *url*; nothing is opened yet."""
        self._pool: AsyncConnectionPool[psycopg.AsyncConnection[Row]] = AsyncConnectionPool(
            url,
            min_size=1,
            max_size=connections_max,
            open=False,
            kwargs={"row_factory": tuple_row, "autocommit": True, "prepare_threshold": 2, "context": Packing()},
        )

    async def open(self, *, unsafe_durability: bool) -> None:
        """Open the pool; refuse a server that is too old or may lose commits, unless told otherwise."""
        await self._pool.open(wait=True, timeout=60)
        async with self._pool.connection() as connection:
            await _check(connection, unsafe_durability=unsafe_durability)

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.close()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Open a transaction that is kept when the block ends well and undone when it does not; raises Unavailable."""
        try:
            async with self._begun() as transaction:
                yield transaction
        except _LOST as error:
            raise Unavailable(_AWAY) from error

    @asynccontextmanager
    async def _begun(self) -> AsyncIterator[Transaction]:
        async with self._pool.connection() as connection, connection.transaction():
            yield Transaction(connection)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Transaction]:
        """Return a connection for one statement that only reads; it needs no transaction around it."""
        try:
            async with self._pool.connection() as connection:
                yield Transaction(connection)
        except _LOST as error:
            raise Unavailable(_AWAY) from error

    async def attempt(self, work: Callable[[Transaction], Awaitable[Result]]) -> Result:
        """Run *work* in a transaction, again if the server gave it up for another's sake (deadlock, serialisation).

        Also if the work itself says that it began with what is not so any more (Stale).
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
                async with self._begun() as transaction:
                    return await work(transaction)
            except _LOST as error:
                if getattr(error, "sqlstate", None) in _RETRY_STATES and attempt < RETRIES_MAX - 1:
                    await asyncio.sleep(0.005 * 2**attempt)
                    continue
                raise Unavailable(_AWAY) from error
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
