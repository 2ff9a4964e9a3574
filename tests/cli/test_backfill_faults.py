"""R27: a backfill that is killed again and again, beside live events of the same customers."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random
from typing import Any

import psycopg
import pytest

from milepost.store import codec
from tests.cli.test_backfill import counts, write
from tests.cli.test_import_events import Shell, shell
from tests.store.test_cut_anywhere import TABLES

__all__ = ["shell"]

CUSTOMERS, LIVE_EVENTS = 300, 300
EVENTS_OF_KILL = 4_000
"""Events of the past for each kill: a backfill adds some two thousand at once, and goes on behind them."""

OPTIONS = ("--backfill", "--receivers", "2")

Values = dict[tuple[str, int, int], int]


def bills(name: str, events: int, seed: int) -> list[dict[str, Any]]:
    """Return bills of the first half of January, a tenth of them returned later, in no order of time."""
    random, made = Random(seed), list[dict[str, Any]]()
    for number in range(events):
        event: dict[str, Any] = {
            "id": f"{name}{number}",
            "source": "pos/1",
            "type": "TransactionAdd",
            "time": f"2026-01-{random.randrange(1, 14):02}T{random.randrange(24):02}:{random.randrange(60):02}:00Z",
            "customer": {"externalId": f"c{random.randrange(CUSTOMERS)}"},
            "data": {"number": f"{name}{number}", "netAmount": random.randrange(1, 90)},
        }
        if made and random.random() < 0.1:
            bill = random.choice(made)
            if bill["type"] == "TransactionAdd":
                event |= {"type": "ReturnBill", "time": "2026-01-14T12:00:00Z", "customer": bill["customer"]}
                event["data"] = {"returnType": "FULL", "original": bill["data"]["number"]}
        made.append(event)
    return made


def values(url: str) -> Values:
    """Return what each customer has, by name, target and period."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "select i.value, s.body from standing as s join identity as i using (customer_id)"
        ).fetchall()
    return {
        (name, target_id, period_id): progress.value
        for name, body in rows
        for (target_id, period_id), progress in codec.decode_standing(body).progress.items()
    }


def emptied(url: str) -> None:
    """Take all customers and events away."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"truncate {', '.join(TABLES)}".encode())


def received(url: str) -> int:
    """Return how many events are in the log."""
    with psycopg.connect(url) as connection:
        (count,) = connection.execute("select count(*) from event").fetchone() or (0,)
    return int(count)


def started(*arguments: str) -> "subprocess.Popen[bytes]":
    """Start an import in a process of its own."""
    command = [sys.executable, "-m", "milepost", "import", "events", *arguments, "--org", "brand", "--json"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def killed(url: str, further: int) -> bool:
    """Start the backfill and kill it once it has added so many events *further*; whether it was killed in time."""
    begun, process = received(url), started("past.ndjson", *OPTIONS)
    while process.poll() is None and received(url) - begun < further:
        time.sleep(0.02)
    if process.poll() is not None:
        return False
    process.send_signal(signal.SIGKILL)
    process.wait()
    return True


@pytest.mark.parametrize(
    "kills", [2, pytest.param(30, marks=[pytest.mark.slow, pytest.mark.timeout(1_200)], id="thirty kills")]
)
@pytest.mark.timeout(300)
def test_kills_and_live_events_lose_and_double_nothing(shell: Shell, database_url: str, kills: int) -> None:
    """What everybody has is what one import in the order of times gives."""
    past, more = bills("p", EVENTS_OF_KILL * kills, 1), bills("l", LIVE_EVENTS, 2)
    write("past.ndjson", past)
    write("live.ndjson", more)
    write("all.ndjson", [*past, *more])
    shell.run("events", "all.ndjson")
    expected = values(database_url)
    assert len(expected) >= CUSTOMERS
    emptied(database_url)
    live = started("live.ndjson")
    random = Random(kills)
    hit = sum(killed(database_url, 1 + random.randrange(1_000)) for _ in range(kills))
    assert hit >= kills - 1, "the backfill was killed while it worked"
    assert 0 == live.wait()
    code, printed, _ = shell.run("events", "past.ndjson", *OPTIONS, "--json")
    assert (0, 0) == (code, counts(printed)["refused"])
    assert (expected, len(past) + len(more)) == (values(database_url), received(database_url))
    assert 0 == _verified()


def test_a_mark_that_is_ahead_loses_customers(shell: Shell, database_url: str) -> None:
    """The control: the same comparison notices customers who were left out after a kill."""
    write("past.ndjson", bills("p", EVENTS_OF_KILL * 2, 1))
    shell.run("events", "past.ndjson", *OPTIONS)
    expected = values(database_url)
    emptied(database_url)
    mark = Path("past.ndjson.progress")
    process = started("past.ndjson", *OPTIONS)
    while not mark.exists():
        assert process.poll() is None, "the backfill was over before it was killed"
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    mark.write_text(json.dumps(json.loads(mark.read_text()) | {"wholeUntil": "ff" * 16}))
    shell.run("events", "past.ndjson", *OPTIONS)
    assert expected != values(database_url)


def _verified() -> int:
    return subprocess.run([sys.executable, "-m", "milepost", "verify"], check=False, capture_output=True).returncode
