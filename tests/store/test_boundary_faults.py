"""A failure while customers are notified is logged and tried again, or that customer is left out."""

import asyncio
from dataclasses import replace
from typing import Any

from milepost.model.problem import Unavailable
from milepost.service.scheduled.boundaries import BoundaryNotifier
from milepost.worker.boundaries import BoundaryWorker
from tests.store.fixed_clock import Hand, at, people, stored_boundaries, tick, told
from tests.store.fixtures_db import House, run_on_servers
from tests.store.test_boundaries import AFTER, BEFORE, CLOSED, STARTED, everybody


def test_a_scheduler_goes_on_after_the_database_was_away(database_url: str) -> None:
    """It waits, tries again, and stops on request."""

    async def life(house: House) -> None:
        hand = Hand(BEFORE)
        house = at(house, hand)
        await people(house, 2)
        hand.put(AFTER)
        turning = BoundaryNotifier(house.servers[0])
        plan, failures = turning.plan, [Unavailable("away"), ValueError("ours")]

        async def failing() -> None:
            if failures:
                raise failures.pop(0)
            await plan()

        turning.plan = failing  # type: ignore[method-assign]
        scheduler = BoundaryWorker(turning, lambda: 1)
        task = asyncio.create_task(scheduler.run())
        for _ in range(100):
            if everybody(house, 2) == await told(house, CLOSED, STARTED):
                break
            await asyncio.sleep(0.05)
        scheduler.stop()
        await task
        assert everybody(house, 2) == await told(house, CLOSED, STARTED)

    run_on_servers(database_url, life)


def test_a_customer_who_cannot_be_notified_stops_no_other(database_url: str) -> None:
    """Our own mistake with one customer is logged; the others of the page and all later customers are notified."""

    async def life(house: House) -> None:
        house = at(house, hand := Hand(BEFORE))
        await people(house, 7)
        poison = (await house.customer_key("c003")).customer_id
        hand.put(AFTER)
        server = house.servers[0]
        inside = server.ingest.inside

        async def failing(transaction: Any, incoming_events: Any) -> Any:
            if any(incoming_event.customer.value == str(poison) for incoming_event in incoming_events):
                raise ValueError("ours")
            return await inside(transaction, incoming_events)

        ingest = type(server.ingest)(server.database, server.snapshots)
        ingest.inside = failing  # type: ignore[method-assign]
        await tick(replace(server, ingest=ingest), page=4)
        assert everybody(house, 6) == await told(house, CLOSED, STARTED)
        assert {True} == {done for _, _, done in await stored_boundaries(house)}

    run_on_servers(database_url, life)
