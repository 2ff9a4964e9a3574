"""What W6 looks at besides speed: how a server begins, how fresh and how right its boards are."""

import asyncio
import time
from collections.abc import Sequence
from random import Random
from typing import NamedTuple

import msgspec

from bench.board_baselines import AROUND, TOP, Reader, Redis, Seen
from bench.board_data import UNITS_PER_CENT, Change, best_first, instant, scores
from bench.client import Asked, Connection, basic
from bench.events import Happened, batch_bodies, with_body
from bench.hosts import PASSWORD, TILL, Address, Postgres, milepost_server
from bench.machine import memory_of
from bench.rules import BILL
from milepost.store.leaderboards import BoardName

FRESH_CUSTOMERS, FRESH_CENTS = 40, 123_456
FRESH_NUMBER = 200_000_000
"""Where the numbers of these bills begin, past those of any stream."""

AUDITED, AUDITED_BY_WINDOW = 200, 3
PROBE_SECONDS = 0.002


class Door(NamedTuple):
    """How the leaderboard is read over HTTP."""

    board: BoardName
    group_id: int

    def own(self, customer_id: int, top: int = TOP, around: int = AROUND) -> Asked:
        """Read the top, a customer's own place and the customers around by our own route."""
        query = f"periodId={self.board.period_id}&customerId={customer_id}&top={top}&around={around}"
        return Asked(f"/api/v1/leaderboards/{self.board.target_id}?{query}")

    def top(self, _: int) -> Asked:
        """Ask the vendor's route for the top, with profiles."""
        query = f"targetId={self.board.target_id}&periodId={self.board.period_id}&pageSize={TOP}"
        return Asked(f"/v3.1/leaderboards/targetGroups/{self.group_id}?{query}")

    def rank(self, customer_id: int) -> Asked:
        """Read a customer's rank by the vendor's route: a GET with a body."""
        asked = [
            {"targetGroupId": self.group_id, "targetRuleId": self.board.target_id, "periodId": self.board.period_id}
        ]
        return Asked(f"/v3.1/leaderboards/user/{customer_id}", msgspec.json.encode(asked), "GET")


class Cold(NamedTuple):
    """What the first read of a leaderboard costs a server that has just started."""

    first_milliseconds: float
    second_milliseconds: float
    longest_other_milliseconds: float
    board_megabytes: float
    peak_megabytes: float


async def cold(url: str, door: Door, customer_id: int) -> Cold:
    """Start a server, ask it for the board, and meanwhile for its health, again and again."""
    async with milepost_server(url, lanes=2) as address, _connected(address) as one, _connected(address) as other:
        await one.get("/api/v1/organisation")
        before, _ = memory_of(address.pid)
        probing = asyncio.create_task(_longest(other))
        first = await _milliseconds(one, door.own(customer_id))
        probing.cancel()
        longest = await probing
        after, peak = memory_of(address.pid)
        second = await _milliseconds(one, door.own(customer_id))
        return Cold(first, second, longest, (after - before) / 1e6, (peak - before) / 1e6)


async def _milliseconds(connection: Connection, asked: Asked) -> float:
    began = time.perf_counter()
    await connection.ask(asked)
    return (time.perf_counter() - began) * 1_000


async def _longest(connection: Connection) -> float:
    """Return the longest time that the server took to say that it is well, until cancelled."""
    longest = 0.0
    try:
        while True:
            longest = max(longest, await _milliseconds(connection, Asked("/healthz")))
            await asyncio.sleep(PROBE_SECONDS)
    except asyncio.CancelledError:
        return longest


class Fresh(NamedTuple):
    """Milliseconds from the answer to a bill until an answer shows it on the board, and what was written."""

    own: list[float]
    other: list[float]
    sent: list[Happened]
    changes: list[Change]


