"""A server that may lose confirmed events is refused, unless a setting allows it."""

import asyncio

import psycopg
import pytest

from milepost.store.database import Database, UnsafeServer


def set_for_new_connections(url: str, setting: str) -> None:
    """Change a setting of the database for the connections to come."""
    with psycopg.connect(url, autocommit=True) as connection:
        name = connection.info.dbname
        connection.execute(f'alter database "{name}" set {setting}'.encode())


async def opened(url: str, *, unsafe_durability: bool) -> None:
    """Open a pool and close it."""
    database = Database(url, connections_max=1)
    try:
        await database.open(unsafe_durability=unsafe_durability)
    finally:
        await database.close()


def test_a_server_that_may_lose_commits_is_refused(database_url: str) -> None:
    """The sentence names what is off and both ways out."""
    set_for_new_connections(database_url, "synchronous_commit = off")
    with pytest.raises(
        UnsafeServer, match=r"synchronous_commit off .* Turn it on, or set MILEPOST_UNSAFE_DURABILITY=1"
    ):
        asyncio.run(opened(database_url, unsafe_durability=False))


def test_it_is_used_when_that_is_meant(database_url: str) -> None:
    """Tests and throw-away sandboxes may want the speed."""
    set_for_new_connections(database_url, "synchronous_commit = off")
    asyncio.run(opened(database_url, unsafe_durability=True))


def test_a_server_that_keeps_what_it_confirms_is_used(database_url: str) -> None:
    """Nothing need be said of a server in its usual state."""
    asyncio.run(opened(database_url, unsafe_durability=False))
