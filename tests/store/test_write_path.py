"""The write path under other writers, failures and lost connections: exactly once, and all or nothing."""

import asyncio
from collections import Counter
from itertools import islice
from random import Random
from typing import Any

import psycopg
import pytest

from milepost.model.problem import Unavailable
from milepost.service.ingest.incoming_event import Answer, Status
from milepost.service.ingest.lanes.lane import Limits, Overloaded
from milepost.service.ingest.transaction import Ingest
from milepost.store import customers
from tests.store.fixtures_db import HOUR, NOW, House, outcomes_of, run_on_servers, statuses

pytestmark = pytest.mark.usefixtures("rows")

TABLES = ("customer", "identity", "standing", "history", "event", "outbox")


def stored(connection: psycopg.Connection[Any]) -> dict[str, list[Any]]:
    """Return every row of customer data."""
    return {
        table: connection.execute(f"select t::text from {table} as t order by 1".encode()).fetchall()
        for table in TABLES
    }


def ingests(house: House, number: int) -> list[Ingest]:
    """Return receivers that know nothing of each other, like those of many processes."""
    return [Ingest(server.database, server.snapshots) for server in islice(house.servers * number, number)]


async def values(house: House, customer: str = "anna") -> list[int]:
    """Return what a customer has reached in January, target by target, in units."""
    async with house.database.reading() as reading:
        now = await customers.find(reading, await house.customer_key(customer))
    assert now is not None
    return [now.standing.progress[key].value for key in sorted(now.standing.progress)]


def test_two_servers_receive_events_of_one_customer_at_the_same_time(database_url: str) -> None:
    """No bill is lost and none counts twice; each gets a number of its own."""

    async def life(house: House) -> None:
        batches = [[house.bill(f"{batch}-{number}") for number in range(20)] for batch in range(10)]
        answers = await asyncio.gather(
            *(ingest(batch) for ingest, batch in zip(ingests(house, 10), batches, strict=True))
        )
        assert {Status.APPLIED: 200} == Counter(status for part in answers for status in statuses(part))
        assert [2_000 * 10_000, 200 * 10_000] == await values(house)

    run_on_servers(database_url, life)


def test_overlapping_batches_do_not_lock_each_other_out(database_url: str) -> None:
    """Sixteen writers with the same customers, known and new, in any order: all get through."""

    async def life(house: House) -> None:
        random = Random(7)
        names = [f"c{number}" for number in range(12)]
        await house.servers[0].lanes.receive([house.bill(f"first-{name}", name) for name in names[:6]])
        batches = [
            [house.bill(f"{batch}-{name}", name) for name in random.sample(names, len(names))] for batch in range(16)
        ]
        answers = await asyncio.gather(
            *(ingest(batch) for ingest, batch in zip(ingests(house, 16), batches, strict=True))
        )
        assert {Status.APPLIED: 16 * 12} == Counter(status for part in answers for status in statuses(part))
        assert [[1_700_000, 170_000]] * 6 + [[1_600_000, 160_000]] * 6 == [await values(house, name) for name in names]

    run_on_servers(database_url, life)


def test_many_senders_of_one_event_make_one(database_url: str) -> None:
    """Of 64 that send the same event to two servers one applies it, the others get its answer as duplicates."""

    async def life(house: House) -> None:
        sent = house.bill("one", "new")
        lanes = [server.lanes for server in house.servers] * 32
        answers = [
            answer for part in await asyncio.gather(*(lane.receive([sent]) for lane in lanes)) for answer in part
        ]
        assert {Status.APPLIED: 1, Status.DUPLICATE: 63} == Counter(statuses(answers))
        assert 1 == len({answer.customer_id for answer in answers})
        (first,) = (answer for answer in answers if answer.status is Status.APPLIED)
        assert {first.entries} == {answer.entries for answer in answers}
        assert [100_000, 10_000] == await values(house, "new")

    run_on_servers(database_url, life)


def test_a_failure_at_the_last_statement_leaves_nothing(database_url: str) -> None:
    """Standings, history, events and outbox are written together or not at all (law 9)."""

    async def life(house: House) -> None:
        receive = Ingest(house.database, house.servers[0].snapshots)
        await receive([house.bill("known", net="99")])
        achieving = [house.bill("b", net="1"), house.bill("c", "new", "100"), house.bill("d", at=NOW + 20 * HOUR)]
        with psycopg.connect(database_url, autocommit=True) as connection:
            before = stored(connection)
            connection.execute("alter table outbox add constraint closed check (seq < 0) not valid")
            with pytest.raises(psycopg.errors.CheckViolation):
                await receive(achieving)
            assert before == stored(connection)
            connection.execute("alter table outbox drop constraint closed")
            assert [Status.APPLIED] * 3 == statuses(await receive(achieving))
            assert before != stored(connection)

    run_on_servers(database_url, life)


