"""Delivery: how late messages arrive, also beside a dead receiver; the rate and the memory of one sender process."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from itertools import product
from typing import Any, NamedTuple

import psycopg

from bench.client import Asked, Connection, basic
from bench.hosts import PASSWORD, TILL, Address, Postgres, make_organisation, milepost_server, worker_command
from bench.machine import load, memory_of
from bench.plan import Failed, Finding, Plan, say

RATES = (100, 500)
"""Achievements a second; how late messages are above the rate of a sender says only how long it lasted."""

ALONE, DEAD = "alone", "one dead beside"
EACH_MS = 100
SECONDS = 12
PATIENCE_SECONDS = 300
SENT_MAX = 20_000
BATCH = 1_000
STARTED_SECONDS = 5
TARGET = {
    "name": "Reached",
    "preferredTillId": 0,
    "trackingType": "DEFAULT",
    "totalPeriods": 1,
    "periods": [{"refCode": "All", "startDate": "2026-01-01", "endDate": "2026-12-31"}],
    "targets": [
        {
            "name": "Spend 100",
            "targetEntity": "TRANSACTION",
            "targetType": "SALES",
            "enrolmentMethod": "TRANSACTION",
            "defaultValues": [{"defaultValue": 100}],
        }
    ],
}
CLOCK = "2026-11-20T00:00:00Z"
ENVIRONMENT = {"MILEPOST_WEBHOOKS_PRIVATE": "1", "MILEPOST_SECRET_KEY": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="}


class Lag(NamedTuple):
    """Seconds from the answer to an event, which follows its commit, to the receipt of its message."""

    p50: float
    p99: float
    messages: int


class Receiver:
    """Answers each message at once, and notes when the first one about each customer came."""

    def __init__(self) -> None:
        """Have received nothing."""
        self.came: dict[str, float] = {}
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the messages of a connection."""
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                start = head.index(b"content-length:") + 15
                body = await reader.readexactly(int(head[start : head.index(b"\r", start)]))
                customer = json.loads(body)["data"]["customer"]["externalId"]
                self.came.setdefault(customer, time.perf_counter())
                writer.write(b"HTTP/1.1 204 Fine\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


async def _silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Take everything and answer nothing: the worst kind of dead receiver."""
    while await reader.read(65_536):
        pass


@asynccontextmanager
async def _receivers() -> AsyncIterator[tuple[Receiver, int]]:
    receiver = Receiver()
    fine = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    dead = await asyncio.start_server(_silent, "127.0.0.1", 0)
    receiver.port = fine.sockets[0].getsockname()[1]
    try:
        yield receiver, dead.sockets[0].getsockname()[1]
    finally:
        fine.close()
        dead.close()


async def run(server: Postgres, plan: Plan) -> Finding:
    """Measure and return the findings."""
    url = server.database("delivery")
    await make_organisation(url, [], customers=0)
    began = load()
    async with _receivers() as (receiver, dead_port):
        lags = await _lags(url, receiver, dead_port, plan)
        sent = min(plan.customers, SENT_MAX)
        say(f"delivery: {sent} messages for one sender process …")
        rate = await _rate(server, url, receiver, sent)
        say(f"delivery: {plan.customers} messages for a dead receiver …")
        idle, held = await _memory(server, url, dead_port, plan.customers)
    ratios = {rate: lags[_name(rate, DEAD)].p99 / lags[_name(rate, ALONE)].p99 for rate in RATES}
    table = [[name, f"{lag.p50 * 1_000:.0f} ms", f"{lag.p99 * 1_000:.0f} ms"] for name, lag in lags.items()]
    table += [
        *(["p99 with one dead beside / alone", f"{rate} a second", f"{ratio:.2f}"] for rate, ratio in ratios.items()),
        ["one sender process", f"{rate:.0f} a second", ""],
        [f"its memory with {plan.customers} pending", f"{held >> 20} MiB", f"idle {idle >> 20} MiB"],
    ]
    figures: dict[str, Any] = {name: lag._asdict() for name, lag in lags.items()}
    figures |= {"ratios": ratios, "rate": rate, "memory": held, "memoryIdle": idle, "load": [*began, *load()]}
    return Finding(
        name="Delivery: from the answer to an event to the receipt of its message",
        columns=["", "p50", "p99"],
        table=table,
        facts={"rates": RATES, "seconds": SECONDS, "sent": sent, "pending": plan.customers, "rounds": plan.rounds},
        figures=figures,
    )


async def _lags(url: str, receiver: Receiver, dead_port: int, plan: Plan) -> dict[str, Lag]:
    """Return the lags with and without a dead receiver; both take turns, so that they meet the same machine."""
    found: dict[str, list[float]] = {_name(rate, beside): [] for rate in RATES for beside in (ALONE, DEAD)}
    async with (
        milepost_server(url, lanes=2, clock=CLOCK, has_worker=True, environment=ENVIRONMENT) as address,
        Connection(address, basic(TILL, PASSWORD)) as connection,
    ):
        await connection.post("/v3/targetGroups", json.dumps(TARGET).encode())
        await _webhook(connection, receiver.port)
        dead = await _webhook(connection, dead_port)
        rounds = min(plan.rounds, 3)
        await _paced(address, receiver, "warm", RATES[0])
        for turn, rate, beside in product(range(rounds), RATES, (ALONE, DEAD)):
            name = _name(rate, beside)
            say(f"delivery: {name}, round {turn + 1} of {rounds} …")
            await _activate(address, dead, active=beside == DEAD)
            found[name] += await _paced(address, receiver, f"{name} {turn}", rate)
    return {name: _lag_of(seconds) for name, seconds in found.items()}


def _name(rate: int, beside: str) -> str:
    return f"{rate} a second, {beside}"


def _lag_of(seconds: list[float]) -> Lag:
    ordered = sorted(seconds)
    return Lag(ordered[len(ordered) // 2], ordered[len(ordered) * 99 // 100], len(ordered))


async def _webhook(connection: Connection, port: int) -> int:
    body = {"url": f"http://127.0.0.1:{port}/", "types": ["target.achieved"]}
    return int(json.loads(await connection.post("/api/v1/webhooks", json.dumps(body).encode()))["id"])


async def _activate(address: Address, webhook: int, *, active: bool) -> None:
    body = json.dumps({"active": active}).encode()
    async with Connection(address, basic(TILL, PASSWORD)) as connection:
        await connection.ask(Asked(f"/api/v1/webhooks/{webhook}", body, "PATCH"))


async def _paced(address: Address, receiver: Receiver, name: str, rate: int) -> list[float]:
    """Have customers reach the target at the rate; return the lag of each message."""
    answered: dict[str, float] = {}
    count = rate * EACH_MS // 1_000
    async with Connection(address, basic(TILL, PASSWORD)) as connection:
        began = time.perf_counter()
        for tick in range(SECONDS * 1_000 // EACH_MS):
            await asyncio.sleep(max(0.0, began + tick * EACH_MS / 1_000 - time.perf_counter()))
            customers = [f"{name}/{tick}/{place}" for place in range(count)]
            await connection.post("/api/v1/events", bills(customers))
            answered |= dict.fromkeys(customers, time.perf_counter())
    await _until(lambda: all(customer in receiver.came for customer in answered))
    return [max(0.0, receiver.came[customer] - at) for customer, at in answered.items()]


def bills(customers: list[str]) -> bytes:
    """Return a batch with a bill of each customer, which reaches the target."""
    return json.dumps(
        [
            {
                "id": customer,
                "source": "bench",
                "type": "TransactionAdd",
                "time": "2026-11-10T10:00:00Z",
                "customer": {"externalId": customer},
                "data": {"number": customer[-50:], "netAmount": 120},
            }
            for customer in customers
        ]
    ).encode()


async def _rate(server: Postgres, url: str, receiver: Receiver, count: int) -> float:
    """Have messages wait for a receiver that answers; return how many a second one worker sends."""
    _activate_at(url, receiver.port)
    await _fill(url, "rate", count)
    before = len(receiver.came)
    with _worker(url):
        await _until(lambda: len(receiver.came) > before)
        began, first = time.perf_counter(), len(receiver.came)
        await _until(lambda: len(receiver.came) >= before + count)
        rate = (len(receiver.came) - first) / (time.perf_counter() - began)
    left = server.rows("select count(*) from outbox", url)[0][0]
    if left:
        raise Failed(f"delivery: {left} outcomes were not relayed")
    return rate


async def _memory(server: Postgres, url: str, dead_port: int, count: int) -> tuple[int, int]:
    """Have messages wait for a dead receiver; return the memory of a worker without them, and with all relayed."""
    _activate_at(url, dead_port)
    with _worker(url) as process:
        await asyncio.sleep(STARTED_SECONDS)
        idle, _ = memory_of(process.pid)
    await _fill(url, "memory", count)
    with _worker(url) as process:
        await _until(lambda: server.rows("select count(*) from outbox", url)[0][0] == 0)
        await asyncio.sleep(STARTED_SECONDS)
        _, held = memory_of(process.pid)
    return idle, held


def _activate_at(url: str, port: int) -> None:
    """Have only the webhook at this port active."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("update webhook set is_active = body like %s", [f"%:{port}/%"])


async def _fill(url: str, name: str, count: int) -> None:
    """Have so many customers reach the target, with nobody to relay or send."""
    silent = ENVIRONMENT | {"MILEPOST_WORKER": "false"}
    async with (
        milepost_server(url, lanes=2, clock=CLOCK, environment=silent) as address,
        Connection(address, basic(TILL, PASSWORD)) as connection,
    ):
        for start in range(0, count, BATCH):
            await connection.post("/api/v1/events", bills([f"{name}/{start + place}" for place in range(BATCH)]))


@contextmanager
def _worker(url: str) -> Iterator["subprocess.Popen[bytes]"]:
    command, environment = worker_command(url, CLOCK)
    process = subprocess.Popen([sys.executable, *command], env=environment | ENVIRONMENT)  # noqa: S603
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


async def _until(condition: Callable[[], bool]) -> None:
    deadline = time.perf_counter() + PATIENCE_SECONDS
    while not condition():
        if time.perf_counter() > deadline:
            raise Failed("delivery: messages did not arrive")
        await asyncio.sleep(0.05)
