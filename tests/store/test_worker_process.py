"""`milepost worker` as a process: by its own clock, killed in the middle, started again, two at a time."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg

from milepost.model.standing import OutcomeKind
from tests.store.clockwork import people, run_sql, told
from tests.store.house import House, lived

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


def until(condition: Callable[[], bool]) -> None:
    """Wait until *condition* holds."""
    waited_from = time.monotonic()
    while not condition():
        assert time.monotonic() - waited_from < PATIENCE_SECONDS, "nothing happened"
        time.sleep(0.02)


def test_a_worker_that_is_killed_leaves_nothing_undone_and_nothing_done_twice(database_url: str) -> None:
    """One is killed after its first page; two others tell the rest, stop when told, and every log verifies."""

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
            with worker(database_url) as one, worker(database_url) as other:
                until(lambda: number("select count(*) from turn where done_at is null") == 0)
                for process in (one, other):
                    process.send_signal(signal.SIGTERM)
                assert [0, 0] == [one.wait(20), other.wait(20)]
        assert {CUSTOMERS} == set((await told(house, OutcomeKind.PERIOD_CLOSED)).values())
        assert {CUSTOMERS} == set((await told(house, OutcomeKind.PERIOD_STARTED)).values())

    lived(database_url, life)


def test_a_worker_does_nothing_before_its_clock_says_so(database_url: str) -> None:
    """A second before the end of January it waits; when its clock has run on past it, it tells."""

    async def life(house: House) -> None:
        await people(house, 3)
        done = b"select count(*) from turn where done_at is not null"
        with psycopg.connect(database_url, autocommit=True) as connection, worker(database_url, EVE) as process:
            assert process.stderr is not None
            assert "milepost worker ready" in process.stderr.readline()
            assert (0,) == connection.execute("select count(*) from turn").fetchone()
            until(lambda: connection.execute(done).fetchone() == (4,))

    lived(database_url, life)
