"""The database of the baseline's server, over one of two drivers: psycopg, or asyncpg, which is quicker."""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import asyncpg
import psycopg
from psycopg_pool import AsyncConnectionPool

from bench.baseline import BATCH, NAMES
from bench.baseline_reading import ROWS

CONNECTIONS = 8
"""As many as Milepost uses."""

Row = tuple[Any, ...]
Rows = list[Row]
_PARAMETER = re.compile(r"%\((\w+)\)b|%b")


class Pool(ABC):
    """Connections to the baseline's database."""

    @abstractmethod
    async def open(self) -> None:
        """Connect."""

    @abstractmethod
    async def close(self) -> None:
        """Leave the server."""

    @abstractmethod
    async def known(self, names: list[str]) -> list[tuple[str, int]]:
        """Return those of *names* that are customers, with their ids."""

    @abstractmethod
    async def receive(self, values: Mapping[str, object]) -> Row:
        """Receive a batch; return how many events were new, and how many progress rows changed."""

    @abstractmethod
    async def progress(self, customer_id: int) -> Rows:
        """Return the rows of a customer's progress."""


class Psycopg(Pool):
    """Over psycopg."""

    def __init__(self, url: str) -> None:
        """Prepare to connect to *url*."""
        options = {"autocommit": True, "prepare_threshold": 1}
        self._pool: AsyncConnectionPool[psycopg.AsyncConnection[Row]] = AsyncConnectionPool(
            url, min_size=CONNECTIONS, max_size=CONNECTIONS, open=False, kwargs=options
        )

    async def open(self) -> None:
        """Connect."""
        await self._pool.open(wait=True)

    async def close(self) -> None:
        """Leave the server."""
        await self._pool.close()

    async def known(self, names: list[str]) -> list[tuple[str, int]]:
        """Return those of *names* that are customers, with their ids."""
        async with self._pool.connection() as connection:
            return [(name, id_) for name, id_ in await (await connection.execute(NAMES, [names])).fetchall()]

    async def receive(self, values: Mapping[str, object]) -> Row:
        """Receive a batch; return how many events were new, and how many progress rows changed."""
        async with self._pool.connection() as connection:
            row = await (await connection.execute(BATCH, values, binary=True)).fetchone()
        assert row is not None
        return row

    async def progress(self, customer_id: int) -> Rows:
        """Return the rows of a customer's progress."""
        async with self._pool.connection() as connection:
            return await (await connection.execute(ROWS, [customer_id], binary=True)).fetchall()


class Asyncpg(Pool):
    """Over asyncpg."""

    def __init__(self, url: str) -> None:
        """Prepare to connect to *url*, a connection string of libpq."""
        parts = psycopg.conninfo.conninfo_to_dict(url)
        self._options = {name: parts[known] for known, name in _OPTIONS.items() if parts.get(known) is not None}
        self._batch, self._batch_names = _numbered(BATCH)
        self._pool: Any = None

    async def open(self) -> None:
        """Connect. What a connection sent when it goes back is left out, for psycopg sends nothing then."""
        self._pool = await asyncpg.create_pool(
            **self._options, min_size=CONNECTIONS, max_size=CONNECTIONS, reset=_nothing
        )

    async def close(self) -> None:
        """Leave the server."""
        await self._pool.close()

    async def known(self, names: list[str]) -> list[tuple[str, int]]:
        """Return those of *names* that are customers, with their ids."""
        return [(name, id_) for name, id_ in await self._pool.fetch(_numbered(NAMES.encode())[0], names)]

    async def receive(self, values: Mapping[str, object]) -> Row:
        """Receive a batch; return how many events were new, and how many progress rows changed."""
        row: Row = await self._pool.fetchrow(self._batch, *(values[name] for name in self._batch_names))
        return row

    async def progress(self, customer_id: int) -> Rows:
        """Return the rows of a customer's progress."""
        rows: Rows = await self._pool.fetch(_READ, customer_id)
        return rows


DRIVERS: Mapping[str, type[Psycopg] | type[Asyncpg]] = {"psycopg": Psycopg, "asyncpg": Asyncpg}
_OPTIONS = {"host": "host", "port": "port", "user": "user", "password": "password", "dbname": "database"}


async def _nothing(_connection: object) -> None:
    """Send nothing."""


def _numbered(statement: bytes) -> tuple[str, list[str]]:
    """Return *statement* with numbered parameters, as asyncpg takes it, and the names of these in order."""
    names: list[str] = []

    def number(found: re.Match[str]) -> str:
        name = found[1] or ""
        if name not in names:
            names.append(name)
        return f"${names.index(name) + 1}"

    return _PARAMETER.sub(number, statement.decode()), names


_READ, _ = _numbered(ROWS)
