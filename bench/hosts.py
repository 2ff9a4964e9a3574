"""Where a benchmark runs: a PostgreSQL of its own in a temporary folder, databases in it, servers beside it."""

import asyncio
import os
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import mkdtemp
from threading import Thread
from types import MappingProxyType
from typing import IO, Any, NamedTuple

import httpx2
import psycopg

from bench.events import CLOCK, external_id
from bench.rules import STORES, Rule, group_request, store_code
from milepost.model.customer import Identifier, IdentifierKind
from milepost.model.event import Activity, EventKey
from milepost.postgres.embedded import EmbeddedServer
from milepost.service.ingest.identity import register
from milepost.service.ingest.incoming_event import IncomingEvent
from milepost.service.organisations.provisioning import add_organisation, add_till, change_settings
from milepost.service.runtime.runtime import Runtime
from milepost.serving import app_of
from milepost.settings import ServerSettings, read_settings
from milepost.wiring import running

ORGANISATION, TILL, PASSWORD = "bench", "till.bench", "bench-password-of-a-till"
REGISTERED_AT_ONCE = 5_000
STOP_SECONDS_MAX = 60

NOTHING: Mapping[str, str] = MappingProxyType({})
_READY = re.compile(r"ready on http://([\d.]+):(\d+)")


class Address(NamedTuple):
    """Where a server listens, and its process."""

    host: str
    port: int
    pid: int


class Postgres:
    """A running PostgreSQL that is all the benchmark's own."""

    def __init__(self, folder: Path, url: str) -> None:
        """Know the server at *url*, which keeps its data below *folder*."""
        self.folder = folder
        self.url = url

    def database(self, name: str, template: str | None = None) -> str:
        """Make the database *name*, a copy of *template* if one is given; return its URL."""
        copied = "" if template is None else f" template {template} strategy file_copy"
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f"create database {name}{copied}".encode())
        return psycopg.conninfo.make_conninfo(self.url, dbname=name)

    def vacuum(self, url: str) -> None:
        """Have the server analyse its tables in the database at *url*."""
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("vacuum analyze")

    def rows(self, statement: str, url: str | None = None) -> list[tuple[Any, ...]]:
        """Return the rows of *statement*."""
        with psycopg.connect(url or self.url, autocommit=True) as connection:
            return connection.execute(statement.encode()).fetchall()

    def run(self, statement: str, url: str) -> None:
        """Run *statement* for its effect."""
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(statement.encode())


@contextmanager
def postgres() -> Iterator[Postgres]:
    """Run a PostgreSQL in a temporary folder, durable as Milepost's own, and remove it afterwards."""
    folder = Path(mkdtemp(prefix="milepost-bench-"))
    # For root, the server runs as another account, which must get to the folder.
    folder.chmod(0o755)
    try:
        with EmbeddedServer(folder) as server:
            yield Postgres(folder, server.url)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def server_settings(*, lanes: int) -> ServerSettings:
    """Return the settings of a server of ours: the defaults, a clock after all that happens, so many lanes."""
    return read_settings({}, {"clock": CLOCK, "lanes": str(lanes)})


async def make_organisation(url: str, rules: Sequence[Rule], *, customers: int, board: Rule | None = None) -> None:
    """Make a benchmark's organisation in the database at *url*, through the API: stores, targets and customers.

    The target of *board* gets a leaderboard.
    """
    settings = server_settings(lanes=1)
    async with running(url, settings) as runtime:
        added, _ = await add_organisation(runtime.database, name=ORGANISATION, zone="UTC", now=runtime.clock())
        # The baselines write an outbox, so ours has to.
        await change_settings(runtime.database, organisation=ORGANISATION, changes={"outcomeFeed": "ON"})
        till = await add_till(runtime.database, code=TILL, organisation=ORGANISATION, password=PASSWORD)
        transport = httpx2.ASGITransport(app_of(runtime, settings))
        async with httpx2.AsyncClient(transport=transport, base_url="http://bench", auth=(TILL, PASSWORD)) as client:
            stores = [{"code": store_code(store), "name": f"Store {store}"} for store in range(STORES)]
            made = (await client.post("/api/v1/stores", json=stores)).raise_for_status().json()["items"]
            ids = [store["id"] for store in made]
            for rule in rules:
                request = group_request(rule, ids, till.till.id) | {"leaderboardEnabled": rule is board}
                answer = await client.post("/v3/targetGroups", json=request)
                assert answer.is_success, answer.text
        for start in range(0, customers, REGISTERED_AT_ONCE):
            await _register(runtime, added.id, range(start, min(customers, start + REGISTERED_AT_ONCE)))


