"""Server, worker and database are killed in turn while events are sent and delivered (law 21)."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import count
from pathlib import Path
from random import Random
from tempfile import mkdtemp

import httpx2
import psycopg
import pytest

from milepost.model.time import Micros
from milepost.postgres.embedded import EmbeddedServer
from milepost.service.ingest.lanes.lane import Limits
from milepost.service.runtime.outgoing import box_of_key
from milepost.store.sql.schema import migrate
from tests.api.client import PASSWORD, START, ApiClient, Json, OrganisationClient, json_of
from tests.api.receiver import OK, Got, receiving
from tests.api.test_delivery_law import define_kinds, outcomes_of, random_bill, told
from tests.e2e.test_delivery_processes import KEY
from tests.store.cutting_proxy import free_port

CUSTOMERS_EACH = 12
BATCHES_EACH = 10
BATCH = 6
ARRIVED_BEFORE_A_KILL = 5
PATIENCE_SECONDS = 120
BREAKS_OFF = 0.1
"""The share of messages whose connection the receiver breaks off although they arrived."""

ROUNDS = [
    pytest.param(2, id="small", marks=pytest.mark.timeout(300)),
    pytest.param(20, id="large", marks=[pytest.mark.slow, pytest.mark.timeout(3_600)]),
]


@pytest.fixture
def data() -> Iterator[Path]:
    """Return a folder that the account of the database can enter."""
    folder = Path(mkdtemp(prefix="milepost-kills-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


class Installation:
    """A database, a server and a worker, each a process that can be killed and comes back."""

    def __init__(self, data: Path, stack: ExitStack) -> None:
        """Start the database alone."""
        self._data, self._stack = data, stack
        self.url = stack.enter_context(EmbeddedServer(data)).url
        self._port = free_port()
        self.address = f"http://127.0.0.1:{self._port}"
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        asyncio.run(migrate(self.url))

    def start(self, name: str) -> None:
        """Start the server or the worker."""
        command = [sys.executable, "-m", "milepost", name, "--database-url", self.url, "--clock", START]
        if name == "serve":
            command += ["--port", str(self._port)]
        settings = {"MILEPOST_SECRET_KEY": KEY, "MILEPOST_WEBHOOKS_PRIVATE": "1", "MILEPOST_LOG_LEVEL": "error"}
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL, env=os.environ | settings)
        self._processes[name] = process
        self._stack.callback(process.wait)
        self._stack.callback(process.kill)

    def kill(self, name: str) -> None:
        """Kill the server, the worker or the database; its keeper starts the database again."""
        if name == "postgres":
            lines = (self._data / "postgres" / "cluster" / "postmaster.pid").read_text().splitlines()
            os.kill(int(lines[0]), signal.SIGKILL)
            return
        process = self._processes[name]
        assert process.poll() is None, f"{name} ended by itself"
        process.kill()
        process.wait()
        self.start(name)

    def is_at_rest(self) -> bool:
        """Whether everything is told."""
        try:
            with psycopg.connect(self.url) as connection:
                query = (
                    "select exists (select 1 from outbox) or exists (select 1 from delivery where state <> 'DELIVERED')"
                )
                row = connection.execute(query.encode()).fetchone()
        except psycopg.OperationalError:
            return False
        assert row is not None
        return not row[0]


class Story:
    """What arrives at a receiver while rounds of kills go on."""

    def __init__(self, installation: Installation, seed: int) -> None:
        """Choose events by *seed*."""
        self.installation = installation
        self.random = Random(seed)
        self.arrived: dict[str, Json] = {}
        self.customers: list[str] = []
        self.kills: list[tuple[str, int]] = []
        self.requests = 0
        self.open = 0

    async def answer(self, got: Got, writer: asyncio.StreamWriter) -> None:
        """Keep what arrives; break off now and then although it arrived."""
        self.requests += 1
        known = self.arrived.setdefault(got.headers["webhook-id"], got.json)
        assert known == got.json, "one id has one body"
        self.open += 1
        await asyncio.sleep(0.02)
        self.open -= 1
        if self.random.random() < BREAKS_OFF:
            writer.transport.abort()
        else:
            writer.write(OK)

    async def round(self, client: httpx2.AsyncClient, number: int) -> None:
        """Kill each of the three while events are sent and messages are under way."""
        for victim in ("serve", "worker", "postgres"):
            before, deadline = len(self.arrived), time.monotonic() + PATIENCE_SECONDS
            names = (f"{number} {victim} {place}" for place in count())
            sending = asyncio.create_task(self._send(client, next(names)))
            while not (self.open and len(self.arrived) >= before + ARRIVED_BEFORE_A_KILL):
                assert time.monotonic() < deadline, f"{len(self.arrived) - before} messages, {self.kills}"
                if sending.done():
                    # Whatever failed it is the reason; else everything had arrived before anybody looked.
                    sending.result()
                    sending = asyncio.create_task(self._send(client, next(names)))
                await asyncio.sleep(0.01)
            self.kills.append((victim, self.open))
            self.installation.kill(victim)
            await sending

    async def _send(self, client: httpx2.AsyncClient, name: str) -> None:
        """Send events of new customers, who have everything before them, until each is answered, as a till does."""
        customers = [f"{name} {place}" for place in range(CUSTOMERS_EACH)]
        self.customers += customers
        for batch in range(BATCHES_EACH):
            events = [random_bill(self.random, customers, f"{name} {batch} {place}") for place in range(BATCH)]
            deadline = time.monotonic() + PATIENCE_SECONDS
            while not await _is_taken(client, events):
                assert time.monotonic() < deadline, "no server takes events"
                await asyncio.sleep(0.1)


async def _is_taken(client: httpx2.AsyncClient, events: list[Json]) -> bool:
    """Whether a server answers that it has *events*."""
    try:
        answered = await client.post("/api/v1/events", json=events)
    except httpx2.HTTPError:
        return False
    if answered.status_code >= 500:
        return False
    assert 200 == answered.status_code, answered.text
    items = json_of(answered)["items"]
    assert {item["status"] for item in items} <= {"applied", "duplicate"}, items
    return True


async def _until(condition: Callable[[], object]) -> None:
    """Wait until *condition* holds."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "nothing happened"
        await asyncio.sleep(0.01)


