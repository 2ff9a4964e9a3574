"""Customers are recomputed while the server works: a standing that does not follow from its log is found in one go."""

import psycopg

from milepost.service.chain.audit import DIFFERING, RECOMPUTED, Audit
from milepost.service.ingest.lanes.lane import Limits
from milepost.worker.audit import AuditWorker
from tests.store.fixtures_db import House, open_house, run, run_on_servers

CUSTOMERS = 30


async def received(house: House) -> None:
    """Have each customer buy twice."""
    bills = [house.bill(f"{number}-{time}", f"c{number}") for number in range(CUSTOMERS) for time in range(2)]
    await house.servers[0].lanes.receive(bills)


def test_what_is_sound_is_found_sound(database_url: str) -> None:
    """All customers of a small installation are recomputed each time; events go on meanwhile."""

    async def life(house: House) -> None:
        await received(house)
        runtime = house.servers[0]
        audit = Audit(runtime, sample=1_000)
        worker = AuditWorker(audit, lambda _: never(), lambda: 0)
        assert not await worker.once()
        await house.servers[1].lanes.receive([house.bill("later", "c1")])
        assert not await worker.once()
        assert (None, 2 * CUSTOMERS, 0) == (audit.problem, runtime.counts[RECOMPUTED], runtime.counts[DIFFERING])

    run_on_servers(database_url, life)


async def never() -> bool:
    """Make no root."""
    return False


def test_a_changed_standing_is_found_in_one_go(database_url: str) -> None:
    """Whichever customer it is; the problem names the customer, and what was found is counted."""

    async def work() -> None:
        async with open_house(database_url, limits=Limits()) as house:
            await received(house)
            runtime, key = house.servers[0], await house.customer_key("c7")
            with psycopg.connect(database_url, autocommit=True) as connection:
                bodies = "select body from standing where customer_id <> %s limit 1"
                changed = f"update standing set body = ({bodies}) where customer_id = %s"
                await house.servers[0].lanes.receive([house.bill("one more", "c7")])
                connection.execute(changed.encode(), [key.customer_id, key.customer_id])
            audit = Audit(runtime, sample=1_000)
            assert 1 == await audit.once()
            assert f"customer {key.customer_id} of organisation {key.org_id}" in str(audit.problem)
            assert 1 == runtime.counts[DIFFERING]

    run(work)


def test_few_of_many_are_recomputed_at_a_time(database_url: str) -> None:
    """As many as were asked for, and in time all of them."""

    async def life(house: House) -> None:
        await received(house)
        runtime = house.servers[0]
        audit = Audit(runtime, sample=7)
        for _ in range(10):
            await audit.once()
        assert 70 == runtime.counts[RECOMPUTED]

    run_on_servers(database_url, life)
