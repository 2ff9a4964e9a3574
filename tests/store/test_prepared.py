"""Statements that are prepared say what a cursor says, and fail as one fails."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from milepost.store.database import Database
from milepost.store.sql import prepared, transaction
from milepost.store.sql.transaction import Transaction
from milepost.store.wire.arrays import int8s

ECHO = "select %(one)s, %(two)b::bigint[]"
TEXTS = {"echo": ECHO, "add": "insert into milepost_test values (%(key)s)", "one": "select %(key)s::bigint + 1"}


@pytest.fixture
def own_statements(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have statements of the test's own."""
    for module in (prepared, transaction):
        monkeypatch.setattr(module, "statement", TEXTS.__getitem__)
    monkeypatch.setattr(prepared, "numbered", prepared.numbered.__wrapped__)


def used(url: str, work: Callable[[Transaction], Awaitable[Any]]) -> Any:
    """Return what *work* returns, on a connection of its own."""

    async def life() -> Any:
        database = Database(url, row_security=False)
        await database.open(unsafe_durability=True)
        try:
            async with database.reading() as reading:
                return await work(reading)
        finally:
            await database.close()

    return asyncio.run(life())


@pytest.mark.usefixtures("own_statements")
@pytest.mark.parametrize(
    "value",
    [None, 1, -1, 40_000, 2**40, 2**62, "a", b"\x00\xff", 1.5, [1, 2], ["x", None], datetime(2026, 1, 1, tzinfo=UTC)],
)
def test_rows_are_those_of_a_cursor(database_url: str, value: object) -> None:
    """The first run has a cursor, the second prepares, the third runs what is prepared: for values of every type."""

    async def work(reading: Transaction) -> list[Any]:
        values = {"one": value, "two": int8s([1, 2**40])}
        return [await reading.rows("echo", values) for _ in range(3)]

    first, second, third = used(database_url, work)
    assert first == second == third
    assert [1, 2**40] == first[0][1]


@pytest.mark.usefixtures("own_statements")
def test_one_statement_takes_values_of_different_types(database_url: str) -> None:
    """Each combination of types is prepared by itself."""

    async def work(reading: Transaction) -> list[Any]:
        return [await reading.row("one", {"key": value}) for value in (1, 1, 70_000, 2**40, 1)]

    assert [(2,), (2,), (70_001,), (2**40 + 1,), (2,)] == used(database_url, work)


@pytest.mark.usefixtures("own_statements")
def test_a_failure_is_the_drivers_own_and_the_connection_goes_on(database_url: str) -> None:
    """A key that is there already, in a statement that is prepared; the next statement runs."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("create table milepost_test (key bigint primary key)")

    async def work(reading: Transaction) -> Any:
        for key in (1, 2, 3):
            await reading.run("add", {"key": key})
        with pytest.raises(psycopg.errors.UniqueViolation) as caught:
            await reading.run("add", {"key": 3})
        assert "23505" == caught.value.sqlstate
        return await reading.rows("one", {"key": 3}), await reading.rows("one", {"key": 3})

    assert ([(4,)], [(4,)]) == used(database_url, work)


@pytest.mark.usefixtures("own_statements")
def test_a_statement_that_was_broken_off_leaves_its_connection_usable(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A task that is cancelled while the server works; what comes next is not the answer to what came before."""
    monkeypatch.setitem(TEXTS, "sleep", "select pg_sleep(%(seconds)s)::text")

    async def work(reading: Transaction) -> Any:
        for _ in range(2):
            await reading.rows("sleep", {"seconds": 0})
        task = asyncio.create_task(reading.rows("sleep", {"seconds": 30}))
        await asyncio.sleep(0.2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return await reading.rows("one", {"key": 7})

    assert [(8,)] == used(database_url, work)


@pytest.mark.usefixtures("own_statements")
def test_what_the_server_has_forgotten_is_prepared_again(database_url: str) -> None:
    """After a rollback, for which the driver has the server forget all, and after somebody else had it forget."""

    async def life() -> list[Any]:
        database = Database(database_url, row_security=False, connections_max=1)
        await database.open(unsafe_durability=True)
        found = list[Any]()

        async def ask(used: Transaction) -> None:
            found.extend([await used.rows("one", {"key": 1}) for _ in range(3)])

        async def fail(used: Transaction) -> None:
            await ask(used)
            raise ZeroDivisionError

        try:
            for _ in range(2):
                with pytest.raises(ZeroDivisionError):
                    await database.attempt(fail)
                await database.attempt(ask)
            async with database.reading() as reading:
                await reading._connection.execute("deallocate all")
                await ask(reading)
                await reading._connection.execute("deallocate all")
            await database.attempt(ask)
        finally:
            await database.close()
        return found

    assert [[(2,)]] * 18 == asyncio.run(life())


def test_names_become_numbers_in_the_order_of_the_text() -> None:
    """A name that stands twice has one number."""
    known = prepared.numbered("ids_by_identifier")
    assert "%(" not in known.text.decode()
    assert len(known.names) == len({*known.names}) == len(known.formats)
    assert all(f"${place + 1}".encode() in known.text for place in range(len(known.names)))
