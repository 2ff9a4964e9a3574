"""W1: single events over HTTP, authenticated, answered after the durable commit; FastAPI beside us."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

from bench import baseline, latency
from bench.audit import Audit, audit_ours, audit_peer
from bench.client import Asked
from bench.earlier import make_earlier_organisation
from bench.events import Happened, Stream, Users, dealt
from bench.hosts import Address, Postgres, make_organisation, milepost_server, peer_server
from bench.latency import Times
from bench.plan import Failed, Finding, Plan, say
from bench.rules import Rule, typical_rules
from bench.slices import take_turns

OURS, EARLIER = "ours", "ours, earlier"
PSYCOPG, ASYNCPG = "FastAPI + psycopg, 1 transaction per event", "FastAPI + asyncpg, 1 transaction per event"
PEERS = {PSYCOPG: "psycopg", ASYNCPG: "asyncpg"}
CLIENTS = (1, 16, 64)
REQUESTS_PER_CLIENT = {1: 250, 16: 80, 64: 30}
"""Requests of one client in a second of the plan."""


async def run(server: Postgres, plan: Plan) -> Finding:
    """Run W1 and return its findings."""
    rules = typical_rules(plan.seed)
    counts = {clients: int(clients * REQUESTS_PER_CLIENT[clients] * plan.seconds) for clients in CLIENTS}
    stream = Stream(plan.seed, customers=plan.customers, events=sum(counts.values()) * (plan.rounds + 2))
    say("W1: making the brand and the baseline's tables …")
    urls = await _databases(server, rules, plan)
    times: list[Times] = []
    sent: list[Happened] = []
    async with AsyncExitStack() as stack:
        addresses = await _servers(stack, urls, plan)
        warm = stream.take(max(counts.values()), Users.UNIFORM)
        sent += warm
        await _all_answer(server, addresses, warm, 16)
        for url in urls.values():
            server.vacuum(url)
        for turn in range(plan.rounds):
            say(f"W1: round {turn + 1} of {plan.rounds} …")
            for clients in CLIENTS:
                events = stream.take(counts[clients], Users.UNIFORM)
                sent += events
                times += await _all_answer(server, addresses, events, clients)
    audits = _audits(server, urls, rules, sent, plan.seed)
    facts = {
        "targets": len(rules),
        "customers": plan.customers,
        "events": len(sent),
        "audit": {name: audit._asdict() for name, audit in audits.items()},
    }
    return _finding(times, facts, [*urls])


async def _databases(server: Postgres, rules: Sequence[Rule], plan: Plan) -> dict[str, str]:
    """Make each contestant's database; the two baselines' are copies of one."""
    urls = {OURS: server.database("w1_ours")}
    await make_organisation(urls[OURS], rules, customers=plan.customers)
    if plan.earlier is not None:
        url = urls[EARLIER] = server.database("w1_earlier")
        await asyncio.to_thread(make_earlier_organisation, plan.earlier, url, seed=plan.seed, customers=plan.customers)
    await asyncio.to_thread(baseline.prepare, server.database("w1_sql"), rules, customers=plan.customers)
    return urls | {name: server.database(f"w1_{driver}", "w1_sql") for name, driver in PEERS.items()}


async def _servers(stack: AsyncExitStack, urls: dict[str, str], plan: Plan) -> dict[str, Address]:
    """Start each contestant's server."""
    addresses = {}
    for name, url in urls.items():
        peer = PEERS.get(name)
        source = plan.earlier if name == EARLIER else None
        starting = milepost_server(url, source=source) if peer is None else peer_server(url, peer)
        addresses[name] = await stack.enter_async_context(starting)
    return addresses


async def _all_answer(
    server: Postgres, addresses: dict[str, Address], events: Sequence[Happened], clients: int
) -> list[Times]:
    """Send the same events to all."""
    parts = [[Asked("/api/v1/events", event.body) for event in part] for part in dealt(events, clients)]
    return await take_turns(server, addresses, dict.fromkeys(addresses, parts))


def _audits(
    server: Postgres, urls: dict[str, str], rules: Sequence[Rule], sent: Sequence[Happened], seed: int
) -> dict[str, Audit]:
    """Compute again what each contestant has stored; an earlier commit stores in its own way. Raises Failed."""
    audits = {
        name: (audit_peer if name in PEERS else audit_ours)(server, url, rules, sent, seed)
        for name, url in urls.items()
        if name != EARLIER
    }
    if not all(audit.is_clean for audit in audits.values()):
        raise Failed(f"W1: what is stored is wrong: {audits}")
    return audits


def _finding(times: Sequence[Times], facts: dict[str, Any], names: Sequence[str]) -> Finding:
    table, figures = [], {}
    goals = {}
    for clients in CLIENTS:
        of = {name: [one for one in times if (one.contestant, one.clients) == (name, clients)] for name in names}
        many = f"{clients} client{'s' if clients > 1 else ''}"
        for name, mine in of.items():
            table.append(latency.row_with_processor(f"{name}, {many}", mine))
            figures[f"{name}, {many}"] = latency.figures(mine)
        for other in names[1:]:
            ratios = latency.ratios(of[OURS], of[other])
            table.append([f"{OURS} / {other.partition(',')[0]}, {many}", *(one.shown(2) for one in ratios.values())])
            figures[f"ratios to {other}, {many}"] = {name: one.kept(2) for name, one in ratios.items()}
        goals[f"W1, {many}"] = latency.ratios(of[OURS], of[PSYCOPG])["requestsPerSecond"].middle
    return Finding(
        name="W1: single events over HTTP",
        columns=latency.PROCESSOR_COLUMNS,
        table=table,
        facts=facts,
        figures=figures,
        ratios=goals,
    )
