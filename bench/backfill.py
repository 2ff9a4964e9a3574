"""W5: a past of events from one file, ours by `milepost import events --backfill` beside set-based SQL."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bench import baseline
from bench.audit import Audit, audit_ours, audit_peer
from bench.contestants import Spread, wait_for_rest
from bench.event_receivers import SetBased
from bench.events import CLOCK, Happened, Stream, Users
from bench.hosts import ORGANISATION, Postgres, make_organisation
from bench.machine import processor_seconds
from bench.plan import Failed, Finding, Plan, say
from bench.rules import Rule, typical_rules

OURS, SQL = "ours, 2 processes", "set-based SQL, 2 connections"
RECEIVERS, CONNECTIONS = 2, 2
FILE_OF_ROUND = 10
"""The file holds so many times the events of a round of W2."""
GOAL = "W5, backfill / SQL over 2 connections"
WATCH_SECONDS = 0.1


class Past(NamedTuple):
    """How one contestant received the file: seconds, PostgreSQL's processor time, and the largest memory in MB."""

    contestant: str
    seconds: float
    postgres_seconds: float
    megabytes: int


async def run(server: Postgres, plan: Plan) -> Finding:
    """Run W5 and return its findings."""
    rules = typical_rules(plan.seed)
    count = plan.batch_events * FILE_OF_ROUND
    events = Stream(plan.seed, customers=plan.customers, events=count).take(count, Users.UNIFORM)
    say("W5: making the brand and the baseline's tables …")
    await make_organisation(server.database("w5_ours"), rules, customers=plan.customers)
    await asyncio.to_thread(baseline.prepare, server.database("w5_sql"), rules, customers=plan.customers)
    file = server.folder / "past.ndjson"
    await asyncio.to_thread(file.write_bytes, b"".join(event.body + b"\n" for event in events))
    pasts: list[Past] = []
    audits: dict[str, Audit] = {}
    for turn in range(plan.rounds):
        say(f"W5: round {turn + 1} of {plan.rounds} …")
        url = server.database(f"w5_ours_{turn}", "w5_ours")
        await wait_for_rest(server)
        pasts.append(await asyncio.to_thread(_ours, server, url, file))
        audits[OURS] = audit_ours(server, url, rules, events, plan.seed)
        url = server.database(f"w5_sql_{turn}", "w5_sql")
        await wait_for_rest(server)
        pasts.append(await _sql(server, url, events))
        audits[SQL] = audit_peer(server, url, rules, events, plan.seed)
    if not all(audit.is_clean for audit in audits.values()):
        raise Failed(f"W5: what is stored is wrong: {audits}")
    return _finding(pasts, rules, count, plan, audits)


def _ours(server: Postgres, url: str, file: Path) -> Past:
    """Receive the file by the command, whose start and whose reading of the file are part of it."""
    command = [sys.executable, "-m", "milepost", "import", "events", str(file), "--org", ORGANISATION, "--backfill"]
    command += ["--receivers", str(RECEIVERS), "--database-url", url, "--clock", CLOCK, "--json"]
    before, began = processor_seconds(server), time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)  # noqa: S603 - our own program
    largest = 0
    while process.poll() is None:
        largest = max(largest, _kilobytes(process.pid))
        time.sleep(WATCH_SECONDS)
    seconds = time.perf_counter() - began
    printed = process.stdout.read() if process.stdout is not None else b""
    if process.returncode or json.loads(printed)["refused"]:
        raise Failed(f"W5: the command ended with {process.returncode}: {printed.decode()}")
    return Past(OURS, seconds, processor_seconds(server) - before, largest // 1024)


async def _sql(server: Postgres, url: str, events: Sequence[Happened]) -> Past:
    contestant = SetBased(SQL, url, connections=CONNECTIONS)
    before, began = processor_seconds(server), time.perf_counter()
    await contestant.receive(events)
    seconds = time.perf_counter() - began
    contestant.close()
    return Past(SQL, seconds, processor_seconds(server) - before, 0)


def _kilobytes(pid: int) -> int:
    """Return the memory that a process and the processes it started have in RAM, without what they share."""
    total = 0
    for one in (pid, *_children(pid)):
        try:
            lines = Path(f"/proc/{one}/smaps_rollup").read_text(encoding="ascii").splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]
    except OSError:
        return []


def _finding(pasts: Sequence[Past], rules: Sequence[Rule], count: int, plan: Plan, audits: dict[str, Audit]) -> Finding:
    table: list[list[str]] = []
    figures: dict[str, Any] = {}
    rates: dict[str, Spread] = {}
    for name in (OURS, SQL):
        of = [past for past in pasts if past.contestant == name]
        rates[name] = Spread([count / past.seconds for past in of])
        postgres = Spread([past.postgres_seconds / count * 1e6 for past in of])
        memory = Spread([past.megabytes for past in of])
        table.append([name, rates[name].shown(), postgres.shown(1), memory.shown() if name == OURS else ""])
        figures[name] = {"eventsPerSecond": rates[name].kept(), "postgresMicroseconds": postgres.kept()}
        if name == OURS:
            figures[name]["megabytes"] = memory.kept()
    ratio = Spread([ours / sql for ours, sql in zip(rates[OURS].values, rates[SQL].values, strict=True)])
    table.append([f"{OURS} / {SQL}", ratio.shown(2), "", ""])
    figures["ratio"] = ratio.kept(2)
    return Finding(
        name="W5: a past from one file",
        columns=["contestant", "events/s: median (range)", "PostgreSQL µs an event", "memory MB"],
        table=table,
        facts={
            "targets": len(rules),
            "customers": plan.customers,
            "events": count,
            "processors": os.cpu_count(),
            "audit": {name: audit._asdict() for name, audit in audits.items()},
        },
        figures=figures,
        ratios={GOAL: ratio.middle},
    )
