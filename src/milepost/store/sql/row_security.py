"""The second wall: policies on every table that has organisations, and a role that is bound by them (decision 0046).

Both are made after the migrations, from the catalogue, so that no new table can be forgotten.
"""

from contextlib import suppress
from typing import Any, LiteralString

import psycopg

from milepost.store.sql.statements import statement

APPLICATION_ROLE = "milepost_application"
"""Who serves requests: no superuser, and owner of no table. Nobody logs in as it; sessions take it."""

LOCK_MILLISECONDS = 1_000
"""How long a migration waits for a table that others use; they wait behind it meanwhile."""

_ROLE = psycopg.sql.Identifier(APPLICATION_ROLE)
_GUARD: tuple[LiteralString, ...] = (
    "alter table {table} enable row level security",
    "alter table {table} force row level security",
    (
        "create policy visible on {table} using ("
        "org_id = any ((select visible_organisations())::bigint[]) or (select sees_every_organisation()))"
    ),
)
_GRANTS: tuple[LiteralString, ...] = (
    "grant usage on schema {schema} to {role}",
    "grant select, insert, update, delete on all tables in schema {schema} to {role}",
    "grant usage, select, update on all sequences in schema {schema} to {role}",
)

Connection = psycopg.AsyncConnection[tuple[Any, ...]]


async def unguarded_tables(connection: Connection) -> list[str]:
    """Return the tables with organisations that no policy guards, or not for their owner."""
    cursor = await connection.execute(statement("unguarded_tables"))
    return [name for (name,) in await cursor.fetchall()]


async def guard(connection: Connection, table: str) -> None:
    """Guard a table, in a transaction of its own, which waits only shortly for others who use the table."""
    async with connection.transaction():
        await connection.execute(f"set local lock_timeout = {LOCK_MILLISECONDS}".encode())
        await connection.execute(psycopg.sql.SQL("drop policy if exists visible on {}").format(_named(table)))
        for text in _GUARD:
            await connection.execute(psycopg.sql.SQL(text).format(table=_named(table)))


async def prepare_role(connection: Connection) -> None:
    """Make the application's role if this login may, and grant it what it lacks.

    Who may make no role asks an administrator for it (docs/production.md). Roles belong to the whole server, so another
    database's Milepost may be making it at the same time.
    """
    cursor = await connection.execute(statement("role_standing"), {"role": APPLICATION_ROLE})
    may_create, exists, is_member = await cursor.fetchone() or (False, False, False)
    if may_create and not exists:
        with suppress(psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
            await connection.execute(psycopg.sql.SQL("create role {} nologin").format(_ROLE))
    if may_create and not is_member:
        await connection.execute(psycopg.sql.SQL("grant {} to current_user").format(_ROLE))
    if may_create or is_member:
        await _grant_what_is_lacking(connection)


async def _grant_what_is_lacking(connection: Connection) -> None:
    """Grant the role what it needs; what is granted again would have all sessions plan their statements anew."""
    cursor = await connection.execute(statement("role_lacks"), {"role": APPLICATION_ROLE})
    if await cursor.fetchone() != (True,):
        return
    cursor = await connection.execute("select current_schema()")
    (schema,) = await cursor.fetchone() or ("public",)
    for grant in _GRANTS:
        await connection.execute(psycopg.sql.SQL(grant).format(schema=_named(schema), role=_ROLE))


def _named(name: str) -> psycopg.sql.Identifier:
    return psycopg.sql.Identifier(name)
