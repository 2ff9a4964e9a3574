"""Replaying the log shows what is stored to be right, and finds what is not (law 7)."""

import psycopg
import pytest
from msgspec import structs

from milepost.model.event import Activity
from milepost.service.scheduled.verify import verify
from milepost.store import customers
from tests.store.fixtures_db import HOUR, NOW, House, open_house, run

pytestmark = pytest.mark.usefixtures("rows")

ANOTHERS = """
    update standing as s set body = o.body from standing as o, event as e
    where e.event_id = 'b1' and s.customer_id = e.customer_id and o.customer_id <> s.customer_id
"""
CHANGES = (
    ("nothing", "select 1", ()),
    ("a standing", ANOTHERS, ("bert",)),
    ("an entry", "update event set entries = '[]' where event_id = 'a1'", ("anna",)),
    ("a missing event", "delete from event where event_id = 'b2'", ("bert",)),
    ("a history", "delete from history", ("anna",)),
)


async def happened(house: House) -> None:
    """Send events of Anna over months, and two bills of Bert."""
    bills = [
        house.bill("a1"),
        house.bill("a2", at=NOW + 24 * 19 * HOUR),
        house.bill("b1", "bert"),
        house.bill("b2", "bert"),
    ]
    await house.servers[0].lanes.receive(bills)


@pytest.mark.parametrize("what, change, expected", CHANGES)
def test_what_does_not_follow_from_the_log_is_found(
    database_url: str, what: str, change: str, expected: tuple[str, ...]
) -> None:
    """Each customer whose rows were tampered with is found, and no other."""

    async def found() -> list[tuple[str, int, int, bool]]:
        async with open_house(database_url, servers=1) as house:
            await happened(house)
            with psycopg.connect(database_url, autocommit=True) as connection:
                connection.execute(change.encode())
            names = {await house.customer_key(name): name for name in ("anna", "bert")}
            seen = [verified async for verified in verify(house.database)]
            return sorted((names[one.customer_key], one.events, one.progress, one.agrees) for one in seen)

    seen = run(found)
    assert (what, expected) == (what, tuple(name for name, _, _, agrees in seen if not agrees))
    assert ["anna", "bert"] == [name for name, *_ in seen]
    if what == "nothing":
        assert [("anna", 2, 4, True), ("bert", 2, 2, True)] == seen


def test_a_customer_who_cannot_be_read_hides_no_other(database_url: str) -> None:
    """What is wrong with the customer is said, and those after it are verified."""

    async def found() -> list[tuple[bool, str]]:
        async with open_house(database_url, servers=1) as house:
            await happened(house)
            with psycopg.connect(database_url, autocommit=True) as connection:
                connection.execute("update event set body = '[[]]' where event_id = 'a1'")
            return [(verified.agrees, verified.failure or "") async for verified in verify(house.database)]

    seen = sorted(run(found))
    assert [False, True] == [agrees for agrees, _ in seen]
    assert seen[0][1].startswith("the event 'a1' of 'test' (TransactionAdd) cannot be read: ")


def test_a_behavioural_event_by_the_name_of_another_kind_is_read(database_url: str) -> None:
    """A webhook once took such events; the customer can be replayed, and the event can be read."""

    async def found() -> list[bool]:
        async with open_house(database_url, servers=1) as house:
            run_event = structs.replace(house.bill("w1"), name="PointsAwarded", payload=Activity({"km": 5}))
            await house.servers[0].lanes.receive([run_event, house.bill("a1")])
            key = await house.customer_key()
            async with house.database.transaction() as transaction:
                log = await customers.full_log(transaction, key)
            assert Activity({"km": 5}) in [row.event().payload for _, row in log]
            return [verified.agrees async for verified in verify(house.database)]

    assert [True] == run(found)
