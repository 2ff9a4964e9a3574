"""Noisy neighbours: how much slower one event gets for 64 clients while others flood, import, define or connect.

Slices without and with each neighbour alternate, so that both meet the machine in the same moods; only their ratio
counts. The neighbours run in a process of their own, so that they do not slow the clock of the measurement.
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager
from itertools import count, islice
from multiprocessing import get_context
from pathlib import Path
from tempfile import mkdtemp

import uvloop

from bench.client import Asked, Connection, basic
from bench.contestants import Spread
from bench.delivery import CLOCK, bills
from bench.hosts import ORGANISATION, PASSWORD, TILL, Address, Postgres, make_organisation, milepost_server
from bench.latency import Times, timed
from bench.machine import load
from bench.plan import Finding, Plan, say
from bench.rules import BILL, Rule, Sum, group_request

CLIENTS = 64
EVENTS_EACH = 12
"""Events of each client in a slice."""

SETTLING_SECONDS = 1.5
"""How long a neighbour is at work before a slice begins."""

HALF_OPEN = 1_000
STORES_AT_ONCE = 1_000
STORES_OF_TARGET = 10_000
"""The most stores that a target may name; the organisation may have more."""

GOAL = 2.0
Neighbour = Mapping[str, str | int | list[int]]


async def run(server: Postgres, plan: Plan) -> Finding:
    """Measure each neighbour and return the ratios of the 99th percentiles."""
    url = server.database("neighbours")
    await make_organisation(url, [], customers=0)
    began, folder = load(), Path(mkdtemp(prefix="milepost-neighbours-", dir=server.folder))
    found: dict[str, list[tuple[Times, Times]]] = {}
    stores = plan.customers
    async with milepost_server(url, lanes=2, clock=CLOCK) as address:
        store_ids = await _stores(address, stores)
        file = _file(folder, plan.customers * 10)
        neighbours: dict[str, Neighbour] = {
            "a flood of wrong passwords": {"kind": "logins"},
            f"an import of {file.stat().st_size >> 20} MB": {"kind": "import", "file": str(file), "url": url},
            f"definitions, with {stores} stores": {"kind": "definitions", "stores": store_ids[:STORES_OF_TARGET]},
            f"{HALF_OPEN} half requests": {"kind": "half"},
        }
        numbers = count()
        await _slice(address, "warm", numbers)
        for name, neighbour in neighbours.items():
            found[name] = []
            for turn in range(plan.rounds):
                say(f"neighbours: {name}, round {turn + 1} of {plan.rounds} …")
                quiet = await _slice(address, "quiet", numbers)
                async with _beside(address, dict(neighbour)):
                    loaded = await _slice(address, name, numbers)
                found[name].append((quiet, loaded))
    return _finding(found, plan, [*began, *load()])


def _finding(found: Mapping[str, list[tuple[Times, Times]]], plan: Plan, loads: list[float]) -> Finding:
    ratios = {
        name: [after.quantile(0.99) / before.quantile(0.99) for before, after in both] for name, both in found.items()
    }
    return Finding(
        name=f"Neighbours: one event for each of {CLIENTS} clients, 99th percentiles",
        columns=["neighbour", "quiet, ms", "beside it, ms", f"ratio (goal {GOAL:.0f})"],
        table=[
            [
                name,
                Spread([quiet.quantile(0.99) for quiet, _ in both]).shown(0),
                Spread([loaded.quantile(0.99) for _, loaded in both]).shown(0),
                Spread(ratios[name]).shown(2),
            ]
            for name, both in found.items()
        ],
        facts={
            "clients": CLIENTS,
            "eventsOfSlice": CLIENTS * EVENTS_EACH,
            "stores": plan.customers,
            "rounds": plan.rounds,
        },
        figures={"ratios": ratios, "load": loads},
    )


async def _slice(address: Address, name: str, numbers: Iterator[int]) -> Times:
    def parts() -> list[Asked]:
        customers = [f"neighbour/{number}" for number in islice(numbers, EVENTS_EACH)]
        return [Asked("/api/v1/events", bills([customer])) for customer in customers]

    return await timed(name, address, [parts() for _ in range(CLIENTS)])


async def _stores(address: Address, wanted: int) -> list[int]:
    """Add so many stores and return their ids."""
    ids: list[int] = []
    async with Connection(address, basic(TILL, PASSWORD)) as connection:
        for start in range(0, wanted, STORES_AT_ONCE):
            places = range(start, min(wanted, start + STORES_AT_ONCE))
            body = json.dumps([{"code": f"n{place}", "name": f"Neighbour {place}"} for place in places]).encode()
            ids += [int(item["id"]) for item in json.loads(await connection.post("/api/v1/stores", body))["items"]]
    return ids


def _file(folder: Path, events: int) -> Path:
    """Write a file of events to import."""
    file = folder / "events.ndjson"
    with file.open("w") as lines:
        for number in range(events):
            lines.write(bills([f"imported/{number}"])[1:-1].decode() + "\n")
    return file


@asynccontextmanager
async def _beside(address: Address, neighbour: dict[str, str | int | list[int]]) -> AsyncIterator[None]:
    """Have a neighbour at work while the block runs."""
    with ExitStack() as stack:
        if neighbour["kind"] == "import":
            command = [
                sys.executable,
                "-m",
                "milepost",
                "import",
                "events",
                str(neighbour["file"]),
                "--org",
                ORGANISATION,
            ]
            command += ["--database-url", str(neighbour["url"]), "--order", "file", "--clock", CLOCK, "--afresh"]
            importing = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603, ASYNC220 - our own program; it starts at once
            stack.callback(importing.wait)
            stack.callback(importing.kill)
            # The program has to start before it takes anything from others.
            await asyncio.sleep(2 * SETTLING_SECONDS)
        else:
            process = get_context("spawn").Process(target=_work, args=(address, neighbour), daemon=True)
            process.start()
            stack.callback(process.join)
            stack.callback(process.kill)
        await asyncio.sleep(SETTLING_SECONDS)
        yield


def _work(address: Address, neighbour: dict[str, str | int | list[int]]) -> None:
    """Be a neighbour until the process is killed."""
    stores = neighbour.get("stores")
    if isinstance(stores, list):
        uvloop.run(_define(address, stores))
    else:
        uvloop.run(_flood(address) if neighbour["kind"] == "logins" else _half_requests(address))


async def _flood(address: Address) -> None:
    """Try wrong passwords of other tills, by 100 connections."""

    async def guess(number: int) -> None:
        while True:
            reader, writer = await asyncio.open_connection(address.host, address.port)
            head = f"GET /api/v1/organisation HTTP/1.1\r\nHost: {address.host}\r\nConnection: close\r\n"
            writer.write(f"{head}Authorization: {basic(f'guess.{number}', 'a wrong password')}\r\n\r\n".encode())
            await reader.read()
            writer.close()
            await asyncio.sleep(0.5)

    await asyncio.gather(*(guess(number) for number in range(100)))


async def _define(address: Address, stores: list[int]) -> None:
    """Define targets that count in all stores, one after the other."""
    async with Connection(address, basic(TILL, PASSWORD)) as connection:
        for number in count():
            rule = Rule(
                number=number,
                event_name=BILL,
                sum=Sum.AMOUNT,
                stores=frozenset(range(len(stores))),
                above=None,
                goal=100,
            )
            request = group_request(rule, stores, 0)
            request["name"] = request["targets"][0]["name"] = f"everywhere {number} {id(request)}"
            await connection.post("/v3/targetGroups", json.dumps(request).encode())


async def _half_requests(address: Address) -> None:
    """Open connections that send half a head, and keep them."""
    kept = []
    for _ in range(HALF_OPEN):
        _, writer = await asyncio.open_connection(address.host, address.port)
        writer.write(b"POST /api/v1/events HTTP/1.1\r\nHost: here\r\n")
        kept.append(writer)
    await asyncio.sleep(3_600)
