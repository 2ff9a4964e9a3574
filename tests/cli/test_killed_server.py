"""A server is killed again and again while a client sends; whatever it confirmed is there, once (R01)."""

import os
import signal
import subprocess
import sys
import threading
import time
from itertools import count
from random import Random

import httpx2
import psycopg
import pytest

from milepost.model.access.role import Role
from milepost.service.organisations.provisioning import add_organisation
from milepost.service.scheduled.verify import verify
from milepost.store.database import Database
from tests.api.client import PASSWORD, let_in
from tests.store.cutting_proxy import free_port
from tests.store.fixtures_db import NOW, run

KILLS = [2, pytest.param(100, marks=pytest.mark.slow)]
CUSTOMERS = 20
BATCH = 10
TILL = "till of the killed"


class Client(threading.Thread):
    """Sends batches of bills, each until it is answered; `confirmed` are the ids of the bills that were."""

    def __init__(self, address: str) -> None:
        """Send to *address*."""
        super().__init__(daemon=True)
        self.address = address
        self.confirmed: set[str] = set()
        self.repeated = 0
        self.ends = threading.Event()

    def run(self) -> None:
        """Send until told to end."""
        numbers = count()
        while not self.ends.is_set():
            bills = [_bill(next(numbers)) for _ in range(BATCH)]
            while not self._sent(bills) and not self.ends.is_set():
                self.repeated += 1
                time.sleep(0.02)

    def _sent(self, bills: list[dict[str, object]]) -> bool:
        try:
            answered = httpx2.post(f"{self.address}/api/v1/events", json=bills, auth=(TILL, PASSWORD), timeout=10)
        except httpx2.HTTPError:
            return False
        if answered.status_code != 200:
            return False
        items = answered.json()["items"]
        self.confirmed |= {item["id"] for item in items if item["status"] in {"applied", "duplicate"}}
        return all(item["status"] != "failed" for item in items)


def _bill(number: int) -> dict[str, object]:
    return {
        "id": f"bill {number}",
        "source": "killed",
        "type": "TransactionAdd",
        "time": "2026-01-20T10:00:00Z",
        "customer": {"externalId": f"c{number % CUSTOMERS}"},
        "data": {"number": f"bill {number}", "netAmount": 10},
    }


def _serve(url: str, port: int) -> "subprocess.Popen[bytes]":
    """Start a server; return it when it answers."""
    environment = os.environ | {"MILEPOST_UNSAFE_DURABILITY": "1"}
    command = [sys.executable, "-m", "milepost", "serve", "--database-url", url, "--port", str(port)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, env=environment)
    while process.poll() is None:
        try:
            httpx2.get(f"http://127.0.0.1:{port}/healthz", timeout=5)
        except httpx2.HTTPError:
            time.sleep(0.02)
        else:
            return process
    raise AssertionError(f"the server ended with {process.returncode}")


def _kill(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()


def _differing(url: str) -> int:
    async def work() -> int:
        database = Database(url)
        await database.open(unsafe_durability=True)
        try:
            return len([one async for one in verify(database) if not one.agrees])
        finally:
            await database.close()

    return run(work)


def _prepare(url: str) -> None:
    async def work() -> None:
        database = Database(url)
        await database.open(unsafe_durability=True)
        organisation, _ = await add_organisation(database, name="killed", zone="UTC", now=NOW)
        await let_in(database, organisation.id, TILL, Role.EVENTS)
        await database.close()

    run(work)


def _stored(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        return [id_ for (id_,) in connection.execute("select event_id from event where source = 'killed'")]


@pytest.mark.parametrize("kills", KILLS)
def test_a_killed_server_loses_and_doubles_nothing(database_url: str, kills: int) -> None:
    """Everything confirmed is stored once and counted once; a row that is taken away by hand is noticed."""
    _prepare(database_url)
    port, chance = free_port(), Random(7)
    client = Client(f"http://127.0.0.1:{port}")
    client.start()
    for _ in range(kills):
        process = _serve(database_url, port)
        time.sleep(chance.uniform(0.1, 0.6))
        _kill(process)
    process = _serve(database_url, port)
    time.sleep(1)
    client.ends.set()
    client.join(30)
    _kill(process)
    stored = _stored(database_url)
    assert (set(), len(set(stored))) == (client.confirmed - set(stored), len(stored))
    assert kills <= client.repeated
    assert BATCH * kills <= len(client.confirmed)
    assert 0 == _differing(database_url)
    with psycopg.connect(database_url) as connection:
        connection.execute("delete from event where event_id = %s", [min(client.confirmed)])
    assert {min(client.confirmed)} == client.confirmed - set(_stored(database_url))
    assert 1 == _differing(database_url)
