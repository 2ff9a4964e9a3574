"""Merging while several servers receive: nothing is lost, nothing counts twice (decision 0022)."""

import asyncio
from decimal import Decimal

import msgspec
import pytest

from milepost.model.access.role import Role
from milepost.model.customer import Identifier, IdentifierKind
from milepost.model.event import RETURN, EventKey, Return, ReturnKind
from milepost.model.problem import Refused
from milepost.model.target import Author
from milepost.service.customers.merge import MergeRequest, merge_customers
from milepost.service.customers.view import CustomerView, view_customer
from milepost.service.ingest.incoming_event import Answer, IncomingEvent, Status
from milepost.service.snapshot.access import Caller
from tests.store.fixtures_db import NOW, House, run_on_servers, statuses

pytestmark = pytest.mark.usefixtures("rows")


def caller(house: House) -> Caller:
    """Return the caller."""
    return Caller(org_id=house.org_id, author=Author(id=1, code="t", name="t"), till_id=None, role=Role.ADMIN)


def named(name: str) -> Identifier:
    """Return an external id."""
    return Identifier(IdentifierKind.EXTERNAL_ID, name)


async def merge(house: House, victim: str = "anna", survivor: str = "bert", server: int = 0) -> MergeRequest:
    """Merge two customers by their external ids."""
    return await merge_customers(house.servers[server], caller(house), named(victim), named(survivor))


async def view(house: House, customer_id: int) -> CustomerView:
    """Return all of a customer."""
    found = await view_customer(house.database, house.servers[0].snapshots, house.org_id, customer_id)
    assert found is not None
    return found


async def spent(house: House, customer_id: int) -> int:
    """Return what a customer has spent by the first target."""
    shown = await view(house, customer_id)
    target = house.groups[0].targets[0].id
    return sum(row.value for row in shown.progress.values() if row.target_id == target) // 10_000


async def told(house: House, *incoming_events: IncomingEvent, server: int = 0) -> list[Answer]:
    """Send *incoming_events* to a server."""
    return await house.servers[server].lanes.receive(list(incoming_events))


def back(house: House, id_: str, original: str, customer: str = "bert") -> IncomingEvent:
    """Return an incoming event: a full return."""
    bill = house.bill(id_, customer)
    payload = Return(kind=ReturnKind.FULL, original=original, extended_fields={})
    return IncomingEvent(
        org_id=bill.org_id,
        customer=bill.customer,
        key=EventKey("test", id_),
        name=RETURN,
        occurred_at=NOW,
        received_at=NOW,
        place=None,
        till_id=None,
        payload=payload,
    )


def test_a_server_with_stale_names_finds_the_survivor(database_url: str) -> None:
    """The second server remembers the victim's name; what it receives after the merge counts for the survivor."""

    async def life(house: House) -> None:
        for server in (0, 1):
            await told(house, house.bill(f"a{server}", "anna"), house.bill(f"b{server}", "bert"), server=server)
        victim, survivor = await house.customer_key("anna"), await house.customer_key("bert")
        await merge(house)
        (late,) = await told(house, house.bill("late", "anna"), server=1)
        by_id = house.bill("by id", "anna")
        by_id = msgspec.structs.replace(by_id, customer=Identifier(IdentifierKind.ID, str(victim.customer_id)))
        (direct,) = await told(house, by_id, server=1)
        assert [survivor.customer_id] * 2 == [late.customer_id, direct.customer_id]
        assert [60, 60] == [await spent(house, customer_key.customer_id) for customer_key in (victim, survivor)]
        assert survivor == await house.customer_key("anna")

    run_on_servers(database_url, life)


def test_events_of_the_victim_are_duplicates(database_url: str) -> None:
    """Sent again after the merge, by either server, it is a duplicate; other content under its name is a conflict."""

    async def life(house: House) -> None:
        bill = house.bill("a", "anna")
        first = await told(house, bill, house.bill("b", "bert"))
        await merge(house)
        for server in (0, 1):
            (again,) = await told(house, bill, server=server)
            assert (Status.DUPLICATE, first[0].entries) == (again.status, again.entries)
        assert [Status.CONFLICT] == statuses(await told(house, house.bill("a", "bert", net="11"), server=1))
        assert 20 == await spent(house, (await house.customer_key("bert")).customer_id)

    run_on_servers(database_url, life)


