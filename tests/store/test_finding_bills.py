"""What a return names is found by an index, however long the customer's log is."""

from collections.abc import Iterator, Mapping
from typing import Any

import psycopg
import pytest
from msgspec.structs import replace

from milepost.model.event import Bill
from milepost.service.ingest.incoming_event import IncomingEvent
from milepost.store.log import keys_of
from milepost.store.sql.statements import statement
from milepost.store.wire.arrays import Packing, texts
from tests.store.fixtures_db import House, run_on_servers

pytestmark = pytest.mark.usefixtures("rows")

BILLS = 400


def nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Return every step of *plan*."""
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


def numbered(incoming_event: IncomingEvent) -> IncomingEvent:
    """Return the bill of *incoming_event* a number that is not its id."""
    assert isinstance(incoming_event.payload, Bill)
    return replace(incoming_event, payload=replace(incoming_event.payload, number=f"N-{incoming_event.key.id}"))


def test_bill_of_a_long_log_is_found_without_reading_the_log(database_url: str) -> None:
    """Named by its number or by its id, with what the server knows of its tables and without."""

    async def life(house: House) -> None:
        await house.servers[0].lanes.receive([numbered(house.bill(f"b{number}", "busy")) for number in range(BILLS)])
        customer_key = await house.customer_key("busy")
        with psycopg.connect(database_url, autocommit=True, context=Packing()) as connection:
            source, by_number, by_id = connection.execute(
                "select source, reference, event_id from event where customer_id = %s limit 1",
                [customer_key.customer_id],
            ).fetchall()[0]
            for is_analysed in (False, True):
                if is_analysed:
                    connection.execute("analyze event")
                for name in (by_number, by_id):
                    values = keys_of([customer_key]) | {"sources": texts([source]), "names": texts([name])}
                    query = b"explain (analyze, format json) " + statement("events_named").encode()
                    plan = connection.execute(query, values).fetchall()[0][0][0]["Plan"]
                    read = [node for node in nodes(plan) if node.get("Relation Name") == "event"]
                    assert read
                    assert [0] * len(read) == [node.get("Rows Removed by Filter", 0) for node in read]

    run_on_servers(database_url, life)
