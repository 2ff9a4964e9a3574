"""Migrates a database to the present schema. Each migration is applied once, and recorded with its checksum."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from functools import partial
from hashlib import sha256
from importlib.resources import files
from typing import Any

import psycopg
import structlog
from psycopg.rows import tuple_row

from milepost.model.problem import Unavailable, Unfit
from milepost.store.database import Transaction
from milepost.store.sql.conninfo import with_defaults
from milepost.store.sql.failures import means_lost
from milepost.store.sql.row_security import LOCK_MILLISECONDS, guard, prepare_role, unguarded_tables

_OLDEST = re.compile(r"^-- oldest: (\S+)$", re.MULTILINE)
ATTEMPTS_MAX = 60
PAUSE_SECONDS = 1
_log = structlog.get_logger()
_LOCK = 0x4D696C65  # "Mile": servers that start together on one PostgreSQL migrate one after the other


class TooNew(Unfit):
    """The database was migrated by a newer Milepost, and programs as old as this one may not use it any more."""


class Tampered(Unfit):
    """The text of an applied migration has changed."""


def migrations() -> list[tuple[str, str]]:
    """Return the name and the text of each migration, in order."""
    folder = files("milepost.store").joinpath("migrations")
    named = sorted((f for f in folder.iterdir() if f.name.endswith(".sql")), key=lambda f: f.name)
    return [(file.name, file.read_text(encoding="utf-8")) for file in named]


async def pending_migrations(transaction: Transaction) -> list[str]:
    """Return the names of the migrations that were not applied."""
    applied = {name for (name,) in await transaction.rows("applied_migrations")}
    return [name for name, _ in migrations() if name not in applied]


async def migrate(url: str) -> list[str]:
    """Apply the missing migrations at *url*, each in a transaction of its own. Return the names of those applied.

    Raises Unavailable if the server cannot be reached, Tampered if the text of an applied migration has changed, and
    TooNew if this program is too old for the database. A migration names the oldest program that may use the database
    after it, by that program's newest migration, in a line `-- oldest: NAME`; without one only newer programs may.
    """
    connecting = await _connect(url)
    applied: list[str] = []
    async with connecting as connection:
        await connection.execute("select pg_advisory_lock(%s)", [_LOCK])
        await connection.execute(
            "create table if not exists migration ("
            "name text primary key, checksum text not null, applied_at timestamptz not null default now())",
        )
        await connection.execute("alter table migration add column if not exists oldest text")
        cursor = await connection.execute("select name, checksum from migration")
        checksums: dict[str, str] = dict(await cursor.fetchall())
        cursor = await connection.execute("select max(coalesce(oldest, name)) from migration")
        _check_age((await cursor.fetchone() or (None,))[0])
        for name, text in migrations():
            checksum = sha256(text.encode()).hexdigest()
            if checksums.get(name, checksum) != checksum:
                message = f"Migration {name} was applied with another text; restore it and add a new one."
                raise Tampered(message)
            if name not in checksums:
                await _when_free(f"Migration {name}", partial(_apply, connection, name, text, checksum))
                applied.append(name)
        for table in await unguarded_tables(connection):
            await _when_free(f"The policy of table {table}", partial(guard, connection, table))
        await prepare_role(connection)
    return applied


async def migrate_within(url: str, seconds: int) -> None:
    """Migrate the database at *url*; wait at most *seconds* for a server that is away or starts. Raises as `migrate`.

    A process that starts while its database recovers would else end, and a service manager may not start it again.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            await migrate(url)
        except (Unavailable, psycopg.Error) as error:
            if not isinstance(error, Unavailable) and not means_lost(error):
                raise
            reason = " ".join(str(error).split())
            if time.monotonic() >= deadline:
                raise Unavailable(reason) from error
            _log.warning("database_away", reason=reason)
            await asyncio.sleep(PAUSE_SECONDS)
        else:
            return


async def unapplied(url: str) -> list[str]:
    """Return the names of the migrations that the database at *url* lacks. Raises Unavailable and TooNew."""
    async with await _connect(url) as connection:
        cursor = await connection.execute("select to_regclass('migration') is not null")
        if await cursor.fetchone() != (True,):
            return [name for name, _ in migrations()]
        cursor = await connection.execute("select name, coalesce(oldest, name) from migration")
        applied: dict[str, str] = dict(await cursor.fetchall())
    _check_age(max(applied.values(), default=None))
    return [name for name, _ in migrations() if name not in applied]


async def is_empty(url: str) -> bool:
    """Return whether the database at *url* has no tables. Raises Unavailable."""
    async with await _connect(url) as connection:
        cursor = await connection.execute("select count(*) from pg_tables where schemaname = current_schema()")
        row = await cursor.fetchone()
    return row == (0,)


async def _connect(url: str) -> psycopg.AsyncConnection[tuple[Any, ...]]:
    try:
        return await psycopg.AsyncConnection.connect(with_defaults(url), autocommit=True, row_factory=tuple_row)
    except psycopg.OperationalError as error:
        message = f"The database cannot be reached: {' '.join(str(error).split())}"
        raise Unavailable(message) from error


async def _when_free(name: str, change: Callable[[], Awaitable[None]]) -> None:
    """Make a *change*, a transaction; again and again if others hold a lock that it needs.

    Whoever waits for a lock of a whole table makes all later statements wait behind it, so no attempt waits long.
    """
    for _ in range(ATTEMPTS_MAX):
        try:
            await change()
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
            await asyncio.sleep(PAUSE_SECONDS)
        else:
            return
    raise Unavailable(f"{name} waits for a lock that another session holds; nothing of it was applied.")


async def _apply(connection: psycopg.AsyncConnection[tuple[object, ...]], name: str, text: str, checksum: str) -> None:
    async with connection.transaction():
        await connection.execute(f"set local lock_timeout = {LOCK_MILLISECONDS}".encode())
        for part in _parts(text):
            # The text is a file of this package.
            await connection.execute(part.encode())
        oldest = _OLDEST.search(text)
        await connection.execute(
            "insert into migration (name, checksum, oldest) values (%s, %s, %s)",
            [name, checksum, None if oldest is None else oldest[1]],
        )


def _check_age(oldest: object) -> None:
    """Raise TooNew if this program does not know the migration *oldest*, which programs have to know."""
    newest = migrations()[-1][0]
    if isinstance(oldest, str) and oldest > newest:
        message = (
            f"The database was migrated by a newer Milepost: programs have to know {oldest}, and this one knows "
            f"nothing after {newest}. Start the newer program, or restore the backup from before the upgrade."
        )
        raise TooNew(message)


def _parts(text: str) -> list[str]:
    """Return the statements of *text*. Each ends with a semicolon at the end of a line."""
    statements = "\n".join(line for line in text.splitlines() if not line.startswith("--"))
    return [part.strip() for part in statements.split(";\n") if part.strip()]
