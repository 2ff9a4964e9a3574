"""Stored events are claimed, and their names then hold in the whole organisation (facts 8 #61)."""

import asyncio
from itertools import count

import psycopg
import pytest

from milepost.model.organisation import EventIdentity
from milepost.model.problem import Refused
from milepost.service.ingest.incoming_event import Status
from milepost.service.organisations.event_identity import ClaimedEvents, DuplicateEvent, claim_stored_events
from tests.store.fixtures_db import NOW, House, run_on_servers, statuses
from tests.store.test_event_claims import numbered, settle
from tests.store.test_merging import merge, told


async def claim_all(house: House) -> ClaimedEvents:
    """Claim the stored events."""
    return await claim_stored_events(house.database, "brand", NOW)


def test_stored_events_are_claimed_before_their_names_are_shared(database_url: str) -> None:
    """The setting changes once there are no duplicates; then what was received before is known."""

    async def life(house: House) -> None:
        await settle(house, eventIdentity="CUSTOMER")
        yearly = [numbered(house, "1", "anna", -400), numbered(house, "1", "anna"), numbered(house, "1", "bert", -900)]
        await told(house, house.bill("a", "anna"), house.bill("b", "bert"), *yearly)
        with pytest.raises(Refused):
            await settle(house, eventIdentity="ORGANISATION")
        claimed = await claim_all(house)
        assert (5, []) == (claimed.events, claimed.duplicates)
        assert EventIdentity.ORGANISATION is claimed.organisation.settings.event_identity
        again = [house.bill("a", "anna"), *yearly]
        assert [Status.DUPLICATE] * 4 == statuses(await told(house, *again, server=1))
        others = [house.bill("a", "bert"), numbered(house, "1", "bert"), numbered(house, "1", "anna", -900)]
        assert [Status.CONFLICT] * 3 == statuses(await told(house, *others, server=1))
        assert (5, []) == ((await claim_all(house)).events, (await claim_all(house)).duplicates)

    run_on_servers(database_url, life)


def test_duplicates_among_stored_events_are_found(database_url: str) -> None:
    """They are named, the setting stays; customers who are merged afterwards hold one event."""

    async def life(house: House) -> None:
        await settle(house, eventIdentity="CUSTOMER")
        await told(house, *(house.bill("a", name) for name in ("anna", "bert")), house.bill("b", "bert"))
        ids = sorted([(await house.customer_key(name)).customer_id for name in ("anna", "bert")])
        for _ in range(2):
            claimed = await claim_all(house)
            assert EventIdentity.CUSTOMER is claimed.organisation.settings.event_identity
            (duplicate,) = claimed.duplicates
            assert ("test", "a", ids) == (duplicate.source, duplicate.id, sorted(duplicate.customer_ids))
        await merge(house)
        claimed = await claim_all(house)
        assert EventIdentity.ORGANISATION is claimed.organisation.settings.event_identity

    run_on_servers(database_url, life)


def test_nothing_is_lost_while_the_identity_is_switched(database_url: str) -> None:
    """Two servers go on receiving: afterwards every event of the log has a claim, and counts once."""

    async def life(house: House) -> None:
        await settle(house, eventIdentity="CUSTOMER")
        numbers, done = count(), asyncio.Event()

        async def send(server: int) -> None:
            while not done.is_set():
                bills = [house.bill(f"e{next(numbers)}", f"c{server}") for _ in range(3)]
                for _ in range(2):
                    answers = statuses(await told(house, *bills, server=server))
                    assert not {Status.FAILED, Status.CONFLICT} & {*answers}

        senders = [asyncio.create_task(send(number % 2)) for number in range(4)]
        claimed = await claim_all(house)
        done.set()
        await asyncio.gather(*senders)
        no_duplicates: list[DuplicateEvent] = []
        assert no_duplicates == claimed.duplicates
        with psycopg.connect(database_url) as connection:
            query = "select (select count(*) from event), (select count(*) from event_claim)"
            events, claimed_events = connection.execute(query).fetchone() or (0, 1)
        assert events == claimed_events

    run_on_servers(database_url, life)


def test_the_switch_waits_for_what_is_being_received(database_url: str) -> None:
    """An event that a transaction receives without a claim, because it began before, is claimed in the end."""

    async def life(house: House) -> None:
        await settle(house, eventIdentity="CUSTOMER")
        await told(house, house.bill("a", "anna"), house.bill("b", "bert"))
        async with house.database.transaction() as transaction:
            await house.servers[0].ingest.inside(transaction, [house.bill("late", "anna")])
            switching = asyncio.create_task(claim_all(house))
            await asyncio.sleep(1)
            assert not switching.done()
        assert 3 == (await switching).events
        assert [Status.CONFLICT] == statuses(await told(house, house.bill("late", "bert")))

    run_on_servers(database_url, life)
