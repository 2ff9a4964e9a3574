"""Migrations lead to the schema file, once, whichever server comes first."""

import asyncio
from collections.abc import Iterator
from importlib.resources import files
from itertools import count

import psycopg
import pytest

from milepost.store.sql.schema import Tampered, TooNew, migrate, migrations
from tests.store.sample_definitions import described

_NUMBERS = count(1)


@pytest.fixture
def empty_url(admin_url: str) -> Iterator[str]:
    """Return the URL of an empty database; it is dropped after the test."""
    name = f"empty_{next(_NUMBERS)}"
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(f"create database {name} template template0 strategy file_copy".encode())
    yield psycopg.conninfo.make_conninfo(admin_url, dbname=name)
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)".encode())


def test_migrations_lead_to_the_schema(empty_url: str, database_url: str) -> None:
    """Tables, columns, constraints, indexes, storage and sequences: all alike."""
    schema = files("milepost.store").joinpath("schema.sql").read_bytes()
    with psycopg.connect(empty_url, autocommit=True) as written, psycopg.connect(database_url) as migrated:
        written.execute(schema)
        assert described(written) == described(migrated)


def test_a_difference_of_schemas_is_seen(database_url: str) -> None:
    """The comparison sees a column, its default, a constraint, an index, storage and a sequence."""
    changes = (
        "alter table zone add column colour text",
        "alter table zone alter column name set default 'x'",
        "alter table zone alter column name drop not null",
        "alter table zone add check (name <> '')",
        "create index extra on zone (name)",
        "alter table standing alter column body set storage main",
        "alter table standing set (fillfactor = 80)",
        "alter sequence group_id_seq start 5",
        "drop table outbox",
    )
    with psycopg.connect(database_url) as connection:
        before = described(connection)
        connection.rollback()
        for change in changes:
            connection.execute(change.encode())
            assert (change, True) == (change, described(connection) != before)
            connection.rollback()


def test_migrating_again_does_nothing(database_url: str) -> None:
    """Each migration is applied once, and remembered."""
    assert [] == asyncio.run(migrate(database_url))


def test_servers_that_start_together_migrate_once(empty_url: str) -> None:
    """One applies what is missing while the others wait, then find nothing to do."""

    async def together() -> list[list[str]]:
        return await asyncio.gather(*(migrate(empty_url) for _ in range(4)))

    applied = sorted(asyncio.run(together()), key=len)
    assert [[], [], [], [name for name, _ in migrations()]] == applied


def test_a_migration_that_was_changed_is_refused(database_url: str) -> None:
    """What was applied can only be followed by another file."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("update migration set checksum = 'other'")
    with pytest.raises(Tampered, match="was applied with another text"):
        asyncio.run(migrate(database_url))


def test_a_program_that_is_too_old_for_the_database_does_not_start(database_url: str) -> None:
    """A newer program has migrated it; where that migration allows programs as old as this one, it starts."""
    newest = migrations()[-1][0]
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("insert into migration values ('9998_allows.sql', 'x', now(), %s)", [newest])
        assert [] == asyncio.run(migrate(database_url))
        connection.execute("insert into migration values ('9999_forbids.sql', 'x', now(), null)")
    with pytest.raises(TooNew, match=r"programs have to know 9999_forbids\.sql"):
        asyncio.run(migrate(database_url))