async def freshness(
    address: Address, other: Address, door: Door, customers: Sequence[int], ids: dict[int, int]
) -> Fresh:
    """Send bills to one server, and look for each of them on the board of that one or, in turn, of another one."""
    found = Fresh([], [], [], [])
    async with _connected(address) as writing, _connected(address) as same, _connected(other) as elsewhere:
        for connection in (same, elsewhere):
            await connection.ask(door.own(ids[customers[0]]))
        for place, customer in enumerate(customers):
            event = _bill(place, customer)
            (body,) = batch_bodies([event], 1)
            await writing.post("/api/v1/events", body)
            began = time.perf_counter()
            await _shown(same if place % 2 == 0 else elsewhere, door.own(ids[customer], 0, 0), event.cents)
            (found.own if place % 2 == 0 else found.other).append((time.perf_counter() - began) * 1_000)
            found.sent.append(event)
            found.changes.append(Change(ids[customer], event.cents * UNITS_PER_CENT, instant(place)))
    return found


async def _shown(connection: Connection, asked: Asked, cents: int) -> None:
    while True:
        own = msgspec.json.decode(await connection.ask(asked))["own"]
        if own is not None and round(own["value"] * 100) == cents:
            return
        await asyncio.sleep(PROBE_SECONDS)


def _bill(place: int, customer: int) -> Happened:
    return with_body(
        Happened(
            number=FRESH_NUMBER + place,
            name=BILL,
            customer=customer,
            store=0,
            cents=FRESH_CENTS + place,
            original=None,
            is_repeated=False,
            body=b"",
        ),
        place,
    )


class Ranks(NamedTuple):
    """How many places were compared with a plain sort of all scores, and in how many there was a difference."""

    customers: int
    compared: int
    differences: int


async def audit(
    server: Postgres,
    url: str,
    address: Address,
    door: Door,
    readers: dict[str, Reader],
    expected: dict[int, Change],
    seed: int,
) -> Ranks:
    """Compare what everybody tells with a plain sort, and the scores of who bought something with their bills."""
    found = scores(server, url, door.board)
    order = best_first(found)
    places = {one.customer_id: place for place, one in enumerate(order)}
    ids = [one.customer_id for one in order]
    stored = {one.customer_id: one for one in found}
    differences = sum(stored.get(customer_id) != one for customer_id, one in expected.items())
    compared = len(expected)
    asked = [ids[0], ids[-1], *Random(seed).sample(ids, AUDITED - 2)]
    async with _connected(address) as connection:
        for turn, customer_id in enumerate(asked):
            place = places[customer_id]
            right = Seen(ids[:TOP], place + 1, ids[max(place - AROUND, 0) : place + AROUND + 1])
            for name, reader in readers.items():
                if turn < AUDITED_BY_WINDOW or "rank()" not in name:
                    told = await reader.read(customer_id)
                    same = _fits(told, order, stored[customer_id]) if isinstance(reader, Redis) else told == right
                    compared, differences = compared + 1, differences + (not same)
            told_here = await over_http(connection, door, customer_id)
            compared, differences = compared + 2, differences + sum(one != right for one in told_here)
    return Ranks(len(order), compared, differences)


async def over_http(connection: Connection, door: Door, customer_id: int) -> tuple[Seen, Seen]:
    """Return what our own route tells, and what the vendor's two tell; those have nobody around."""
    own = msgspec.json.decode(await connection.ask(door.own(customer_id)))
    around = [one["customerId"] for one in own["around"]]
    assert [one["rank"] for one in own["top"]] == list(range(1, len(own["top"]) + 1))
    top = msgspec.json.decode(await connection.ask(door.top(customer_id)))["data"]["rankings"]
    (rank,) = msgspec.json.decode(await connection.ask(door.rank(customer_id)))["data"]["userRanks"]
    return (
        Seen([one["customerId"] for one in own["top"]], own["own"]["rank"], around),
        Seen([one["userId"] for one in top], rank["rank"], around),
    )


def _fits(told: Seen, order: Sequence[Change], own: Change) -> bool:
    """Return whether a rank is one of those that equal values share; among them Redis knows no stated order."""
    return order[told.rank - 1].value == own.value


def _connected(address: Address) -> Connection:
    return Connection(address, basic(TILL, PASSWORD))
