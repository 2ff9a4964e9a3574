"""Whose an event is: source and id name it in the whole organisation (facts 8 #61; case 02)."""

import asyncio
from collections import Counter
from itertools import islice
from random import Random

import msgspec
import psycopg
import pytest

from milepost.model.customer import Identifier, IdentifierKind
from milepost.model.event import EventKey
from milepost.model.organisation import EventIdentity
from milepost.service.customers.identifiers import change_identifiers
from milepost.service.ingest.incoming_event import IncomingEvent, Naming, Status
from milepost.service.ingest.transaction import Ingest
from milepost.service.organisations.provisioning import change_settings
from milepost.store import claims, database
from milepost.store.claims import Claim, key_of_claim
from milepost.store.database import Transaction
from tests.store.fixtures_db import NOW, House, run_on_servers, statuses
from tests.store.test_identifiers import caller, named
from tests.store.test_merging import merge, spent, told

DAY = 86_400_000_000


async def settle(house: House, **changes: str) -> None:
    """Change settings of the organisation."""
    await change_settings(house.database, organisation="brand", changes=changes)


async def spent_by(house: House, *names: str) -> list[int]:
    """Return what each customer has spent."""
    return [await spent(house, (await house.customer_key(name)).customer_id) for name in names]


def numbered(house: House, number: str, customer: str = "anna", day: int = 0, net: str = "10") -> IncomingEvent:
    """Return a bill of v2, named by its number, so many days from now."""
    bill = house.bill(number, customer, net, at=NOW + day * DAY)
    return msgspec.structs.replace(bill, key=EventKey("v2/till", number), naming=Naming.BILL_NUMBER)


def test_an_event_of_another_customer_is_a_conflict(database_url: str) -> None:
    """One after the other, in one batch, by either server; it says so and counts nothing."""

    async def life(house: House) -> None:
        await told(house, house.bill("a", "anna"))
        for server in (0, 1):
            (answer,) = await told(house, house.bill("a", "bert"), server=server)
            assert (Status.CONFLICT, ()) == (answer.status, answer.entries)
            assert "received before, for another customer" in answer.problems[0].reason
        pairs = [house.bill(f"b{number}", name) for number in range(30) for name in ("anna", "bert")]
        assert [Status.APPLIED, Status.CONFLICT] * 30 == statuses(await told(house, *pairs))
        assert [Status.DUPLICATE, Status.CONFLICT] * 30 == statuses(await told(house, *pairs, server=1))
        assert [310, 0] == await spent_by(house, "anna", "bert")

    run_on_servers(database_url, life)