async def _register(runtime: Runtime, org_id: int, customers: range) -> None:
    fresh = []
    for customer in customers:
        identifier = Identifier(IdentifierKind.EXTERNAL_ID, external_id(customer))
        incoming_event = IncomingEvent(
            org_id=org_id,
            customer=identifier,
            key=EventKey("bench", external_id(customer)),
            name="Registered",
            occurred_at=runtime.clock(),
            received_at=runtime.clock(),
            place=None,
            till_id=None,
            payload=Activity({}),
        )
        fresh.append(((org_id, identifier), incoming_event))
    async with runtime.database.transaction() as transaction:
        await register(transaction, fresh)


@asynccontextmanager
async def milepost_server(
    url: str,
    *,
    lanes: int = 1,
    processes: int = 1,
    clock: str = CLOCK,
    source: Path | None = None,
    has_worker: bool = False,
    environment: Mapping[str, str] = NOTHING,
) -> AsyncIterator[Address]:
    """Run `milepost serve` on the database at *url*, beside this process; its time begins at *clock*.

    Its workers do not run: nobody reads the outbox of the baselines either.

    With *source* the server is that of another source tree.
    """
    command = ["-m", "milepost", "serve", "--database-url", url, "--port", "0", "--clock", clock]
    settings = {"MILEPOST_LANES": str(lanes), "MILEPOST_PROCESSES": str(processes), "MILEPOST_LOG_LEVEL": "warning"}
    settings["MILEPOST_WORKER"] = str(int(has_worker))
    if source is not None:
        settings["PYTHONPATH"] = str(source / "src")
    async with _process(command, settings | dict(environment)) as address:
        yield address


def worker_command(url: str, clock: str) -> tuple[list[str], dict[str, str]]:
    """Return the command of a worker on the database at *url*, and its environment."""
    command = ["-m", "milepost", "worker", "--database-url", url, "--clock", clock]
    return command, os.environ | {"MILEPOST_LOG_LEVEL": "warning"}


@asynccontextmanager
async def peer_server(url: str, driver: str = "psycopg") -> AsyncIterator[Address]:
    """Run the baseline's server on the database at *url*, as a process of its own, over psycopg or asyncpg."""
    async with _process(["-m", "bench.baseline_server", url, driver], {}) as address:
        yield address


@asynccontextmanager
async def _process(arguments: list[str], environment: dict[str, str]) -> AsyncIterator[Address]:
    process = subprocess.Popen(  # noqa: S603, ASYNC220 - our own programs; it starts at once
        [sys.executable, *arguments],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | environment,
    )
    assert process.stderr is not None
    try:
        yield await asyncio.to_thread(_address, process, process.stderr)
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait, STOP_SECONDS_MAX)


def _address(process: "subprocess.Popen[str]", lines: IO[str]) -> Address:
    """Wait for the line with the server's address; copy later lines to our own standard error."""
    said: list[str] = []
    for line in lines:
        said.append(line)
        if found := _READY.search(line):
            Thread(target=_pass_on, args=(lines,), daemon=True).start()
            return Address(found[1], int(found[2]), process.pid)
    message = "a server did not start; it said:\n" + "".join(said)
    raise AssertionError(message)


def _pass_on(lines: IO[str]) -> None:
    for line in lines:
        sys.stderr.write(line)
