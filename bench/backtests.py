"""Backtest: a definition is tried on a log, beside the bare read of that log; events a second, and memory."""

import asyncio
import resource
import time
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

import psycopg

from bench.backtest_beside import ALONE, BESIDE, bills_beside, quantiles
from bench.contestants import Round, Spread, measured
from bench.event_receivers import Service
from bench.events import Mix, Stream, Users
from bench.hosts import ORGANISATION, Postgres, make_organisation, server_settings
from bench.latency import Times
from bench.plan import Finding, Plan, say
from bench.rules import typical_rules
from milepost.model.time import Micros
from milepost.service.backtests.backtests import find_backtest
from milepost.service.backtests.request import BacktestRequest, encode_request
from milepost.service.backtests.run import run_now
from milepost.service.organisations.provisioning import organisation_id_by_name
from milepost.service.runtime.runtime import Runtime
from milepost.store import codec
from milepost.store.drafts import trials
from milepost.wiring import running

PROCESSES = (1, 2)
SEND_AT_ONCE = 20_000
READ = (
    "select customer_id, source, event_id, name, occurred_at, received_at, seq, version, body from event"
    " order by bucket, customer_id, seq"
)


class Speed(NamedTuple):
    """One run: events a second, and for each processor second of the readers, their start included.

    `memory` is the greatest memory of a child process so far, in MiB.
    """

    events: float
    by_processor: float
    memory: float


async def run(server: Postgres, plan: Plan) -> Finding:
    """Fill a log, then try a draft on it by one process and by two."""
    url, count = server.database("backtest"), plan.batch_events * 10
    say(f"backtest: filling a log with {count} events …")
    await make_organisation(url, typical_rules(plan.seed), customers=plan.customers)
    stream = Stream(plan.seed, customers=plan.customers, events=count, mix=Mix(0, 0, 0))
    async with running(url, server_settings(lanes=1)) as runtime:
        org_id = await organisation_id_by_name(runtime.database, ORGANISATION)
        service = Service("ours", url, runtime, org_id, under_way=1)
        filled = [
            await measured(server, service, Users.UNIFORM, stream.take(SEND_AT_ONCE, Users.UNIFORM))
            for _ in range(count // SEND_AT_ONCE)
        ]
        speeds = {processes: [await _tried(runtime, org_id, processes)] for processes in PROCESSES}
        for _ in range(plan.rounds - 1):
            for processes, of in speeds.items():
                of.append(await _tried(runtime, org_id, processes))
    reads = [await asyncio.to_thread(_read, url) for _ in range(plan.rounds)]
    return _finding(plan, filled, speeds, reads, await bills_beside(server, url, plan, stream))


async def _tried(runtime: Runtime, org_id: int, processes: int) -> Speed:
    """Run one back-test of a draft alone."""
    async with runtime.database.transaction() as transaction:
        snapshot = await runtime.snapshots.of_organisation(transaction, org_id)
        group = next(iter(snapshot.groups.values()))
        now = runtime.clock()
        request = BacktestRequest(
            org_id=org_id,
            draft=codec.encode_group(group),
            live=None,
            since=Micros(0),
            until=Micros(now * 2),
            position=now,
            goals=(Decimal(50),),
        )
        id_ = await trials.add(transaction, org_id, encode_request(request), now)
    began, spent = time.monotonic(), _children_seconds()
    await run_now(runtime, org_id, id_, processes=processes)
    seconds = time.monotonic() - began
    view = await find_backtest(runtime, org_id, id_)
    assert view.result is not None, view.failure
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return Speed(view.result.events / seconds, view.result.events / (_children_seconds() - spent), memory)


def _children_seconds() -> float:
    """Return the processor seconds of child processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _read(url: str) -> float:
    """Return how many rows a second a plain client reads of the log, in the order of the back-test."""
    began, rows = time.monotonic(), 0
    with psycopg.connect(url) as connection, connection.cursor("bench") as cursor:
        cursor.itersize = SEND_AT_ONCE
        cursor.execute(READ)
        for _ in cursor:
            rows += 1
    return rows / (time.monotonic() - began)


def _finding(
    plan: Plan,
    filled: Sequence[Round],
    speeds: dict[int, list[Speed]],
    reads: Sequence[float],
    times: Sequence[Times],
) -> Finding:
    events = sum(one.events for one in filled)
    spreads = {f"back-test, {processes} processes": Spread([s.events for s in of]) for processes, of in speeds.items()}
    spreads |= {
        f"back-test, {processes} processes, by processor second": Spread([s.by_processor for s in of])
        for processes, of in speeds.items()
    }
    spreads["bare read, one client"] = Spread(list(reads))
    memory = {processes: max(speed.memory for speed in of) for processes, of in speeds.items()}
    shown = [[name, spread.shown(0), "", ""] for name, spread in spreads.items()]
    for name in (ALONE, BESIDE):
        quantiles_ms = [Spread(quantiles(times, name, share)) for share in (0.5, 0.99)]
        shown.append([name, "", *(spread.shown(1) for spread in quantiles_ms)])
        spreads |= {f"{name}, p50 ms": quantiles_ms[0], f"{name}, p99 ms": quantiles_ms[1]}
    return Finding(
        name="backtest: events a second for one draft, and bills of a server that runs one",
        columns=["what", "events/s", "p50 ms", "p99 ms"],
        table=shown,
        facts={"events": events, "customers": plan.customers, "childMemoryMiB": memory},
        figures={name: spread.kept() for name, spread in spreads.items()},
    )
