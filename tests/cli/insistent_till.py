"""A till that sends bills until each is answered, the server that it sends to, and what is stored in the end."""

import os
import signal
import subprocess
import sys
import threading
import time
from itertools import count

import httpx2
import psycopg

from milepost.model.access.role import Role
from milepost.service.organisations.provisioning import add_organisation
from milepost.service.scheduled.verify import verify
from milepost.store.database import Database
from tests.api.client import PASSWORD, let_in
from tests.store.fixtures_db import NOW, run

CUSTOMERS = 20
BATCH = 10
TILL = "insistent till"


class InsistentTill(threading.Thread):
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
        "source": "insistent",
        "type": "TransactionAdd",
        "time": "2026-01-20T10:00:00Z",
        "customer": {"externalId": f"c{number % CUSTOMERS}"},
        "data": {"number": f"bill {number}", "netAmount": 10},
    }


def serve_at(url: str, port: int, *before: str) -> "subprocess.Popen[bytes]":
    """Start a server, by the command *before* if there is one; return it when it answers."""
    environment = os.environ | {"MILEPOST_UNSAFE_DURABILITY": "1"}
    command = [*before, sys.executable, "-m", "milepost", "serve", "--database-url", url, "--port", str(port)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, env=environment)
    while process.poll() is None:
        try:
            httpx2.get(f"http://127.0.0.1:{port}/healthz", timeout=5)
        except httpx2.HTTPError:
            time.sleep(0.02)
        else:
            return process
    raise AssertionError(f"the server ended with {process.returncode}")


def kill(process: "subprocess.Popen[bytes]") -> None:
    """Kill a server as a machine does that has no memory left."""
    process.send_signal(signal.SIGKILL)
    process.wait()


def differing(url: str) -> int:
    """Return how many standings do not follow from the log."""

    async def work() -> int:
        database = Database(url)
        await database.open(unsafe_durability=True)
        try:
            return len([one async for one in verify(database) if not one.agrees])
        finally:
            await database.close()

    return run(work)


def let_till_in(url: str) -> None:
    """Add an organisation and its till."""

    async def work() -> None:
        database = Database(url)
        await database.open(unsafe_durability=True)
        organisation, _ = await add_organisation(database, name="Brand", zone="UTC", now=NOW)
        await let_in(database, organisation.id, TILL, Role.EVENTS)
        await database.close()

    run(work)


def stored_ids(url: str) -> list[str]:
    """Return the ids of the bills that are stored, each as often as it is there."""
    with psycopg.connect(url) as connection:
        return [id_ for (id_,) in connection.execute("select event_id from event where source = 'insistent'")]