def test_a_return_finds_the_bill_in_the_victims_log(database_url: str) -> None:
    """Once; a bill of a customer merged before into the victim is found as well."""

    async def life(house: House) -> None:
        await told(house, house.bill("a", "anna"), house.bill("b", "bert"), house.bill("c", "carl", net="5"))
        await merge(house, "carl", "anna")
        await merge(house, "anna", "bert", server=1)
        survivor = (await house.customer_key("bert")).customer_id
        await told(house, back(house, "r1", "a"), server=0)
        assert 15 == await spent(house, survivor)
        await told(house, back(house, "r2", "c"), back(house, "r3", "a"), server=1)
        assert 10 == await spent(house, survivor)

    run_on_servers(database_url, life)


def test_the_same_request_gets_the_same_answer(database_url: str) -> None:
    """By name or by id, by either server, also when the survivor was merged on."""

    async def life(house: House) -> None:
        await told(house, *(house.bill(name, name) for name in ("anna", "bert", "carl")))
        victim, survivor = await house.customer_key("anna"), await house.customer_key("bert")
        first = await merge(house)
        assert first == await merge(house, server=1)
        await merge(house, "bert", "carl")
        ids = [Identifier(IdentifierKind.ID, str(customer_key.customer_id)) for customer_key in (victim, survivor)]
        assert first == await merge_customers(house.servers[1], caller(house), ids[0], ids[1])
        assert 30 == await spent(house, victim.customer_id)

    run_on_servers(database_url, life)


def test_customers_that_cannot_be_merged_are_refused(database_url: str) -> None:
    """The same customer, an unknown one, a victim of another, a survivor who was merged away: nothing changes."""

    async def life(house: House) -> None:
        await told(house, *(house.bill(name, name) for name in ("anna", "bert", "carl")))
        victim = Identifier(IdentifierKind.ID, str((await house.customer_key("anna")).customer_id))
        await merge(house)

        async def code(one: Identifier, other: Identifier) -> int | None:
            with pytest.raises(Refused) as refused:
                await merge_customers(house.servers[0], caller(house), one, other)
            (problem,) = refused.value.problems
            return problem.code

        assert 9029 == await code(named("carl"), named("carl"))
        assert [9042] * 2 == [await code(named("carl"), named("nobody")), await code(named("nobody"), named("carl"))]
        assert 9042 == await code(Identifier(IdentifierKind.ID, "7"), named("carl"))
        assert 9027 == await code(victim, named("carl"))
        assert [9023] * 2 == [await code(named("carl"), victim), await code(named("bert"), victim)]
        assert 10 == await spent(house, (await house.customer_key("carl")).customer_id)

    run_on_servers(database_url, life)


def test_nothing_is_lost_while_both_receive_events(database_url: str) -> None:
    """Two servers receive bills of both, some of them twice, while the two are merged."""

    async def life(house: House) -> None:
        await told(house, house.bill("a", "anna", net="1"), house.bill("b", "bert", net="1"))

        async def tell(server: int, name: str) -> list[Status]:
            heard: list[Status] = []
            for number in range(40):
                bill = house.bill(f"{name}{number}", name, net="1")
                heard += statuses(await told(house, bill, server=server))
                await asyncio.sleep(0)
            return heard

        streams = [tell(server, name) for server in (0, 1) for name in ("anna", "bert")]
        merging = [merge(house, server=server) for server in (0, 1, 0)]
        answers, mergers = await asyncio.gather(asyncio.gather(*streams), asyncio.gather(*merging))
        assert 1 == len(set(mergers))
        counted = [status for heard in answers for status in heard]
        assert (80, 80) == (counted.count(Status.APPLIED), counted.count(Status.DUPLICATE))
        assert 82 == await spent(house, (await house.customer_key("anna")).customer_id)

    run_on_servers(database_url, life)


def test_two_customers_merged_into_each_other_at_once_become_one(database_url: str) -> None:
    """One of the two requests is first; the other is refused."""

    async def life(house: House) -> None:
        await told(house, house.bill("a", "anna"), house.bill("b", "bert"))
        ids = [
            Identifier(IdentifierKind.ID, str((await house.customer_key(name)).customer_id))
            for name in ("anna", "bert")
        ]
        asked = [
            merge_customers(house.servers[server], caller(house), ids[server], ids[1 - server]) for server in (0, 1)
        ]
        became = await asyncio.gather(*asked, return_exceptions=True)
        assert 1 == sum(isinstance(one, MergeRequest) for one in became)
        (refused,) = [one for one in became if isinstance(one, Refused)]
        assert [9023] == [problem.code for problem in refused.problems]
        assert Decimal(20) == await spent(house, int(ids[0].value))

    run_on_servers(database_url, life)
