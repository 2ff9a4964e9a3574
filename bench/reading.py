"""W4: one customer's target groups over HTTP, 50 targets in the vendor's full shape; FastAPI and psycopg beside us."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from itertools import cycle
from random import Random
from typing import Any

from bench import baseline, latency
from bench.audit import audit_ours, audit_peer
from bench.client import Asked, Connection, basic
from bench.events import Happened, Stream, Users, batch_bodies, external_id, with_body
from bench.hosts import PASSWORD, TILL, Address, Postgres, make_organisation, milepost_server, peer_server
from bench.latency import Beside, Times, timed
from bench.plan import Failed, Finding, Plan, say
from bench.rules import Rule, typical_rules

OURS, PEER = "ours", "FastAPI + psycopg, 50 rows"
CLIENTS = (1, 16)
REQUESTS_PER_CLIENT = {1: 100, 16: 25}
"""Requests of one client in a second of the plan."""

READERS = 200
"""Customers who have progress with every target."""

LARGE_CENTS = 1_000_000
LOAD_SHARE, LOAD_EVENTS, LOAD_BATCHES = 0.3, 1_000, 40
BATCH_EVENTS = 1_000
CENTURY = 100_000_000
"""Where the numbers of the readers' events begin, past those of any stream."""


async def run(server: Postgres, plan: Plan) -> Finding:
    """Run W4 and return its findings."""
    rules = typical_rules(plan.seed)
    urls = {OURS: server.database("w4_ours"), PEER: server.database("w4_sql")}
    say("W4: making the brand and the baseline's tables …")
    customers = max(plan.customers, READERS)
    await make_organisation(urls[OURS], rules, customers=customers)
    await asyncio.to_thread(baseline.prepare, urls[PEER], rules, customers=customers)
    everything = progress_everywhere(rules)
    stream = Stream(plan.seed, customers=customers, events=LOAD_EVENTS * LOAD_BATCHES)
    async with milepost_server(urls[OURS], lanes=2) as ours, peer_server(urls[PEER]) as theirs:
        addresses = {OURS: ours, PEER: theirs}
        for address in addresses.values():
            await _post(address, everything)
        audits = {
            OURS: audit_ours(server, urls[OURS], rules, everything, plan.seed),
            PEER: audit_peer(server, urls[PEER], rules, everything, plan.seed),
        }
        for url in urls.values():
            server.vacuum(url)
        ids = {OURS: _our_ids(server, urls[OURS]), PEER: _their_ids(server, urls[PEER])}
        load = stream.take(LOAD_EVENTS * LOAD_BATCHES, Users.UNIFORM)
        times = await _rounds(plan, addresses, ids, load)
    if not all(audit.is_clean for audit in audits.values()):
        raise Failed(f"W4: what is stored is wrong: {audits}")
    facts = {
        "targets": len(rules),
        "customers": customers,
        "loaded": f"batches of {LOAD_EVENTS} events are written besides, {LOAD_SHARE:.0%} of the time",
        "answerBytes": {name: next(one.answer_bytes for one in times if one.contestant == name) for name in addresses},
        "audit": {name: audit._asdict() for name, audit in audits.items()},
    }
    return _finding(times, facts)


def progress_everywhere(rules: Sequence[Rule]) -> list[Happened]:
    """Return events by which each reader makes progress with each target."""
    events = []
    for number, (customer, rule) in enumerate((c, r) for c in range(READERS) for r in rules):
        store = 0 if rule.stores is None else sorted(rule.stores)[customer % len(rule.stores)]
        event = Happened(
            number=CENTURY + number,
            name=rule.event_name,
            customer=customer,
            store=store,
            cents=LARGE_CENTS + customer,
            original=None,
            is_repeated=False,
            body=b"",
        )
        events.append(with_body(event, number))
    return events


async def _rounds(
    plan: Plan, addresses: dict[str, Address], ids: dict[str, list[int]], load: Sequence[Happened]
) -> list[Times]:
    times: list[Times] = []
    order = [*addresses.items()]
    bodies = {name: cycle(batch_bodies(load, LOAD_EVENTS)) for name in addresses}
    random = Random(plan.seed)
    for turn in range(plan.rounds):
        say(f"W4: round {turn + 1} of {plan.rounds} …")
        for clients in CLIENTS:
            count = int(REQUESTS_PER_CLIENT[clients] * plan.seconds)
            places = [[random.randrange(READERS) for _ in range(count)] for _ in range(clients)]
            for name, address in order if turn % 2 == 0 else order[::-1]:
                parts = [[Asked(f"/v3/users/{ids[name][one]}/targetGroups") for one in part] for part in places]
                times.append(await timed(name, address, parts))
                async with AsyncExitStack() as stack:
                    connection = await stack.enter_async_context(Connection(address, basic(TILL, PASSWORD)))
                    writing = _Writing(connection, bodies[name])
                    await stack.enter_async_context(Beside(writing.batch, LOAD_SHARE))
                    times.append(await timed(_loaded(name), address, parts))
    return times


class _Writing:
    """Sends one batch after the other; when all were sent, they come again and are known."""

    def __init__(self, connection: Connection, bodies: "cycle[bytes]") -> None:
        self._connection = connection
        self._bodies = bodies

    async def batch(self) -> None:
        """Send the next batch."""
        await self._connection.post("/api/v1/events", next(self._bodies))


async def _post(address: Address, events: Sequence[Happened]) -> None:
    async with Connection(address, basic(TILL, PASSWORD)) as connection:
        for body in batch_bodies(events, BATCH_EVENTS):
            await connection.post("/api/v1/events", body)


def _our_ids(server: Postgres, url: str) -> list[int]:
    found = dict(server.rows("select value, customer_id from identity where kind = 'externalId'", url))
    return [found[external_id(customer)] for customer in range(READERS)]


def _their_ids(server: Postgres, url: str) -> list[int]:
    found = dict(server.rows("select external_id, customer_id from customer", url))
    return [found[external_id(customer)] for customer in range(READERS)]


def _loaded(name: str) -> str:
    return f"{name}, loaded"


def _finding(times: Sequence[Times], facts: dict[str, Any]) -> Finding:
    table, figures = [], {}
    for clients in CLIENTS:
        for ours, theirs in ((OURS, PEER), (_loaded(OURS), _loaded(PEER))):
            of = {n: [one for one in times if (one.contestant, one.clients) == (n, clients)] for n in (ours, theirs)}
            for name, mine in of.items():
                title = f"{name}, {clients} client{'s' if clients > 1 else ''}"
                table.append(latency.row(title, mine))
                figures[title] = latency.figures(mine)
            rate = latency.ratio(of[ours], of[theirs], lambda one: one.rate)
            middle = latency.ratio(of[ours], of[theirs], lambda one: one.quantile(0.5))
            title = f"ours / theirs, {clients}" + (", loaded" if ours != OURS else "")
            table.append([title, rate.shown(2), middle.shown(2), ""])
            figures[f"ratios: {title}"] = {"requestsPerSecond": rate.kept(2), "p50": middle.kept(2)}
    return Finding(
        name="W4: a customer's target groups over HTTP",
        columns=latency.COLUMNS,
        table=table,
        facts=facts,
        figures=figures,
    )
