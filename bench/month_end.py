"""Turn: a month ends for everybody while they look and while events come in; what is read, and what telling costs."""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from itertools import count, cycle
from typing import NamedTuple

import msgspec

from bench import board_data, latency
from bench.audit import Audit, audit_ours
from bench.client import Asked, Connection, basic
from bench.contestants import Spread, log_position
from bench.events import Happened, batch_bodies, external_id, with_body
from bench.hosts import PASSWORD, TILL, Address, Postgres, make_organisation, milepost_server
from bench.latency import Times
from bench.machine import processor_seconds, processor_seconds_of
from bench.paced_requests import Every, paced
from bench.plan import Failed, Finding, Plan, say
from bench.rules import BILL, Rule, typical_rules

BEGINS, MIDNIGHT = "2026-11-30T23:59:40Z", "2026-12-01T00:00:00Z"
SECONDS = 2.0
"""How long one measurement lasts."""

RATE = 50
"""How often somebody looks, in a second."""

LOAD_EVENTS, LOAD_SECONDS, LOAD_CUSTOMERS = 100, 0.1, 500
"""So many bills at once, each time after so many seconds, of customers at whom nobody looks."""

BATCH_EVENTS, CENTS = 1_000, 5_000
TOLD_SECONDS_MAX = 1_800
BEFORE, AROUND = "before midnight", "around midnight"
AFTER, AFTERWARDS = "while customers are told", "when all were told"
STATUSES = {True: ("RUNNING", "UPCOMING"), False: ("ENDED", "RUNNING")}
"""What November and December are, by whether it is before midnight."""

_TOLD = "select count(*), count(distinct customer_id) from event where source = 'milepost/period'"
_TURNS = f"select count(*), count(done_at) from turn where due_at = '{MIDNIGHT}'"
_SECONDS = f"select extract(epoch from max(done_at) - '{MIDNIGHT}') from turn where due_at = '{MIDNIGHT}'"
_Spent = tuple[float, float, float]


class Looked(NamedTuple):
    """What customers saw: how many looks before midnight and after it, and how many were wrong."""

    before: int
    after: int
    wrong: int


class Looks:
    """Looks at answers: by the instant that the answer names, the month has turned or has not."""

    def __init__(self, cents: dict[str, int]) -> None:
        """Know each customer's purchases in November, by the address that is read."""
        self._cents = cents
        self._counts = {True: 0, False: 0}
        self._wrong = 0

    def look(self, asked: Asked, answer: bytes) -> None:
        """Count an answer."""
        told = msgspec.json.decode(answer)
        is_before = told["at"] < MIDNIGHT
        periods = {period["refCode"]: period for period in told["groups"][0]["targets"][0]["periods"]}
        november, december = periods["2026-11"], periods["2026-12"]
        self._counts[is_before] += 1
        self._wrong += (november["status"], december["status"]) != STATUSES[is_before]
        self._wrong += (round(november["value"] * 100), december["value"]) != (self._cents[asked.path], 0)

    @property
    def found(self) -> Looked:
        """Return what was seen."""
        return Looked(self._counts[True], self._counts[False], self._wrong)


class Telling(NamedTuple):
    """What notifying all customers took: events and customers, seconds, processor seconds, bytes of the log."""

    events: int
    customers: int
    seconds: float
    python_seconds: float
    postgres_seconds: float
    log_bytes: float


