"""Names that are taken away while several servers remember them (decision 0022)."""

from milepost.model.access.role import Role
from milepost.model.customer import Identifier, IdentifierKind
from milepost.model.target import Author
from milepost.service.customers.identifiers import change_identifiers
from milepost.service.snapshot.access import Caller
from tests.store.fixtures_db import House, run_on_servers
from tests.store.test_merging import merge, spent, told


def caller(house: House) -> Caller:
    """Return the caller."""
    return Caller(org_id=house.org_id, author=Author(id=1, code="t", name="t"), till_id=None, role=Role.ADMIN)


def named(name: str) -> Identifier:
    """Return an external id."""
    return Identifier(IdentifierKind.EXTERNAL_ID, name)


def test_a_server_with_a_stale_name_asks_again(database_url: str) -> None:
    """A name goes from one to another: a server that remembers the first finds the second."""

    async def life(house: House) -> None:
        for server in (0, 1):
            bills = (house.bill(f"a{server}", "anna"), house.bill(f"b{server}", "bert"))
            await told(house, *bills, server=server)
        anna, bert = await house.customer_key("anna"), await house.customer_key("bert")
        await change_identifiers(house.servers[0], caller(house), anna.customer_id, [named("ann")], [named("anna")])
        await change_identifiers(house.servers[0], caller(house), bert.customer_id, [named("anna")], [])
        for turn in range(2):
            (late,) = await told(house, house.bill(f"late{turn}", "anna"), server=1)
            assert bert.customer_id == late.customer_id
        (known,) = await told(house, house.bill("by the new name", "ann"), server=1)
        assert anna.customer_id == known.customer_id
        assert [30, 40] == [await spent(house, customer_key.customer_id) for customer_key in (anna, bert)]

    run_on_servers(database_url, life)


def test_an_unknown_identifier_registers_a_customer(database_url: str) -> None:
    """Also in a server that remembers whose it was."""

    async def life(house: House) -> None:
        await told(house, house.bill("a", "anna"), server=1)
        anna = await house.customer_key("anna")
        await change_identifiers(house.servers[0], caller(house), anna.customer_id, [], [named("anna")])
        (late,) = await told(house, house.bill("late", "anna"), server=1)
        assert late.customer_id not in {None, anna.customer_id}
        assert 10 == await spent(house, anna.customer_id)

    run_on_servers(database_url, life)


def test_identifiers_of_a_customer_who_lost_some_still_lead_through_a_merge(database_url: str) -> None:
    """The victim's names lead to a survivor who had lost a name, in a server that remembers all of them."""

    async def life(house: House) -> None:
        await told(house, house.bill("a", "anna"), house.bill("b", "bert"), server=1)
        bert = await house.customer_key("bert")
        await change_identifiers(house.servers[0], caller(house), bert.customer_id, [named("bertie")], [named("bert")])
        await merge(house, "anna", "bertie")
        (late,) = await told(house, house.bill("late", "anna"), server=1)
        assert bert.customer_id == late.customer_id
        assert 30 == await spent(house, bert.customer_id)

    run_on_servers(database_url, life)
