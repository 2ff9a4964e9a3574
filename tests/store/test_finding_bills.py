"""What a return names is found by an index, however long the customer's log is."""

from collections.abc import Iterator, Mapping
from typing import Any

import psycopg
from msgspec.structs import replace

from milepost.model.event import Bill
from milepost.service.offer import Offer
from milepost.store.arrays import Packing, texts
from milepost.store.log import keys_of
from milepost.store.statements import statement
from tests.store.house import House, lived

BILLS = 400


def nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Give every step of *plan*."""
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


def numbered(offer: Offer) -> Offer:
    """Give the bill of *offer* a number that is not its id."""
    assert isinstance(offer.payload, Bill)
    return replace(offer, payload=replace(offer.payload, number=f"N-{offer.key.id}"))


def test_bill_of_a_long_log_is_found_without_reading_the_log(database_url: str) -> None:
    """Named by its number or by its id, with what the server knows of its tables and without."""

    async def life(house: House) -> None:
        await house.servers[0].lanes.receive([numbered(house.bill(f"b{number}", "busy")) for number in range(BILLS)])
        who = await house.who("busy")
        with psycopg.connect(database_url, autocommit=True, context=Packing()) as connection:
            source, by_number, by_id = connection.execute(
                "select source, reference, event_id from event where customer_id = %s limit 1", [who.customer_id]
            ).fetchall()[0]
            for is_analysed in (False, True):
                if is_analysed:
                    connection.execute("analyze event")
                for name in (by_number, by_id):
                    values = keys_of([who]) | {"sources": texts([source]), "names": texts([name])}
                    query = b"explain (analyze, format json) " + statement("events_named").encode()
                    plan = connection.execute(query, values).fetchall()[0][0][0]["Plan"]
                    read = [node for node in nodes(plan) if node.get("Relation Name") == "event"]
                    assert read
                    assert [0] * len(read) == [node.get("Rows Removed by Filter", 0) for node in read]

    lived(database_url, life)
