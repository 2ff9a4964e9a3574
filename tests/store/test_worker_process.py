"""`milepost worker` as a process: by its own clock, killed in the middle, started again, two at a time."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest

from milepost.model.problem import Unavailable
from milepost.model.standing import OutcomeKind
from milepost.service.scheduled.boundaries import BoundaryNotifier
from milepost.store.scheduled import boundaries
from milepost.store.sql.schema import _LOCK as MIGRATION_LOCK
from tests.store.fixed_clock import Hand, at, people, run_sql, tick, told
from tests.store.fixtures_db import House, run_on_servers

CLOCK = "2026-02-01T00:00:00Z"
EVE = "2026-01-31T23:59:50Z"
CUSTOMERS = 450
PATIENCE_SECONDS = 60


@contextmanager
def worker(url: str, clock: str = CLOCK) -> "Iterator[subprocess.Popen[str]]":
    """Run a worker on the database at *url* by a clock that starts at *clock*."""
    command = [sys.executable, "-m", "milepost", "worker", "--database-url", url, "--clock", clock]
    environment = os.environ | {"MILEPOST_UNSAFE_DURABILITY": "1"}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        try:
            yield process
        finally:
            process.kill()


def ready(process: "subprocess.Popen[str]") -> None:
    """Wait until a worker says that it runs."""
    assert process.stderr is not None
    assert "milepost worker ready" in process.stderr.readline()


def until(condition: Callable[[], bool]) -> None:
    """Wait until *condition* holds."""
    waited_from = time.monotonic()
    while not condition():
        assert time.monotonic() - waited_from < PATIENCE_SECONDS, "nothing happened"
        time.sleep(0.02)


def test_a_worker_that_is_killed_leaves_nothing_undone_and_nothing_done_twice(database_url: str) -> None:
    """One is killed after its first page; two others notify the rest and stop on request, and every log verifies."""

    async def life(house: House) -> None:
        await people(house, CUSTOMERS)
        with psycopg.connect(database_url, autocommit=True) as connection:

            def number(query: str) -> int:
                row = connection.execute(query.encode()).fetchone()
                assert row is not None
                return int(row[0])

            with worker(database_url) as first:
                until(lambda: number("select count(*) from turn where after_bucket >= 0") > 0)
                first.send_signal(signal.SIGKILL)
                first.wait()
            assert 0 < number("select count(*) from turn where done_at is null")
            await run_sql(house, "update turn set leased_until = now() - interval '1 second' where done_at is null")
            with worker(database_url) as second, worker(database_url) as third:
                until(lambda: number("select count(*) from turn where done_at is null") == 0)
                for process in (second, third):
                    ready(process)
                    process.send_signal(signal.SIGTERM)
                assert [0, 0] == [second.wait(PATIENCE_SECONDS), third.wait(PATIENCE_SECONDS)]
        assert {CUSTOMERS} == set((await told(house, OutcomeKind.PERIOD_CLOSED)).values())
        assert {CUSTOMERS} == set((await told(house, OutcomeKind.PERIOD_STARTED)).values())

    run_on_servers(database_url, life)


def test_a_worker_that_is_stopped_while_it_starts_ends_well(database_url: str) -> None:
    """It waits for another server that migrates; SIGTERM ends it with 0, and SIGINT too."""
    waiting = b"select count(*) from pg_stat_activity where wait_event = 'advisory' and datname = current_database()"
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(%s)", [MIGRATION_LOCK])
        for number in (signal.SIGTERM, signal.SIGINT):
            with worker(database_url) as process:
                until(lambda: connection.execute(waiting).fetchone() == (1,))
                process.send_signal(number)
                assert 0 == process.wait(PATIENCE_SECONDS)
                until(lambda: connection.execute(waiting).fetchone() == (0,))


def test_a_worker_does_nothing_before_its_clock_says_so(database_url: str) -> None:
    """A second before the end of January it waits; once its clock has passed it, it notifies."""

    async def life(house: House) -> None:
        await people(house, 3)
        done = b"select count(*) from turn where done_at is not null"
        with psycopg.connect(database_url, autocommit=True) as connection, worker(database_url, EVE) as process:
            ready(process)
            assert (0,) == connection.execute("select count(*) from turn").fetchone()
            until(lambda: connection.execute(done).fetchone() == (4,))

    run_on_servers(database_url, life)


@pytest.mark.slow
def test_a_worker_that_stood_still_notifies_no_customer_again(database_url: str) -> None:
    """Stopped within a boundary, it loses its lease; when it goes on, every customer has been notified once."""

    async def life(house: House) -> None:
        await people(house, CUSTOMERS)
        with psycopg.connect(database_url, autocommit=True) as connection:

            def number(query: str) -> int:
                row = connection.execute(query.encode()).fetchone()
                assert row is not None
                return int(row[0])

            with worker(database_url) as paused, worker(database_url) as other:
                until(lambda: number("select count(*) from turn where after_bucket >= 0") > 0)
                paused.send_signal(signal.SIGSTOP)
                # Not by the servers' connections: the paused worker may hold the row for longer than they wait.
                connection.execute("update turn set leased_until = now() - interval '1 second' where done_at is null")
                until(lambda: number("select count(*) from turn where done_at is null") == 0)
                paused.send_signal(signal.SIGCONT)
                await asyncio.sleep(2)
                for process in (paused, other):
                    process.send_signal(signal.SIGTERM)
                assert [0, 0] == [paused.wait(20), other.wait(20)]
        assert {CUSTOMERS} == set((await told(house, OutcomeKind.PERIOD_CLOSED)).values())
        assert {CUSTOMERS} == set((await told(house, OutcomeKind.PERIOD_STARTED)).values())

    run_on_servers(database_url, life)


def test_a_page_that_falls_silent_lets_go(database_url: str) -> None:
    """The database ends its transaction: other servers need not wait for a server that stands still."""

    async def life(house: House) -> None:
        hand = Hand(CLOCK)
        house = at(house, hand)
        await people(house, 1)
        turning = BoundaryNotifier(house.servers[0])
        await turning.plan()
        lease = await turning.acquire_lease()
        assert lease is not None

        async def fall_silent() -> None:
            async with house.servers[0].database.transaction() as transaction:
                await transaction.run("lock_leased_boundary", boundaries._key(lease) | {"silence": "50"})
                await asyncio.sleep(0.5)
                await transaction.rows("organisation_ids")

        with pytest.raises(Unavailable):
            await fall_silent()
        await tick(house.servers[1])
        assert 1 <= (await told(house, OutcomeKind.PERIOD_CLOSED)).total()

    run_on_servers(database_url, life)
