"""What a webhook is told of the demo's bills, beside the achievements that plain SQL finds in them (groceries.sql).

Of the server only what arrives at the receiver is read. A message is compared by household, target or level, period,
and the event that it names as the cause. The receiver fails now and then, so that messages come again.
"""

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from threading import Lock, Thread
from typing import Any, NamedTuple

import httpx2

from milepost.demo.account import Account, open_account
from milepost.demo.fill import AFTER_THE_YEAR, prepare, send
from milepost.demo.groceries import HOUSEHOLDS, occurrences
from milepost.demo.server import serving
from tests.oracle.expected_progress import LOG_ID_DIGITS, Findings

TYPES = ("target.achieved", "cap.reached", "streak.level_achieved", "group.achieved")
SCHEDULE = [1] * 20
FAILS_EVERY = 17
"""The receiver fails one request of so many, in turn before and after it has kept the message."""

AT_REST_SECONDS_MAX = 3_600
LOOKS_AT_REST = 5
"""A second apart, everything has to look delivered: the server counts its outbox each second, or later under load."""


class Achievement(NamedTuple):
    """A household reached a target, a streak level or a whole group, by an event; levels have no period."""

    household: int
    name: str
    period: str
    event: int


Arrived = dict[str, bytes]
"""The bodies that arrived, by the id of their message."""


class Inbox(ThreadingHTTPServer):
    """A receiver that keeps what arrives."""

    daemon_threads = True

    def __init__(self) -> None:
        """Listen on a free port."""
        super().__init__(("127.0.0.1", 0), _Hook)
        self.arrived: Arrived = {}
        self.contradictions: list[str] = []
        self.requests = count(1)
        self.lock = Lock()

    def take(self, id_: str, body: bytes) -> int:
        """Keep a message and return the status of the answer."""
        with self.lock:
            number = next(self.requests)
            is_failure = number % FAILS_EVERY == 0
            is_kept = not is_failure or number % (2 * FAILS_EVERY) == 0
            if is_kept and self.arrived.setdefault(id_, body) != body:
                self.contradictions.append(id_)
            return 500 if is_failure else 204


class _Hook(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Inbox

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(self.server.take(self.headers["webhook-id"], body))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        """Say nothing."""


@contextmanager
def _inbox() -> Iterator[Inbox]:
    with Inbox() as inbox:
        Thread(target=inbox.serve_forever, daemon=True).start()
        yield inbox
        inbox.shutdown()


def delivered(households: int | None) -> Arrived:
    """Load the bills of so many households into a new server whose achievements are delivered; return what arrives."""
    data = Path(mkdtemp(prefix="milepost-delivered-"))
    # For root, the database runs as another account, which must get to the folder.
    data.chmod(0o755)
    try:
        with _inbox() as inbox, serving(data, 0, AFTER_THE_YEAR) as server:
            account = open_account(data)
            prepare(server.address, account)
            _deliver(server.address, account, inbox, households or HOUSEHOLDS)
        assert not inbox.contradictions, f"one id came with two bodies: {inbox.contradictions[:3]}"
        return inbox.arrived
    finally:
        rmtree(data, ignore_errors=True)


def _deliver(address: str, account: Account, inbox: Inbox, households: int) -> None:
    with httpx2.Client(base_url=address, auth=account.login, timeout=60) as client:
        url = f"http://127.0.0.1:{inbox.server_address[1]}/"
        # To groups that are defined when the year is over, all of their periods are past.
        body = {"url": url, "types": TYPES, "schedule": SCHEDULE, "tellPast": True}
        webhook = client.post("/api/v1/webhooks", json=body).raise_for_status().json()["id"]
        asyncio.run(send(address, account, occurrences(households)))
        deadline, resting = time.monotonic() + AT_REST_SECONDS_MAX, 0
        while resting < LOOKS_AT_REST:
            assert time.monotonic() < deadline, "messages still wait"
            time.sleep(1)
            resting = resting + 1 if _is_at_rest(client, webhook) else 0


def _is_at_rest(client: httpx2.Client, webhook: int) -> bool:
    """Whether every outcome is relayed and every message delivered; that of the outbox is asked first."""
    metrics = client.get("/metrics").raise_for_status().text
    waiting = [line.split()[-1] for line in metrics.splitlines() if line.startswith("milepost_outbox_outcomes")]
    state: Any = client.get(f"/api/v1/webhooks/{webhook}").raise_for_status().json()
    assert not state["dead"], "a message was given up"
    return waiting == ["0.0"] and not state["pending"]


def happened(findings: Findings) -> set[Achievement]:
    """Return the achievements among the oracle's findings."""
    return {
        Achievement(question.household, question.target, question.period, finding.achieved_by)
        for question, finding in findings.items()
        if finding.achieved_by is not None
    }


def told(body: bytes) -> Achievement:
    """Return what a message says."""
    message = json.loads(body)
    data = message["data"]
    name = data["group" if message["type"] == "group.achieved" else "target"]["name"]
    period = data["level" if message["type"] == "streak.level_achieved" else "period"]["name"]
    cause = "\0".join((data["event"]["source"], data["event"]["id"])).encode()
    event = int(sha256(cause).hexdigest()[:LOG_ID_DIGITS], 16)
    return Achievement(int(data["customer"]["externalId"]), name, period, event)


def differences(wanted: set[Achievement], arrived: Mapping[str, bytes]) -> list[str]:
    """Describe what did not arrive, what did not happen, and what arrived under several ids."""
    ids: defaultdict[Achievement, list[str]] = defaultdict(list)
    for id_, body in arrived.items():
        ids[told(body)].append(id_)
    lost = [f"{one} did not arrive" for one in sorted(wanted - ids.keys())]
    invented = [f"{one} arrived and did not happen" for one in sorted(ids.keys() - wanted)]
    doubled = [f"{one} arrived under {len(of_one)} ids" for one, of_one in ids.items() if len(of_one) > 1]
    return lost + invented + doubled
