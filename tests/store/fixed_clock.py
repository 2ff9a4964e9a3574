"""Servers whose clock is set by hand, and the notices of passing time."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from milepost.model.delivery.outcome_type import OutcomeType
from milepost.model.scheduled.boundary import BoundaryKind
from milepost.model.standing import OutcomeKind
from milepost.model.time import Micros
from milepost.rules.calendar import calendar_of
from milepost.service.runtime.clocks import Clocks
from milepost.service.runtime.runtime import Runtime
from milepost.service.scheduled.boundaries import BoundaryNotifier
from milepost.service.snapshot.wanted_outcomes import KIND_OF_TYPE
from milepost.store import codec
from milepost.worker.boundaries import BoundaryWorker
from tests.store.fixtures_db import House


class Hand:
    """A clock that stands where it was put; `now` in epoch microseconds."""

    def __init__(self, text: str) -> None:
        """Stand at the instant that *text* names."""
        self.put(text)

    def __call__(self) -> Micros:
        """Return the time."""
        return self.now

    def put(self, text: str) -> None:
        """Stand at the instant that *text* names."""
        self.now = calendar_of("UTC").read(text).instant


def at(house: House, hand: Hand) -> House:
    """Return *house* with servers whose clocks are *hand*."""
    return replace(house, servers=tuple(_at(server, hand) for server in house.servers))


async def tick(server: Runtime, *, page: int = 3) -> None:
    """Have a server that has just started do everything that is due."""
    scheduler = BoundaryWorker(BoundaryNotifier(server, page=page), lambda: 0)
    while await scheduler.once():
        pass


async def people(house: House, number: int) -> None:
    """Send a bill of the twentieth of January for each of so many customers."""
    names = [f"c{place:03}" for place in range(number)]
    await house.servers[0].lanes.receive([house.bill(f"first-{name}", name) for name in names])


async def told(house: House, *kinds: OutcomeKind) -> Counter[tuple[OutcomeKind, int, int]]:
    """Count the outcomes of *kinds* in the outbox, and in the feed if they were relayed: kind, target and period."""
    async with house.database.transaction() as transaction:
        waiting = await (await transaction._connection.execute(b"select body from outbox")).fetchall()
        relayed = await (await transaction._connection.execute(b"select body from feed")).fetchall()
    outcomes = [outcome for (body,) in waiting for outcome in codec.decode_outcomes(body)]
    counted = Counter((one.kind, one.target_id, one.period_id) for one in outcomes if one.kind in kinds)
    for (body,) in relayed:
        message = json.loads(body)
        kind, data = KIND_OF_TYPE[OutcomeType(message["type"])], message["data"]
        if kind in kinds:
            counted[kind, data["target"]["id"], data["period"]["id"]] += 1
    return counted


async def stored_boundaries(house: House) -> list[tuple[int, BoundaryKind, bool]]:
    """Return every stored boundary: its period, its kind, and whether all customers were notified."""
    async with house.database.transaction() as transaction:
        rows = await transaction._connection.execute(
            b"select period_id, kind, done_at is not null from turn order by due_at, group_id, kind"
        )
        return [(period_id, BoundaryKind(kind), done) for period_id, kind, done in await rows.fetchall()]


async def run_sql(house: House, statement: str, values: Sequence[object] = ()) -> None:
    """Meddle with the database."""
    async with house.database.transaction() as transaction:
        await transaction._connection.execute(statement.encode(), values)


def _at(server: Runtime, hand: Hand) -> Runtime:
    return replace(server, clock=hand, clocks=Clocks(server.database, hand))