def test_an_event_that_cannot_be_kept_spoils_no_other(database_url: str) -> None:
    """The batch is tried in halves until the one is found; it has failed, its neighbours are applied."""

    async def life(house: House) -> None:
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute("alter table event add constraint no_poison check (event_id <> 'poison')")
            sent = [house.bill(str(number), f"c{number % 5}") for number in range(20)]
            sent.insert(13, house.bill("poison", "c3"))
            answers = await house.servers[0].lanes.receive(sent)
            assert [13] == [place for place, answer in enumerate(answers) if answer.status is Status.FAILED]
            assert {Status.APPLIED: 20, Status.FAILED: 1} == Counter(statuses(answers))

    run_on_servers(database_url, life, servers=1)


def test_outcomes_are_in_the_outbox_if_and_only_if_their_standing_is_kept(database_url: str) -> None:
    """Replaying the log gives the outcomes of the outbox, in order (law 9)."""

    async def life(house: House) -> None:
        random = Random(3)
        sent = [house.bill(str(n), f"c{n % 4}", str(random.randint(1, 60)), NOW - n * HOUR) for n in range(60)]
        sent += random.sample(sent, 10)
        batches = [sent[start : start + 14] for start in range(0, len(sent), 14)]
        await asyncio.gather(*(i(batch) for i, batch in zip(ingests(house, 5), batches, strict=True)))
        with psycopg.connect(database_url) as connection:
            for name in ("c0", "c1", "c2", "c3"):
                customer_key = await house.customer_key(name)
                query = "select body from outbox where org_id = %s and customer_id = %s order by seq"
                rows = connection.execute(query, customer_key[1:]).fetchall()
                expected = (await house.replayed(customer_key)).outcomes
                assert list(expected) == outcomes_of([body for (body,) in rows])
                assert 4 <= len(expected)

    run_on_servers(database_url, life)


def test_a_lost_connection_loses_and_doubles_nothing(database_url: str) -> None:
    """A server whose connection is killed in the middle of a batch says so; sending again is safe."""

    async def life(house: House) -> None:
        receive = Ingest(house.database, house.servers[0].snapshots)
        await receive([house.bill("first")])
        sent = [house.bill("second"), house.bill("third", "new")]
        with psycopg.connect(database_url) as blocker, psycopg.connect(database_url, autocommit=True) as other:
            blocker.execute("select 1 from standing for update")
            waiting = asyncio.create_task(receive(sent))
            pid = await _blocked(other)
            other.execute("select pg_terminate_backend(%s)", [pid])
            with pytest.raises(Unavailable):
                await waiting
            blocker.rollback()
        again = await receive(sent)
        assert [Status.APPLIED] * 2 == statuses(again)
        assert [Status.DUPLICATE] * 2 == statuses(await receive(sent))
        assert [200_000, 20_000] == await values(house)

    run_on_servers(database_url, life, servers=1)


async def _blocked(connection: psycopg.Connection[Any]) -> int:
    """Return the backend that waits for a row, once there is one."""
    query = "select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    for _ in range(1_000):
        row = connection.execute(query).fetchone()
        if row is not None:
            return int(row[0])
        await asyncio.sleep(0.01)
    raise AssertionError("nobody waits")


def test_a_server_that_went_away_is_found_again(database_url: str) -> None:
    """When every connection was lost, later requests get new ones."""

    async def life(house: House) -> None:
        receive = Ingest(house.database, house.servers[0].snapshots)
        await receive([house.bill("first")])
        with psycopg.connect(database_url, autocommit=True) as other:
            others = "pid <> pg_backend_pid() and datname = current_database()"
            other.execute(f"select pg_terminate_backend(pid) from pg_stat_activity where {others}".encode())
        answers: list[Answer] = []
        for _ in range(20):
            try:
                answers = await receive([house.bill("second")])
                break
            except Unavailable:
                await asyncio.sleep(0.05)
        assert [Status.APPLIED] == statuses(answers)

    run_on_servers(database_url, life, servers=1)


def test_a_full_lane_turns_a_request_away_as_a_whole(database_url: str) -> None:
    """More than may wait is refused before anything of it is received; what waited is applied."""

    async def life(house: House) -> None:
        lanes = house.servers[0].lanes
        await lanes.receive([house.bill("first")])
        with psycopg.connect(database_url) as blocker, psycopg.connect(database_url, autocommit=True) as other:
            blocker.execute("select 1 from standing for update")
            waiting = asyncio.create_task(lanes.receive([house.bill(str(number)) for number in range(4)]))
            await _blocked(other)
            with pytest.raises(Overloaded):
                await lanes.receive([house.bill("more")])
            blocker.rollback()
        assert [Status.APPLIED] * 4 == statuses(await waiting)
        assert [500_000, 50_000] == await values(house)

    run_on_servers(database_url, life, servers=1, limits=Limits(batch_events_max=4, waiting_events_max=4))
