"""W1: single events over HTTP, authenticated, answered after the durable commit; FastAPI and psycopg beside us."""

import asyncio
from collections.abc import Sequence
from typing import Any

from bench import baseline, latency
from bench.audit import audit_ours, audit_peer
from bench.client import Asked
from bench.events import Happened, Stream, Users, dealt
from bench.hosts import Address, Postgres, make_organisation, milepost_server, peer_server
from bench.latency import Times, timed
from bench.plan import Failed, Finding, Plan, say
from bench.rules import typical_rules

OURS, PEER = "ours", "FastAPI + psycopg, 1 transaction per event"
CLIENTS = (1, 16)
REQUESTS_PER_CLIENT = {1: 250, 16: 80}
"""Requests of one client in a second of the plan."""


async def run(server: Postgres, plan: Plan) -> Finding:
    """Run W1 and return its findings."""
    rules = typical_rules(plan.seed)
    counts = {clients: int(clients * REQUESTS_PER_CLIENT[clients] * plan.seconds) for clients in CLIENTS}
    stream = Stream(plan.seed, customers=plan.customers, events=sum(counts.values()) * (plan.rounds + 1))
    urls = {OURS: server.database("w1_ours"), PEER: server.database("w1_sql")}
    say("W1: making the brand and the baseline's tables …")
    await make_organisation(urls[OURS], rules, customers=plan.customers)
    await asyncio.to_thread(baseline.prepare, urls[PEER], rules, customers=plan.customers)
    times: list[Times] = []
    sent: list[Happened] = []
    async with milepost_server(urls[OURS], lanes=2) as ours, peer_server(urls[PEER]) as theirs:
        addresses = {OURS: ours, PEER: theirs}
        warm = stream.take(counts[16], Users.UNIFORM)
        sent += warm
        await _both(addresses, warm, 16, turn=0)
        for url in urls.values():
            server.vacuum(url)
        for turn in range(plan.rounds):
            say(f"W1: round {turn + 1} of {plan.rounds} …")
            for clients in CLIENTS:
                events = stream.take(counts[clients], Users.UNIFORM)
                sent += events
                times += await _both(addresses, events, clients, turn)
    audits = {
        OURS: audit_ours(server, urls[OURS], rules, sent, plan.seed),
        PEER: audit_peer(server, urls[PEER], rules, sent, plan.seed),
    }
    if not all(audit.is_clean for audit in audits.values()):
        raise Failed(f"W1: what is stored is wrong: {audits}")
    facts = {
        "targets": len(rules),
        "customers": plan.customers,
        "events": len(sent),
        "audit": {name: audit._asdict() for name, audit in audits.items()},
    }
    return _finding(times, facts)


async def _both(addresses: dict[str, Address], events: Sequence[Happened], clients: int, turn: int) -> list[Times]:
    """Send the same events to both; they begin in turn."""
    parts = [[Asked("/api/v1/events", event.body) for event in part] for part in dealt(events, clients)]
    order = [*addresses.items()]
    return [await timed(name, address, parts) for name, address in (order if turn % 2 == 0 else order[::-1])]


def _finding(times: Sequence[Times], facts: dict[str, Any]) -> Finding:
    table, figures = [], {}
    for clients in CLIENTS:
        of = {name: [one for one in times if (one.contestant, one.clients) == (name, clients)] for name in (OURS, PEER)}
        for name, mine in of.items():
            title = f"{name}, {clients} client{'s' if clients > 1 else ''}"
            table.append(latency.row(title, mine))
            figures[title] = latency.figures(mine)
        rate = latency.ratio(of[OURS], of[PEER], lambda one: one.rate)
        middle = latency.ratio(of[OURS], of[PEER], lambda one: one.quantile(0.5))
        table.append([f"ours / theirs, {clients}", rate.shown(2), middle.shown(2), ""])
        figures[f"ratios, {clients}"] = {"requestsPerSecond": rate.kept(2), "p50": middle.kept(2)}
    return Finding(
        name="W1: single events over HTTP", columns=latency.COLUMNS, table=table, facts=facts, figures=figures
    )
