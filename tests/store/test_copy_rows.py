"""What COPY writes is what the insert writes: the log does not tell how large a batch was."""

from decimal import Decimal

import psycopg
from msgspec.structs import replace

from milepost.model.event import RETURN, Activity, Return, ReturnKind
from milepost.service.ingest.incoming_event import IncomingEvent, Status
from milepost.service.organisations.provisioning import change_settings
from milepost.store.log import COPY_FROM
from tests.store.fixtures_db import House, run_on_servers, statuses

COLUMNS = "name, reference, occurred_at, received_at, seq, version, content_hash, body, entries"


def several(house: House, customer: str) -> list[IncomingEvent]:
    """Return incoming events with and without a reference, with texts of all kinds."""
    visit = replace(house.bill("Ñandú 🦤", customer), name="Visit ✓", payload=Activity({"né": "ø", "none": None}))
    back = Return(kind=ReturnKind.AMOUNT, original="ü-1", amount=Decimal("2.50"), extended_fields={})
    return [house.bill("ü-1", customer, "0.0001"), visit, replace(house.bill("r", customer), name=RETURN, payload=back)]


def test_a_large_batch_is_logged_as_single_events_are(database_url: str) -> None:
    """The same events, sent one by one for one customer and by COPY for another, make the same rows."""

    async def life(house: House) -> None:
        await change_settings(house.database, organisation="brand", changes={"eventIdentity": "CUSTOMER"})
        for incoming_event in several(house, "one"):
            assert [Status.APPLIED] == statuses(await house.servers[0].lanes.receive([incoming_event]))
        filling = [house.bill(f"f{number}", f"c{number}") for number in range(COPY_FROM)]
        answers = await house.servers[0].lanes.receive(several(house, "many") + filling)
        assert [Status.APPLIED] * (3 + COPY_FROM) == statuses(answers)
        with psycopg.connect(database_url) as connection:
            query = f"select {COLUMNS} from event where org_id = %s and customer_id = %s order by event_id".encode()
            rows = [
                connection.execute(query, (await house.customer_key(name))[1:]).fetchall() for name in ("one", "many")
            ]
        assert 3 == len(rows[0])
        assert rows[0] == rows[1]

    run_on_servers(database_url, life)
