"""Keeps a database of today's code, for later code to be held to: `python -m tests.store.make_older_database NAME`.

Run it at the commit whose database is to be kept, and name it after that commit. It fills a database with all that the
scenarios tell, with the stories of `stored_stories` and with some of the worlds of the laws. Then it writes
`databases/NAME.sql`, all that is stored, and `databases/NAME.json`, what the server answers about it.
"""

import asyncio
import sys
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx2
import msgspec

from milepost.api.http.body import write_json
from milepost.model.time import Micros
from milepost.postgres.embedded import EmbeddedServer
from milepost.service.ingest.lanes.lane import Limits
from milepost.service.scheduled.verify import verify
from milepost.store.sql.schema import migrate
from tests.api.client import ApiClient, Json, json_of
from tests.scenarios.http_player import HttpPlayer
from tests.scenarios.test_scenarios import SCENARIOS, played
from tests.store.dumping import dumped, tables
from tests.store.older import FOLDER, Board, Expected, Known, Sent, goals, opened_at, outcomes, places, shown, tell
from tests.store.stored_stories import close_boards, play_stories
from tests.store.stored_worlds import drawn_worlds, play_world

WORLDS = 16
EVENTS = "/api/v1/events"
BOARDS = "select distinct org_id, target_id, period_id from score order by 1, 2, 3"
GOES_ON_EACH = 3
"""One customer in so many gets a duplicate and a further event."""

_exact = msgspec.json.Decoder(float_hook=Decimal)


class Remembering(ApiClient):
    """A client that remembers how late it was when a till asked last, and what each customer did last."""

    def __init__(self, url: str) -> None:
        """Prepare to open the runtime at *url*."""
        super().__init__(url, Limits())
        self.ends = dict[str, Micros]()
        self.last: dict[tuple[str, int], str] = {}

    def send(self, method: str, path: str, **options: Any) -> httpx2.Response:
        """Send a request and remember it."""
        answered = super().send(method, path, **options)
        till, _ = options.get("auth", ("", ""))
        self.ends[till] = self.clock.now
        if (method, path, answered.status_code) == ("POST", EVENTS, 200):
            events = msgspec.json.decode(options["content"], type=list[msgspec.Raw])
            for event, item in zip(events, json_of(answered)["items"], strict=True):
                if item["status"] == "applied":
                    self.last[till, item["customerId"]] = bytes(event).decode()
        return answered


def main(name: str) -> None:
    """Fill a database and write its text."""
    with TemporaryDirectory() as folder, EmbeddedServer(Path(folder)) as server:
        asyncio.run(migrate(server.url))
        client = Remembering(server.url)
        with opened_at(client):
            _fill(client)
            _settle(client)
            lines = list(dumped(client.connection))
            (FOLDER / f"{name}.sql").write_text("\n".join(lines) + "\n", encoding="utf-8")
            found = msgspec.json.encode(_answered(client))
    (FOLDER / f"{name}.json").write_bytes(msgspec.json.format(found, indent=1) + b"\n")


def _fill(client: ApiClient) -> None:
    """Play everything; first the scenarios in which time passes, because it passes for every organisation."""
    close_boards(client)
    turning = [one for one in SCENARIOS if any(step.text.endswith("time passes") for step in one.steps)]
    for scenario in (*turning, *(one for one in SCENARIOS if one not in turning)):
        played(scenario, HttpPlayer(client, scenario))
    play_stories(client)
    for world in drawn_worlds(WORLDS):
        assert play_world(client, world)


def _settle(client: ApiClient) -> None:
    """Leave out what the machine's own clock said, and what was drawn by lot."""
    client.connection.execute("update migration set applied_at = '2026-01-20T12:00:00Z'")
    client.connection.execute("update turn set leased_until = null")
    client.connection.execute("update organisation set webhook_id = 'webhook ' || org_id")


def _answered(client: Remembering) -> Expected:
    """Read every customer, and send further events of some."""
    rows = {table: client.number(f"select count(*) from {table}") for table in tables()}
    customers = client.connection.execute("select org_id, customer_id from standing order by 1, 2").fetchall()
    tills: dict[int, str] = dict(client.connection.execute("select org_id, code from login").fetchall())
    progress, told = client.run(lambda: _progress(client)), outcomes(client.connection)
    boards = [_board(client, tills[org_id], *board) for org_id, *board in client.connection.execute(BOARDS).fetchall()]
    known = [_known(client, tills[org_id], id_) for org_id, id_ in customers]
    # What one customer goes on to do may concern another one, into whom they were merged.
    known = [_gone_on(client, one) if place % GOES_ON_EACH == 0 else one for place, one in enumerate(known)]
    return Expected(rows=rows, outcomes=told, progress=progress, boards=boards, customers=known)


async def _progress(client: ApiClient) -> int:
    verified = [one async for one in verify(client.runtime.database)]
    assert all(one.agrees for one in verified)
    return sum(one.progress for one in verified)


def _board(client: Remembering, till: str, target_id: int, period_id: int) -> Board:
    board = Board(till, target_id, period_id, client.ends[till], [])
    return msgspec.structs.replace(board, places=places(client, board))


def _known(client: Remembering, till: str, customer_id: int) -> Known:
    customer_key = (till, customer_id, client.ends[till])
    return Known(
        till=till,
        id=customer_id,
        at=client.ends[till],
        shows=shown(client, *customer_key),
        goals=goals(client, *customer_key),
    )


def _gone_on(client: Remembering, known: Known) -> Known:
    """Send a customer's last event again and one more; return what that changed."""
    last = client.last.get((known.till, known.id))
    if last is None:
        return known
    status, changed = tell(client, known.till, last, known.at)
    again = Sent(last, changed) if status == "duplicate" else None
    further = _further(_exact.decode(last), f"further {known.id}")
    status, changed = tell(client, known.till, further, known.at)
    assert status == "applied", (status, further)
    return msgspec.structs.replace(known, again=again, further=Sent(further, changed))


def _further(event: Json, name: str) -> str:
    """Return an event like *event* with a new id."""
    data = event["data"] | ({"number": name} if "number" in event["data"] else {})
    return write_json(event | {"id": name, "data": data}).decode()


if __name__ == "__main__":
    main(sys.argv[1])
