"""A database as plain SQL text: its schema, its rows in order, and where its sequences stand; one call loads it."""

import re
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import psycopg
from psycopg import sql

RECORD = """create table migration (
    name text primary key,
    checksum text not null,
    applied_at timestamptz not null default now()
);
"""
"""The record of migrations, which stands in no schema."""

WHOLE = frozenset({"integer", "bigint", "numeric"})
"""Types whose values are written without quotes."""

COLUMNS = """
    select attname, format_type(atttypid, atttypmod) from pg_attribute
    where attrelid = %s::regclass and attnum > 0 and not attisdropped order by attnum
"""
SEQUENCES = "select sequencename, last_value from pg_sequences where schemaname = 'public' order by 1"


def tables() -> list[str]:
    """Return the names of all tables but the record of migrations, each after those that it refers to."""
    return re.findall(r"^create table (\w+)", _schema(), re.MULTILINE)


def _schema() -> str:
    return files("milepost.store").joinpath("schema.sql").read_text(encoding="utf-8")


def dumped(connection: psycopg.Connection[Any]) -> Iterator[str]:
    """Return the lines that make an empty database like the one at *connection*, which has today's schema."""
    connection.execute("set timezone to 'UTC'")
    yield from (line for line in (RECORD + _schema()).splitlines() if line and not line.startswith("--"))
    for table in ("migration", *tables()):
        yield from _rows(connection, table)
    for name, last in connection.execute(SEQUENCES).fetchall():
        if last is not None:
            yield f"select setval('{name}', {last});"


def _rows(connection: psycopg.Connection[Any], table: str) -> Iterator[str]:
    """Return the statement that inserts all rows of *table*, none if there are none; each row has a line."""
    columns = connection.execute(COLUMNS, [table]).fetchall()
    texts = [
        sql.SQL("coalesce({0}::text, 'null')" if kind in WHOLE else "quote_nullable({0}::text)").format(
            sql.Identifier(name)
        )
        for name, kind in columns
    ]
    query = sql.SQL("select concat_ws(',', {}) from {} order by 1").format(
        sql.SQL(", ").join(texts), sql.Identifier(table)
    )
    rows = sorted(row for (row,) in connection.execute(query).fetchall())
    if rows:
        yield f"insert into {table} ({', '.join(name for name, _ in columns)}) values"
        yield ",\n".join(f"({row})" for row in rows) + ";"


def load(connection: psycopg.Connection[Any], text: str) -> None:
    """Make an empty database what *text* says."""
    connection.execute(text.encode())