async def run(server: Postgres, plan: Plan) -> Finding:
    """Run a month's end and return the findings."""
    rule, customers = board_data.board_rule(typical_rules(plan.seed)), plan.customers
    url = server.database("turn")
    say(f"turn: making a brand of {customers:,} customers, who all buy something …")
    await make_organisation(url, [rule], customers=customers, board=rule)
    sent = [_bill(number, number, CENTS + number) for number in range(customers)]
    async with (
        milepost_server(url, lanes=2, has_worker=True) as address,
        Connection(address, basic(TILL, PASSWORD)) as writing,
    ):
        for body in batch_bodies(sent, BATCH_EVENTS):
            await writing.post("/api/v1/events", body)
    server.vacuum(url)
    found = dict(server.rows("select value, customer_id from identity where kind = 'externalId'", url))
    readers = {
        f"/api/v1/customers/{found[external_id(one.customer)]}/progress": one.cents for one in sent[:-LOAD_CUSTOMERS]
    }
    looks, asked = Looks(readers), cycle([Asked(path) for path in list(readers)[:: max(1, customers // 1_000)]])
    times: list[Times] = []
    async with (
        milepost_server(url, lanes=2, has_worker=True, clock=BEGINS) as address,
        _loading(address, customers, sent),
    ):
        measure = partial(_measured, address, asked, looks)
        spent = _spent(server, address)
        while not looks.found.after:
            spent = _spent(server, address)
            times.append(await measure(BEFORE))
        times[-1] = replace(times[-1], contestant=AROUND)
        began = time.perf_counter()
        while not _are_notified(server, url):
            times.append(await measure(AFTER))
            if time.perf_counter() - began > TOLD_SECONDS_MAX:
                raise Failed(f"turn: not everybody was told within {TOLD_SECONDS_MAX} s")
        telling = _telling(server, url, spent, _spent(server, address))
        times += [await measure(AFTERWARDS) for _ in range(plan.rounds)]
    audit = audit_ours(server, url, [rule], sent, plan.seed)
    return _finding(plan, rule, times, looks.found, telling, audit)


def _are_notified(server: Postgres, url: str) -> bool:
    """Return whether the boundaries of midnight are written, and all customers were notified."""
    ((planned, done),) = server.rows(_TURNS, url)
    return bool(planned) and planned == done


def _telling(server: Postgres, url: str, before: _Spent, after: _Spent) -> Telling:
    """Return what it took; the seconds from midnight on are those of the server's clock."""
    ((events, customers),) = server.rows(_TOLD, url)
    ((seconds,),) = server.rows(_SECONDS, url)
    return Telling(events, customers, float(seconds), *(b - a for a, b in zip(before, after, strict=True)))


def _spent(server: Postgres, address: Address) -> _Spent:
    return processor_seconds_of(address.pid), processor_seconds(server), log_position(server)


async def _measured(address: Address, asked: "cycle[Asked]", looks: Looks, name: str) -> Times:
    now = [next(asked) for _ in range(int(RATE * SECONDS))]
    return await paced(name, address, now, RATE, looks.look)


@asynccontextmanager
async def _loading(address: Address, customers: int, sent: list[Happened]) -> AsyncIterator[None]:
    """Send bills of November, of the last customers, beside the block."""
    numbers, buyers = count(len(sent)), cycle(range(max(0, customers - LOAD_CUSTOMERS), customers))
    async with Connection(address, basic(TILL, PASSWORD)) as writing:

        async def post() -> None:
            events = [_bill(next(numbers), next(buyers), CENTS) for _ in range(LOAD_EVENTS)]
            (body,) = batch_bodies(events, LOAD_EVENTS)
            await writing.post("/api/v1/events", body)
            sent.extend(events)

        async with Every(post, LOAD_SECONDS):
            yield


def _bill(number: int, customer: int, cents: int) -> Happened:
    bill = Happened(
        number=number,
        name=BILL,
        customer=customer,
        store=0,
        cents=cents,
        original=None,
        is_repeated=False,
        body=b"",
    )
    return with_body(bill, number)


def _finding(plan: Plan, rule: Rule, times: Sequence[Times], looked: Looked, telling: Telling, audit: Audit) -> Finding:
    wrong = looked.wrong or audit.differences or telling.customers != plan.customers
    # Whoever was told stands in the log as well: it is longer than what was sent.
    if wrong or audit.events_missing != -telling.events:
        raise Failed(f"turn: what was told or stored is wrong: {looked}, {telling}, {audit}")
    table, figures = [], {}
    for name in (BEFORE, AROUND, AFTER, AFTERWARDS):
        mine = [one for one in times if one.contestant == name]
        if not mine:
            continue
        table.append(latency.row(name, mine))
        figures[name] = latency.figures(mine)
    told = telling.events
    facts = {
        "customers": plan.customers,
        "group": f"one, of one target ({rule.name}) with a leaderboard; each customer is told twice",
        "loaded": f"{LOAD_EVENTS} bills of November every {LOAD_SECONDS} s; {RATE} looks a second",
        "looks": looked._asdict(),
        "told": told,
        "told in s": round(telling.seconds, 1),
        "told in a second": round(told / telling.seconds),
        "log bytes a second while telling, load included": round(telling.log_bytes / telling.seconds),
        "python us for each told, load included": round(telling.python_seconds * 1e6 / told),
        "postgres us for each told, load included": round(telling.postgres_seconds * 1e6 / told),
        "audit": audit._asdict(),
    }
    figures["looks a second"] = Spread([one.rate for one in times]).kept()
    return Finding(
        name="turn: progress looked at while a month ends",
        columns=latency.COLUMNS,
        table=table,
        facts=facts,
        figures=figures,
    )