def _opened(url: str, stack: ExitStack) -> ApiClient:
    """Return a client in this process, which encrypts by the key of the others."""
    client = ApiClient(url, Limits())
    client.run(client.open)
    outgoing = replace(client.runtime.outgoing, box=box_of_key(KEY), now=lambda: Micros(time.time_ns() // 1000))
    client.runtime = client.app.state.runtime = replace(client.runtime, outgoing=outgoing)
    stack.callback(client.close)
    return client


def _webhook(client: ApiClient, url: str) -> OrganisationClient:
    """Return an organisation whose achievements are told at *url*."""
    organisation = client.organisation(afterAchievement="REVOKE")
    define_kinds(organisation)
    body = {"url": url, "schedule": [1] * 20, "timeLimit": 2}
    assert organisation.post("/api/v1/webhooks", body).is_success
    return organisation


@pytest.mark.parametrize("rounds", ROUNDS)
def test_kills_of_each_process_lose_and_invent_nothing(data: Path, rounds: int) -> None:
    """Each outcome arrives under one id, numbered by customer without a gap; none arrives that did not happen.

    Negative controls: a message that is taken away, and one that arrives under a second id, are seen.
    """
    with ExitStack() as stack:
        installation = Installation(data, stack)
        story = Story(installation, rounds)
        with asyncio.Runner() as runner:
            receiver = receiving(story.answer)
            url = runner.run(receiver.__aenter__()).url
            with ExitStack() as setting_up:
                organisation = _webhook(_opened(installation.url, setting_up), url)
            runner.run(_live(story, organisation.till_code, rounds))
            runner.run(receiver.__aexit__(None, None, None))
        with ExitStack() as again:
            organisation.client = _opened(installation.url, again)
            happened = {name: outcomes_of(organisation, name) for name in _registered(organisation, story.customers)}
    assert 3 * rounds == len(story.kills)
    assert all(under_way for _, under_way in story.kills)
    _compare(story, happened)
    id_, message = story.arrived.popitem()
    with pytest.raises(AssertionError):
        _compare(story, happened)
    story.arrived |= {id_: message, f"another than {id_}": message}
    with pytest.raises(AssertionError):
        _compare(story, happened)


def _registered(organisation: OrganisationClient, names: Sequence[str]) -> list[str]:
    """Return those of *names* who had a bill: chance may leave some out."""
    return [name for name in names if organisation.get("/api/v1/customers", externalId=name)["items"]]


async def _live(story: Story, till: str, rounds: int) -> None:
    story.installation.start("serve")
    story.installation.start("worker")
    async with httpx2.AsyncClient(base_url=story.installation.address, auth=(till, PASSWORD)) as client:
        for number in range(rounds):
            await story.round(client, number)
    await _until(story.installation.is_at_rest)


def _compare(story: Story, happened: dict[str, list[tuple[int, str, int]]]) -> None:
    """Assert that each customer was told what happened: once by id, and numbered in the order in which it happened."""
    messages: defaultdict[str, list[Json]] = defaultdict(list)
    for message in story.arrived.values():
        messages[message["data"]["customer"]["externalId"]].append(message)
    for name, outcomes in happened.items():
        told_of = sorted(messages.pop(name, []), key=lambda message: message["data"]["sequence"])
        assert list(range(1, len(told_of) + 1)) == [message["data"]["sequence"] for message in told_of]
        assert outcomes == [told(message) for message in told_of], name
    assert not messages
    assert story.requests >= len(story.arrived) > 0
