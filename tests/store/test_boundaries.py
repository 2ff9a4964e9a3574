"""Periods open and close once for each customer, whoever is killed, paused or started beside."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from milepost.model.scheduled.boundary import BoundaryKind
from milepost.model.standing import OutcomeKind
from milepost.service.organisations.provisioning import change_settings
from milepost.service.scheduled.boundaries import BoundaryNotifier
from milepost.store import customers
from tests.store.fixed_clock import Hand, at, people, run_sql, stored_boundaries, tick, told
from tests.store.fixtures_db import House, define_again, run_on_servers

CLOSED, STARTED = OutcomeKind.PERIOD_CLOSED, OutcomeKind.PERIOD_STARTED
BEFORE, AFTER = "2026-01-20T12:00:00Z", "2026-02-01T00:00:00Z"


def january(house: House) -> list[tuple[int, int]]:
    """Return target and first period of each group of the house."""
    return [(group.targets[0].id, group.periods[0].id) for group in house.groups]


def february(house: House) -> list[tuple[int, int]]:
    """Return target and second period of each group of the house."""
    return [(group.targets[0].id, group.periods[1].id) for group in house.groups]


def everybody(house: House, number: int) -> dict[tuple[OutcomeKind, int, int], int]:
    """Return the notices of *number* customers when January ends."""
    closings = {(CLOSED, *key): number for key in january(house)}
    return closings | {(STARTED, *key): number for key in february(house)}


def test_customers_are_notified_once_that_a_period_closed(database_url: str) -> None:
    """No customer is notified before the instant; then all active customers, page by page, and never again."""

    async def life(house: House) -> None:
        hand = Hand(BEFORE)
        house = at(house, hand)
        await people(house, 7)
        hand.put("2026-01-31T23:59:59Z")
        await tick(house.servers[0])
        assert {} == await told(house, CLOSED, STARTED)
        hand.put(AFTER)
        for server in house.servers * 2:
            await tick(server)
        assert everybody(house, 7) == await told(house, CLOSED, STARTED)
        assert {True} == {done for _, _, done in await stored_boundaries(house)}

    run_on_servers(database_url, life)


def test_two_servers_share_the_work_and_notify_no_customer_twice(database_url: str) -> None:
    """Four schedulers on two servers run into each other all the time."""

    async def life(house: House) -> None:
        hand = Hand(BEFORE)
        house = at(house, hand)
        await people(house, 40)
        hand.put("2026-03-01T00:00:00Z")
        await asyncio.gather(*(tick(server, page=2) for server in house.servers * 2))
        found = await told(house, CLOSED)
        assert {(CLOSED, *key): 40 for key in january(house)} == found

    run_on_servers(database_url, life)


def test_a_boundary_that_was_interrupted_goes_on_where_it_stopped(database_url: str) -> None:
    """A server dies after a page.

    When its lease is over, another server notifies the other customers, and only them.
    """

    async def life(house: House) -> None:
        hand = Hand(BEFORE)
        house = at(house, hand)
        await people(house, 10)
        hand.put(AFTER)
        dying = BoundaryNotifier(house.servers[0], page=4)
        await dying.plan()
        lease = await dying.acquire_lease()
        assert lease is not None
        assert await dying.notify_page(lease) is not None
        await tick(house.servers[1])
        missing = sum(everybody(house, 10).values()) - (await told(house, CLOSED, STARTED)).total()
        assert 6 == missing
        await run_sql(house, "update turn set leased_until = now() - interval '1 second'")
        looked = [0]
        await tick(_counting(house, looked).servers[1])
        assert everybody(house, 10) == await told(house, CLOSED, STARTED)
        assert [6] == looked

    run_on_servers(database_url, life)


def _counting(house: House, looked: list[int]) -> House:
    """Return the house with a second server that counts the events it lets happen."""
    server = house.servers[1]
    inside = server.ingest.inside

    async def counted(transaction: Any, incoming_events: Any) -> Any:
        looked[0] += len(incoming_events)
        return await inside(transaction, incoming_events)

    ingest = type(server.ingest)(server.database, server.snapshots)
    ingest.inside = counted  # type: ignore[method-assign]
    return replace(house, servers=(house.servers[0], replace(server, ingest=ingest)))


def test_a_server_that_was_paused_is_fenced(database_url: str) -> None:
    """Its lease was taken over meanwhile: it notifies nobody and cannot write how far it got."""

    async def life(house: House) -> None:
        hand = Hand(BEFORE)
        house = at(house, hand)
        await people(house, 10)
        hand.put(AFTER)
        zombie = BoundaryNotifier(house.servers[0], page=2)
        await zombie.plan()
        lease = await zombie.acquire_lease()
        assert lease is not None
        lease = await zombie.notify_page(lease)
        assert lease is not None
        await run_sql(house, "update turn set leased_until = now() - interval '1 second'")
        taking_over = BoundaryNotifier(house.servers[1], page=2)
        taken = await taking_over.acquire_lease()
        assert taken is not None
        assert (lease.boundary, lease.epoch + 1, lease.customer_id) == (taken.boundary, taken.epoch, taken.customer_id)
        assert await zombie.notify_page(lease) is None
        await zombie.release(lease)
        assert (await told(house, CLOSED, STARTED)).total() == 2
        going = taken
        while (following := await taking_over.notify_page(going)) is not None:
            going = following
        await tick(house.servers[0])
        assert everybody(house, 10) == await told(house, CLOSED, STARTED)

    run_on_servers(database_url, life)


def test_offset_days_are_waited_for(database_url: str) -> None:
    """With two days of offset January closes for good on the third of February, and opens nothing late."""

    async def life(house: House) -> None:
        await change_settings(house.database, organisation="brand", changes={"offsetDays": "2"})
        hand = Hand(BEFORE)
        house = at(house, hand)
        await people(house, 2)
        hand.put("2026-02-02T23:59:59Z")
        await tick(house.servers[0])
        assert {} == await told(house, CLOSED)
        hand.put("2026-02-03T00:00:00Z")
        await tick(house.servers[0])
        assert 4 == (await told(house, CLOSED)).total()

    run_on_servers(database_url, life)


@pytest.mark.parametrize(
    "policy, closed, started",
    [("ENROLLED_WITH_ACTIVITY", 3, 3), ("ALL_ENROLLED", 5, 5), ("NONE", 0, 0)],
)
def test_the_organisation_says_which_customers_are_notified(
    database_url: str, policy: str, closed: int, started: int
) -> None:
    """Customers with progress, all who take part, or none; two customers of five bought before January."""

    async def life(house: House) -> None:
        await change_settings(house.database, organisation="brand", changes={"periodEndOutcome": policy})
        hand = Hand(BEFORE)
        house = at(house, hand)
        await people(house, 3)
        early = Hand("2025-12-24T12:00:00Z").now
        await house.servers[0].lanes.receive([house.bill(f"old-{name}", name, at=early) for name in ("x", "y")])
        hand.put(AFTER)
        await tick(house.servers[0])
        expected = {(CLOSED, *key): closed for key in january(house)}
        expected |= {(STARTED, *key): started for key in february(house)}
        assert {key: number for key, number in expected.items() if number} == await told(house, CLOSED, STARTED)
        assert {True} == {done for _, _, done in await stored_boundaries(house)}

    run_on_servers(database_url, life)


def test_a_group_of_the_past_has_no_boundaries(database_url: str) -> None:
    """A period that closed before its group was defined has no notices.

    One that ran then has its closing notice only.
    """

    async def life(house: House) -> None:
        hand = Hand("2026-04-05T00:00:00Z")
        house = at(house, hand)
        await tick(house.servers[0])
        first = await stored_boundaries(house)
        await define_again(house)  # dated like all of the house: 20 January
        await tick(house.servers[0])
        both = await stored_boundaries(house)
        kinds = [
            BoundaryKind.CLOSED,
            BoundaryKind.OPENED,
            BoundaryKind.CLOSED,
            BoundaryKind.OPENED,
            BoundaryKind.CLOSED,
        ]
        assert sorted(kind.value for kind in kinds * 2) == sorted(kind.value for _, kind, _ in first)
        assert len(both) - len(first) == 5

    run_on_servers(database_url, life)


def test_a_clock_that_jumps_closes_what_it_jumped_over(database_url: str) -> None:
    """Two months at once have their notices in order; a clock that goes back repeats no notice."""

    async def life(house: House) -> None:
        hand = Hand(BEFORE)
        house = at(house, hand)
        await people(house, 2)
        hand.put("2026-04-01T12:00:00Z")
        await tick(house.servers[0])
        due = [kind for _, kind, _ in await stored_boundaries(house)]
        before = await told(house, CLOSED, STARTED)
        for text in ("2026-02-01T00:00:00Z", "2026-04-01T12:00:00Z"):
            hand.put(text)
            await tick(house.servers[0])
            await tick(house.servers[1])
        assert due == [kind for _, kind, _ in await stored_boundaries(house)]
        assert before == await told(house, CLOSED, STARTED)
        assert 4 == sum(
            number for (kind, *key), number in before.items() if kind is CLOSED and tuple(key) in january(house)
        )

    run_on_servers(database_url, life)


def test_an_event_that_comes_late_still_counts(database_url: str) -> None:
    """A closing notice changes nothing of what is counted."""

    async def life(house: House) -> None:
        hand = Hand(BEFORE)
        house = at(house, hand)
        await people(house, 1)
        hand.put(AFTER)
        await tick(house.servers[0])
        late = Hand("2026-01-25T12:00:00Z").now
        await house.servers[0].lanes.receive([house.bill("late", "c000", at=late)])
        async with house.database.reading() as reading:
            now = await customers.find(reading, await house.customer_key("c000"))
        assert now is not None
        target_id, _ = january(house)[0]
        found = [one.value for one in (*now.standing.progress.values(), *now.history) if one.target_id == target_id]
        assert [200_000] == found

    run_on_servers(database_url, life)
