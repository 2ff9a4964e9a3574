"""What the write path stores: live rows and history, the version that judged, and organisations apart."""

import psycopg

from milepost.model.standing import EMPTY_STANDING, ProgressKey
from milepost.service.ingest.incoming_event import IncomingEvent, Status
from milepost.service.ingest.transaction import Ingest
from milepost.store import customers
from milepost.store.codec import encode_standing
from tests.store.fixtures_db import HOUR, NOW, House, define_again, run_on_servers, second_organisation, statuses


def test_progress_leaves_the_hot_row_and_comes_back(database_url: str) -> None:
    """A week after a period's end its progress is history; a late event fetches it, and counts there."""

    async def life(house: House) -> None:
        receive = Ingest(house.database, house.servers[0].snapshots)
        january = [ProgressKey(group.targets[0].id, group.periods[0].id) for group in house.groups]
        await receive([house.bill("january", net="60")])
        await receive([house.bill("february", at=NOW + 24 * 19 * HOUR)])
        for late in (None, house.bill("late", net="40")):
            if late is not None:
                (answer,) = await receive([late])
                assert [(600_000, 1_000_000), (10_000, 20_000)] == [(one.before, one.after) for one in answer.entries]
            async with house.database.reading() as reading:
                now = await customers.find(reading, await house.customer_key())
            assert now is not None
            assert sorted(january) == sorted(one.key for one in now.history)
            assert set(january).isdisjoint(now.standing.progress)

    run_on_servers(database_url, life, servers=1)


def test_a_definition_rules_from_its_version_on(database_url: str) -> None:
    """Every event keeps the version that judged it, so a later change does not change what was (law 7)."""

    async def life(house: House) -> tuple[int, ...]:
        await house.servers[0].lanes.receive([house.bill("one")])
        await define_again(house)
        await house.servers[1].lanes.receive([house.bill("two")])
        with psycopg.connect(database_url) as connection:
            rows = connection.execute("select version, entries from event order by seq").fetchall()
        return tuple(entries.count("[[") + entries.count("],[") for _, entries in rows)

    assert (2, 3) == run_on_servers(database_url, life)


def test_a_new_customer_has_an_empty_standing(database_url: str) -> None:
    """A registration whose event changes nothing stores only the count of events."""

    async def life(house: House) -> bytes:
        await house.servers[0].lanes.receive([house.bill("old", at=NOW - 24 * 60 * HOUR)])
        async with house.database.transaction() as transaction:
            body, history = await customers.stored_bytes(transaction, await house.customer_key())
        assert () == history
        return body

    assert len(encode_standing(EMPTY_STANDING)) < len(run_on_servers(database_url, life, servers=1)) < 48


def test_events_of_two_organisations_share_a_batch(database_url: str) -> None:
    """One transaction may hold events of many organisations; each is judged by its own rules."""

    async def life(house: House) -> None:
        other = await second_organisation(house)
        incoming_events: list[IncomingEvent] = [
            house.bill("one"),
            other.bill("one"),
            house.bill("two"),
            other.bill("one"),
        ]
        answers = await Ingest(house.database, house.servers[0].snapshots)(incoming_events)
        assert [Status.APPLIED, Status.APPLIED, Status.APPLIED, Status.DUPLICATE] == statuses(answers)
        assert [2, 0, 2, 0] == [len(answer.entries) for answer in answers]

    run_on_servers(database_url, life, servers=1)
