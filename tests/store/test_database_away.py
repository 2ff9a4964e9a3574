"""A database that does not answer, or not as it should: nothing is refused for it, and nobody waits without end."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
import pytest
from structlog.testing import capture_logs

from milepost.model.problem import DatabaseFault, Unavailable
from milepost.service.enrolments.audiences import add_members, create_audience
from milepost.service.ingest.incoming_event import Status
from milepost.service.scheduled.boundaries import BoundaryNotifier
from milepost.service.scheduled.jobs import find_job, work_once
from milepost.store.database import Database, TimeLimits
from milepost.worker.boundaries import BoundaryWorker
from tests.store.fixtures_db import House, run_on_servers
from tests.store.test_jobs import by_audience, caller, known


def make_read_only(url: str, value: str) -> None:
    """Let new transactions be read-only or not, as after a failover, and cut the connections of others."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("set default_transaction_read_only = off")
        name = connection.info.dbname
        connection.execute(f'alter database "{name}" set default_transaction_read_only = {value}'.encode())
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s and pid <> pg_backend_pid()",
            [name],
        )


async def until_reached(house: House) -> None:
    """Wait until the pool has found out that its connections were cut."""
    for _ in range(20):
        try:
            async with house.database.reading() as reading:
                await reading.rows("durability")
        except Unavailable:
            continue
        return


def test_a_read_only_database_refuses_no_event(database_url: str) -> None:
    """All events of the batch are to be sent again, with one line in the log, and count once writing is possible."""

    async def life(house: House) -> None:
        lanes = house.servers[0].lanes
        bills = [house.bill(str(number), customer=f"customer {number}") for number in range(20)]
        await lanes.receive(bills[:1])
        await asyncio.to_thread(make_read_only, database_url, "on")
        await until_reached(house)
        with capture_logs() as lines, pytest.raises(Unavailable, match="25006"):
            await lanes.receive(bills)
        assert 2 >= len(lines)
        await asyncio.to_thread(make_read_only, database_url, "off")
        await until_reached(house)
        answers = await lanes.receive(bills)
        assert [Status.DUPLICATE] + [Status.APPLIED] * 19 == [answer.status for answer in answers]

    run_on_servers(database_url, life, servers=1)


def test_a_job_waits_for_a_read_only_database(database_url: str) -> None:
    """It passes over no customer."""

    async def life(house: House) -> None:
        server = house.servers[0]
        names = await known(house)
        audience = (await create_audience(server, caller(house), "gold")).audience
        await add_members(server, caller(house), audience.id, None, names)
        await by_audience(house, audience)
        await asyncio.to_thread(make_read_only, database_url, "on")
        await until_reached(house)
        with pytest.raises(Unavailable):
            await work_once(server)
        await asyncio.to_thread(make_read_only, database_url, "off")
        await until_reached(house)
        job = await find_job(server, house.org_id, 1)
        assert job is not None
        assert (0, 0) == (job.looked_at, job.failed)

    run_on_servers(database_url, life, servers=1)


@asynccontextmanager
async def locked_row(url: str, house: House, customer: str) -> AsyncIterator[None]:
    """Hold the row of a customer locked."""
    key = await house.customer_key(customer)
    connection = await psycopg.AsyncConnection.connect(url)
    try:
        await connection.execute(
            "select from standing where org_id = %s and customer_id = %s for update", [key.org_id, key.customer_id]
        )
        yield
        await connection.rollback()
    finally:
        await connection.close()


def test_a_locked_customer_keeps_no_other_waiting(database_url: str) -> None:
    """The events of that customer are to be sent again; the others are counted, later batches without any wait."""

    async def life(house: House) -> None:
        lanes, loop = house.servers[0].lanes, asyncio.get_running_loop()
        await lanes.receive([house.bill("1"), house.bill("2", customer="bob")])
        async with locked_row(database_url, house, "anna"):
            batch = [house.bill("3"), house.bill("4", customer="bob"), house.bill("5", customer="carl")]
            first = await lanes.receive(batch)
            began = loop.time()
            second = await lanes.receive([house.bill("6"), house.bill("7", customer="bob")])
            took = loop.time() - began
        again = await lanes.receive([house.bill("3"), house.bill("6")])
        assert [Status.FAILED, Status.APPLIED, Status.APPLIED] == [answer.status for answer in first]
        assert "locked" in first[0].problems[0].reason
        assert [Status.FAILED, Status.APPLIED] == [answer.status for answer in second]
        assert took < 1
        assert [Status.APPLIED, Status.APPLIED] == [answer.status for answer in again]
        assert [] == await house.disagreeing()

    run_on_servers(database_url, life, servers=1)


def test_a_silent_database_is_given_up(database_url: str) -> None:
    """A server that was stopped in the middle of an answer is left after the limit, and another connection serves."""

    async def life() -> None:
        loop = asyncio.get_running_loop()
        database = Database(database_url, connections_max=1, limits=TimeLimits(statement=0.5, lock=0.2, margin=0.3))
        await database.open(unsafe_durability=True)
        pid, began = 0, loop.time()

        async def meet_silence() -> None:
            nonlocal pid
            async with database.transaction() as transaction:
                pid = transaction._connection.info.backend_pid
                os.kill(pid, signal.SIGSTOP)
                await transaction.rows("durability")

        try:
            with pytest.raises(Unavailable):
                await meet_silence()
            took = loop.time() - began
            async with database.transaction() as transaction:
                assert await transaction.rows("durability")
        finally:
            os.kill(pid, signal.SIGCONT)
            await database.close()
        assert took < 2

    asyncio.run(life())


def test_a_refused_statement_of_the_scheduler_is_logged_once(database_url: str) -> None:
    """The worker waits longer after each failure, and its failure can be read; it works again by itself."""

    async def life(house: House) -> None:
        notifier = BoundaryNotifier(house.servers[0])
        plan, calls = notifier.plan, 0

        async def refused() -> None:
            nonlocal calls
            calls += 1
            if calls < 3:
                raise DatabaseFault("a table is missing")
            await plan()

        notifier.plan = refused  # type: ignore[method-assign]
        worker = BoundaryWorker(notifier, lambda: 0)
        with capture_logs() as lines:
            task = asyncio.create_task(worker.run())
            await asyncio.sleep(1)
            failure = worker.failure
            await asyncio.sleep(6)
            worker.stop()
            await task
        assert "a table is missing" == failure
        assert ["scheduler_waits", "scheduler_works_again"] == [line["event"] for line in lines]

    run_on_servers(database_url, life, servers=1)
