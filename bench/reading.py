"""W4: one customer's target groups over HTTP, 50 targets in the vendor's full shape; FastAPI beside us."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from itertools import cycle
from random import Random
from typing import Any

from bench import baseline, latency
from bench.audit import audit_ours, audit_peer
from bench.client import Asked, Connection, basic
from bench.earlier import make_earlier_organisation
from bench.events import Happened, Stream, Users, batch_bodies, external_id, with_body
from bench.hosts import PASSWORD, TILL, Address, Postgres, make_organisation, milepost_server, peer_server
from bench.latency import Beside, Times, timed
from bench.plan import Failed, Finding, Plan, say
from bench.rules import Rule, typical_rules
from bench.slices import take_turns

OURS, EARLIER = "ours", "ours, earlier"
PSYCOPG, ASYNCPG = "FastAPI + psycopg, 50 rows", "FastAPI + asyncpg, 50 rows"
PEERS = {PSYCOPG: "psycopg", ASYNCPG: "asyncpg"}
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
    customers = max(plan.customers, READERS)
    say("W4: making the brand and the baseline's tables …")
    urls = await _databases(server, rules, plan, customers)
    everything = progress_everywhere(rules)
    stream = Stream(plan.seed, customers=customers, events=LOAD_EVENTS * LOAD_BATCHES)
    async with AsyncExitStack() as stack:
        addresses = {}
        for name, url in urls.items():
            source = plan.earlier if name == EARLIER else None
            starting = peer_server(url, PEERS[name]) if name in PEERS else milepost_server(url, source=source)
            addresses[name] = await stack.enter_async_context(starting)
            await _post(addresses[name], everything)
        audits = {
            name: (audit_peer if name in PEERS else audit_ours)(server, url, rules, everything, plan.seed)
            for name, url in urls.items()
            if name != EARLIER
        }
        for url in urls.values():
            server.vacuum(url)
        ids = {name: (_their_ids if name in PEERS else _our_ids)(server, url) for name, url in urls.items()}
        load = stream.take(LOAD_EVENTS * LOAD_BATCHES, Users.UNIFORM)
        times = await _rounds(server, plan, addresses, ids, load)
    if not all(audit.is_clean for audit in audits.values()):
        raise Failed(f"W4: what is stored is wrong: {audits}")
    facts = {
        "targets": len(rules),
        "customers": customers,
        "loaded": f"batches of {LOAD_EVENTS} events are written besides, {LOAD_SHARE:.0%} of the time",
        "answerBytes": {name: next(one.answer_bytes for one in times if one.contestant == name) for name in addresses},
        "audit": {name: audit._asdict() for name, audit in audits.items()},
    }
    return _finding(times, facts, [*urls])


async def _databases(server: Postgres, rules: Sequence[Rule], plan: Plan, customers: int) -> dict[str, str]:
    """Make each contestant's database; the two baselines' are copies of one."""
    urls = {OURS: server.database("w4_ours")}
    await make_organisation(urls[OURS], rules, customers=customers)
    if plan.earlier is not None:
        url = urls[EARLIER] = server.database("w4_earlier")
        await asyncio.to_thread(make_earlier_organisation, plan.earlier, url, seed=plan.seed, customers=customers)
    await asyncio.to_thread(baseline.prepare, server.database("w4_sql"), rules, customers=customers)
    return urls | {name: server.database(f"w4_{driver}", "w4_sql") for name, driver in PEERS.items()}


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
    server: Postgres,
    plan: Plan,
    addresses: dict[str, Address],
    ids: dict[str, list[int]],
    load: Sequence[Happened],
) -> list[Times]:
    """Ask all in turn, and then each while batches are written to it."""
    times: list[Times] = []
    order = [*addresses.items()]
    bodies = {name: cycle(batch_bodies(load, LOAD_EVENTS)) for name in addresses}
    random = Random(plan.seed)
    for turn in range(plan.rounds):
        say(f"W4: round {turn + 1} of {plan.rounds} …")
        for clients in CLIENTS:
            count = int(REQUESTS_PER_CLIENT[clients] * plan.seconds)
            places = [[random.randrange(READERS) for _ in range(count)] for _ in range(clients)]
            parts = {
                name: [[Asked(f"/v3/users/{ids[name][one]}/targetGroups") for one in part] for part in places]
                for name in addresses
            }
            times += await take_turns(server, addresses, parts)
            for name, address in order if turn % 2 == 0 else order[::-1]:
                async with AsyncExitStack() as stack:
                    connection = await stack.enter_async_context(Connection(address, basic(TILL, PASSWORD)))
                    writing = _Writing(connection, bodies[name])
                    await stack.enter_async_context(Beside(writing.batch, LOAD_SHARE))
                    times.append(await timed(_loaded(name), address, parts[name]))
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


def _finding(times: Sequence[Times], facts: dict[str, Any], names: Sequence[str]) -> Finding:
    table, figures = [], {}
    goals = {}
    for clients in CLIENTS:
        many = f"{clients} client{'s' if clients > 1 else ''}"
        for shown in ([*names], [_loaded(name) for name in names]):
            of = {name: [one for one in times if (one.contestant, one.clients) == (name, clients)] for name in shown}
            is_loaded = shown[0] != OURS
            for name, mine in of.items():
                table.append((latency.row if is_loaded else latency.row_with_processor)(f"{name}, {many}", mine))
                figures[f"{name}, {many}"] = latency.figures(mine)
            for other in shown[1:]:
                ratios = latency.ratios(of[shown[0]], of[other])
                table.append([f"{shown[0]} / {other}, {many}", *(one.shown(2) for one in ratios.values())])
                figures[f"ratios: {shown[0]} / {other}, {many}"] = {name: one.kept(2) for name, one in ratios.items()}
        of = {name: [one for one in times if (one.contestant, one.clients) == (name, clients)] for name in names}
        goals[f"W4, {many}"] = latency.ratio(of[OURS], of[PSYCOPG], lambda one: one.rate).middle
    return Finding(
        name="W4: a customer's target groups over HTTP",
        columns=latency.PROCESSOR_COLUMNS,
        table=table,
        facts=facts,
        figures=figures,
        ratios=goals,
    )
