"""Bringing a database to today's schema: forward only, each file once, recorded with its checksum."""

from hashlib import sha256
from importlib.resources import files

import psycopg
from psycopg.rows import tuple_row

from milepost.model.problem import Unavailable, Unfit

_LOCK = 0x4D696C65  # "Mile": serialises start-ups of servers on one plain PostgreSQL; correctness rests on the table


class Tampered(Unfit):
    """A migration that was applied has another text today."""


def migrations() -> list[tuple[str, str]]:
    """Return name and text of each migration, in order."""
    folder = files("milepost.store").joinpath("migrations")
    named = sorted((f for f in folder.iterdir() if f.name.endswith(".sql")), key=lambda f: f.name)
    return [(file.name, file.read_text(encoding="utf-8")) for file in named]


async def migrate(url: str) -> list[str]:
    """Apply what is missing at *url*, each migration in a transaction of its own; return the names applied.

    Raises Unavailable when the server cannot be reached, Tampered when an applied migration has another text today.
    """
    try:
        opened = await psycopg.AsyncConnection.connect(url, autocommit=True, row_factory=tuple_row)
    except psycopg.OperationalError as error:
        message = f"The database cannot be reached: {' '.join(str(error).split())}"
        raise Unavailable(message) from error
    applied: list[str] = []
    async with opened as connection:
        await connection.execute("select pg_advisory_lock(%s)", [_LOCK])
        await connection.execute(
            "create table if not exists migration ("
            "name text primary key, checksum text not null, applied_at timestamptz not null default now())",
        )
        cursor = await connection.execute("select name, checksum from migration")
        known: dict[str, str] = dict(await cursor.fetchall())
        for name, text in migrations():
            checksum = sha256(text.encode()).hexdigest()
            if known.get(name, checksum) != checksum:
                message = f"Migration {name} was applied with another text; restore it and add a new one."
                raise Tampered(message)
            if name not in known:
                await _apply(connection, name, text, checksum)
                applied.append(name)
    return applied


async def _apply(connection: psycopg.AsyncConnection[tuple[object, ...]], name: str, text: str, checksum: str) -> None:
    async with connection.transaction():
        for part in _parts(text):
            # The text is a file of this package.
            await connection.execute(part.encode())
        await connection.execute("insert into migration (name, checksum) values (%s, %s)", [name, checksum])


def _parts(text: str) -> list[str]:
    """Return the statements of *text*; each ends with a semicolon at the end of a line."""
    bare = "\n".join(line for line in text.splitlines() if not line.startswith("--"))
    return [part.strip() for part in bare.split(";\n") if part.strip()]