def test_one_of_two_claimants_at_once_wins(database_url: str) -> None:
    """Sixty-four senders on two servers claim one receipt for two customers: it counts once."""

    async def life(house: House) -> None:
        bills = [house.bill("receipt", ("anna", "bert")[number % 2]) for number in range(64)]
        lanes = [house.servers[number // 2 % 2].lanes for number in range(64)]
        answers = await asyncio.gather(*(lane.receive([bill]) for lane, bill in zip(lanes, bills, strict=True)))
        counted = Counter(status for part in answers for status in statuses(part))
        assert {Status.APPLIED: 1, Status.DUPLICATE: 31, Status.CONFLICT: 32} == counted
        assert [0, 10] == sorted(await spent_by(house, "anna", "bert"))

    run_on_servers(database_url, life)


SLOW_CLAIMS = """
create function wait() returns trigger language plpgsql as 'begin perform pg_sleep(0.002); return new; end';
create trigger slow before insert on event_claim for each row execute function wait()
"""
"""Makes the claims of several writers overlap in time."""


def test_overlapping_claims_do_not_lock_each_other_out(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixteen writers claim the same events and bill numbers, each for a customer of its own: each counts once.

    No transaction is tried again after a deadlock, so one would fail the test.
    """
    monkeypatch.setattr(database, "RETRIES_MAX", 1)

    async def life(house: House) -> None:
        random = Random(5)

        def batch(customer: str) -> list[IncomingEvent]:
            plain = [house.bill(f"e{number}", customer) for number in range(20)]
            far = [numbered(house, f"n{number}", customer, day) for number in range(10) for day in (-400, 0)]
            return random.sample(plain + far, 40)

        with psycopg.connect(database_url) as connection:
            connection.execute(SLOW_CLAIMS)
        ways = [Ingest(server.database, server.snapshots) for server in islice(house.servers * 8, 16)]
        answers = await asyncio.gather(*(way(batch(f"c{number}")) for number, way in enumerate(ways)))
        counted = Counter(status for part in answers for status in statuses(part))
        assert {Status.APPLIED: 40, Status.CONFLICT: 15 * 40} == counted
        with psycopg.connect(database_url) as connection:
            rows = connection.execute("select count(*), count(distinct (source, event_id)) from event").fetchone()
        assert (40, 40) == rows

    run_on_servers(database_url, life)


def test_a_claim_without_its_event_is_finished_by_the_retry(database_url: str) -> None:
    """It may be made before the customer's transaction: the event then counts, for that customer alone."""

    async def life(house: House) -> None:
        await told(house, house.bill("first", "anna"), house.bill("other", "bert"))
        anna = await house.customer_key("anna")

        async def claimed(transaction: Transaction) -> list[int]:
            key = key_of_claim(house.org_id, EventKey("test", "a"))
            return await claims.add(transaction, [Claim(key, anna.customer_id)])

        assert [] == await house.database.attempt(claimed)
        assert [0] == await house.database.attempt(claimed)
        assert [Status.CONFLICT] == statuses(await told(house, house.bill("a", "bert")))
        assert [Status.APPLIED] == statuses(await told(house, house.bill("a", "anna")))
        assert [Status.DUPLICATE] == statuses(await told(house, house.bill("a", "anna"), server=1))
        assert [20, 10] == await spent_by(house, "anna", "bert")

    run_on_servers(database_url, life)


def test_merged_customers_are_one(database_url: str) -> None:
    """What one of them had is a duplicate for the other, under any name, and still a conflict for a third."""

    async def life(house: House) -> None:
        await told(house, house.bill("a", "anna"), house.bill("b", "bert"), house.bill("c", "carl"))
        victim = await house.customer_key("anna")
        await merge(house, "anna", "bert")
        by_id = msgspec.structs.replace(
            house.bill("b"), customer=Identifier(IdentifierKind.ID, str(victim.customer_id))
        )
        for server in (0, 1):
            again = [house.bill("a", "bert"), house.bill("b", "anna"), by_id, house.bill("a", "carl")]
            expected = [Status.DUPLICATE] * 3 + [Status.CONFLICT]
            assert expected == statuses(await told(house, *again, server=server))
        await merge(house, "bert", "carl")
        assert [Status.DUPLICATE] * 2 == statuses(await told(house, house.bill("a", "carl"), house.bill("c", "anna")))

    run_on_servers(database_url, life)


def test_a_server_with_a_stale_name_does_not_take_it_for_a_stranger(database_url: str) -> None:
    """A name moves to another customer, whose own event is a duplicate for a server that remembers the first."""

    async def life(house: House) -> None:
        for server in (0, 1):
            await told(house, house.bill(f"a{server}", "anna"), house.bill(f"b{server}", "bert"), server=server)
        anna, bert = await house.customer_key("anna"), await house.customer_key("bert")
        await change_identifiers(house.servers[0], caller(house), anna.customer_id, [named("ann")], [named("anna")])
        await change_identifiers(house.servers[0], caller(house), bert.customer_id, [named("anna")], [])
        assert [Status.DUPLICATE] == statuses(await told(house, house.bill("b0", "anna"), server=1))
        assert [Status.CONFLICT] == statuses(await told(house, house.bill("b0", "ann"), server=1))

    run_on_servers(database_url, life)


def test_customers_of_some_organisations_do_not_share_names(database_url: str) -> None:
    """With `eventIdentity` CUSTOMER each customer has events of the same name."""

    async def life(house: House) -> None:
        await settle(house, eventIdentity="CUSTOMER")
        bills = [house.bill("a", name) for name in ("anna", "bert")]
        assert [Status.APPLIED] * 2 == statuses(await told(house, *bills))
        assert [Status.DUPLICATE] * 2 == statuses(await told(house, *bills, server=1))

    run_on_servers(database_url, life)


@pytest.mark.parametrize("identity", list(EventIdentity))
def test_a_bill_number_names_further_bills_years_apart(database_url: str, identity: EventIdentity) -> None:
    """Case 02 B: in one batch, in several, sent again, in any order; within the days it is one bill."""

    async def life(house: House) -> None:
        await settle(house, eventIdentity=identity.value)
        days = (0, -365, -730)
        bills = [numbered(house, "1", day=day, net=str(10 + place)) for place, day in enumerate(days)]
        first = await told(house, *bills)
        assert [Status.APPLIED] * 3 == statuses(first)
        assert ["1", "1#2025-01-20", "1#2024-01-21"] == [answer.key.id for answer in first]
        for server in (0, 1):
            again = await told(house, *reversed(bills), server=server)
            assert [Status.DUPLICATE] * 3 == statuses(again)
            assert [answer.key for answer in reversed(first)] == [answer.key for answer in again]
        near = [numbered(house, "1", day=day, net="99") for day in (-180, 1, -365 - 180)]
        assert [Status.CONFLICT] * 3 == statuses(await told(house, *near))
        (fourth,) = await told(house, numbered(house, "1", day=-1_000))
        assert (Status.APPLIED, "1#2023-04-26") == (fourth.status, fourth.key.id)
        other = statuses(await told(house, numbered(house, "1", "bert"), numbered(house, "1", "bert", -1_300)))
        whose = Status.CONFLICT if identity is EventIdentity.ORGANISATION else Status.APPLIED
        assert [whose, Status.APPLIED] == other

    run_on_servers(database_url, life)


def test_days_of_a_bill_number_are_counted_exactly(database_url: str) -> None:
    """The number names the bill up to the last microsecond of `billNumberDays`."""

    async def life(house: House) -> None:
        await settle(house, billNumberDays="30")
        await told(house, numbered(house, "1"))
        last = numbered(house, "1", day=-30)
        beyond = msgspec.structs.replace(last, occurred_at=last.occurred_at - 1)
        assert [Status.CONFLICT, Status.APPLIED] == statuses(await told(house, last, beyond))

    run_on_servers(database_url, life)


def test_a_stored_event_without_a_claim_is_still_a_duplicate(database_url: str) -> None:
    """As if it had been received while the identity was switched."""

    async def life(house: House) -> None:
        await told(house, house.bill("a", "anna"), house.bill("b", "bert"))
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute("delete from event_claim")
        again = [house.bill("a", "anna"), house.bill("new", "anna")]
        assert [Status.DUPLICATE, Status.APPLIED] == statuses(await told(house, *again))

    run_on_servers(database_url, life)
