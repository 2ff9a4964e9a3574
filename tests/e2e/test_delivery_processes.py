"""Workers as processes that are killed in the middle: every achievement arrives, each under one id."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import pytest

from milepost.model.time import Micros
from milepost.service.runtime.outgoing import box_of_key
from tests.api.client import ApiClient, opened
from tests.api.client_forms import bill, group, target
from tests.api.receiver import OK, Got, receiving

KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
CUSTOMERS = 300
KILLED_AFTER = 60
PATIENCE_SECONDS = 90


@pytest.fixture
def front(admin_url: str, template: str) -> Iterator[ApiClient]:
    """Return a client that encrypts by the key of the workers, and dates webhooks by the time of the machine."""
    with opened(admin_url, template) as client:
        outgoing = replace(client.runtime.outgoing, box=box_of_key(KEY), now=lambda: Micros(time.time_ns() // 1000))
        client.runtime = client.app.state.runtime = replace(client.runtime, outgoing=outgoing)
        yield client


@contextmanager
def worker(url: str) -> "Iterator[subprocess.Popen[str]]":
    """Run a worker on the database at *url*."""
    command = [sys.executable, "-m", "milepost", "worker", "--database-url", url]
    settings = {
        "MILEPOST_UNSAFE_DURABILITY": "1",
        "MILEPOST_SECRET_KEY": KEY,
        "MILEPOST_WEBHOOKS_PRIVATE": "1",
        "MILEPOST_LOG_LEVEL": "error",
    }
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, text=True, env=os.environ | settings) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.timeout(240)
def test_workers_that_are_killed_lose_nothing(front: ApiClient) -> None:
    """One of two dies while it sends, and the database's connections of the other are cut; nothing is missing."""
    organisation = front.organisation()
    organisation.define(group(target(defaultValues=[{"defaultValue": 100}])))
    arrived: dict[str, str] = {}

    async def answer(got: Got, writer: asyncio.StreamWriter) -> None:
        customer = got.json["data"]["customer"]["externalId"]
        assert arrived.setdefault(got.headers["webhook-id"], customer) == customer
        await asyncio.sleep(0.01)
        writer.write(OK)

    async def life(stack: ExitStack) -> None:
        async with receiving(answer) as receiver:
            body = {"url": receiver.url, "types": ["target.achieved"], "timeLimit": 1, "schedule": [1] * 20}
            login = (organisation.till_code, "Pass123word")
            async with front.client(auth=login) as client:
                assert (await client.post("/api/v1/webhooks", json=body)).is_success
                events = [bill("120", customer=f"c{place}") for place in range(CUSTOMERS)]
                assert (await client.post("/api/v1/events", json=events)).is_success
            killed, _ = (stack.enter_context(worker(front.url)) for _ in range(2))
            await _until(lambda: len(arrived) >= KILLED_AFTER)
            killed.kill()
            front.connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
            )
            await _until(lambda: len(arrived) >= CUSTOMERS)

    with ExitStack() as stack:
        front.run(lambda: life(stack))
    assert sorted(f"c{place}" for place in range(CUSTOMERS)) == sorted(arrived.values())


async def _until(condition: Callable[[], bool]) -> None:
    """Wait until *condition* holds."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "nothing happened"
        await asyncio.sleep(0.05)
