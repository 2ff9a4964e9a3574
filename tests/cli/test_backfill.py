"""`milepost import events --backfill`: the same as an import in the order of times, however the files are cut."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import psycopg
import pytest

from milepost import wiring
from milepost.cli.imports import external_sort
from milepost.cli.imports.backfill import backfill, customer_order, shared_names
from tests.cli.test_import_events import HEADING, Shell, prepared_shell, shell
from tests.store.test_cut_anywhere import define_own_windows, stored

__all__ = ["shell"]

NAMES = ({"externalId": "anna"}, {"externalId": "berta"}, {"mobile": "+4917110000001"}, {"externalId": "carla"})
EVENTS = 80

Event = dict[str, Any]


def past(seed: int, *, shares_names: bool = True) -> list[Event]:
    """Return events in the order of a file: bills, returns, repetitions, other names of customers, refused ones."""
    random, events = Random(seed), list[Event]()
    for number in range(EVENTS):
        day = random.randrange(1, 15)
        event: Event = {
            "id": f"b{number}",
            "source": "pos/1",
            "type": "TransactionAdd",
            "time": f"2026-11-{day:02}T{random.randrange(24):02}:00:00Z",
            "customer": random.choice(NAMES),
            "data": {"number": f"B{number}", "netAmount": random.randrange(1, 60)},
        }
        chance = random.random()
        if chance < 0.15 and events:
            original = random.choice(events)
            event |= {"type": "ReturnBill", "data": {"returnType": "FULL", "original": original["id"]}}
            event["customer"] = original["customer"]
        elif chance < 0.25 and events:
            event["id"] = random.choice(events)["id"] if shares_names else event["id"]
        elif chance < 0.3 and events:
            event = random.choice(events)
        elif chance < 0.35:
            event["store"] = {"code": "nowhere"}
        elif chance < 0.4:
            event["time"] = "soon"
        events.append(event)
    return events


def write(name: str, events: Sequence[Event]) -> None:
    """Write a file of events, one on each line."""
    Path(name).write_text("".join(json.dumps(event) + "\n" for event in events))


def register(shell: Shell) -> None:
    """Register every customer with two identifiers: a mobile number, and an external id."""
    rows = "anna,+4917110000002\nberta,+4917110000003\ncarla,+4917110000004\ndora,+4917110000001\n"
    Path("customers.csv").write_text("externalId,mobile\n" + rows)
    assert 0 == shell.run("customers", "customers.csv")[0]


def counts(printed: str) -> dict[str, Any]:
    """Return what a command says with --json, without where it wrote refused rows."""
    found: dict[str, Any] = json.loads(printed)
    return {name: count for name, count in found.items() if name != "rejects"}


@pytest.fixture(autouse=True)
def clock_that_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have all commands receive events at one instant, because the time of the receipt is stored."""
    monkeypatch.setattr(wiring, "clock_from", lambda start: lambda: start)


@pytest.fixture
def windows(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Shell:
    """Return a shell whose organisation has a target with windows of the customer's own as well."""
    return prepared_shell(database_url, tmp_path, monkeypatch, capfd, define_own_windows)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("customers", ["known", "new"])
def test_a_backfill_gives_what_the_order_of_times_gives(
    windows: Shell, database_url: str, monkeypatch: pytest.MonkeyPatch, seed: int, customers: str
) -> None:
    """Byte for byte: standings, logs and the answers, for parts and pieces of any size, and for several files."""
    events = past(seed)
    # Events of one time are received in the order of the files.
    write("past.ndjson", [*events[::2], *events[1::2]])
    write("first.ndjson", events[::2])
    write("second.ndjson", events[1::2])

    def imported(*arguments: str) -> tuple[int, dict[str, Any], list[Any]]:
        if customers == "known":
            register(windows)
        code, printed, _ = windows.run("events", *arguments, "--json")
        return code, counts(printed), stored(database_url)

    expected = imported("past.ndjson")
    assert {"applied", "conflict", "refused"} <= {name for name, count in expected[1].items() if count}
    for part, piece, files in ((1, 3, 1), (7, 1_000, 1), (5, 7, 2)):
        monkeypatch.setattr(customer_order, "PART_EVENTS", part)
        monkeypatch.setattr(customer_order, "PART_EVENTS_MAX", part * 3)
        monkeypatch.setattr(external_sort, "PIECE_ITEMS_MAX", piece)
        named = ["past.ndjson"] if files == 1 else ["first.ndjson", "second.ndjson"]
        assert (part, *expected) == (part, *imported(*named, "--backfill", "--receivers", "1"))
    assert [] == [*Path().glob("*.progress")]


def test_customers_who_claim_one_name_are_received_in_the_order_of_times(
    shell: Shell, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The earlier of two events of one name counts, whichever customer's key comes first; without that it does not."""
    events = past(0)[:2]
    for number in range(16):
        bill = {"source": "pos/1", "type": "TransactionAdd", "data": {"number": "N", "netAmount": 5}}
        for day, customer in enumerate(("early", "late"), 1):
            name = {"externalId": f"{customer} {number}"}
            events.append({"id": f"n{number}", "time": f"2026-11-0{day}T10:00:00Z", "customer": name} | bill)
    write("past.ndjson", events)
    shell.run("events", "past.ndjson", "--backfill", "--receivers", "1")
    assert 16 == len([row for row in stored(database_url) if row[0].startswith("early") and "n" in str(row[2])])
    monkeypatch.setattr(shared_names.SharedNames, "groups", lambda _: {})
    shell.run("events", "past.ndjson", "--backfill", "--receivers", "1")
    early = [row for row in stored(database_url) if row[0].startswith("early") and row[2] is not None]
    assert len(early) < 16


def test_several_processes_receive_the_same(windows: Shell, database_url: str) -> None:
    """Each customer is received by one of them; refused rows come back with their reasons."""
    write("past.ndjson", past(5, shares_names=False))
    code, printed, _ = windows.run("events", "past.ndjson", "--json", "--rejects", "plain.rejects")
    expected = code, counts(printed), stored(database_url)
    code, printed, _ = windows.run("events", "past.ndjson", "--backfill", "--receivers", "2", "--json")
    assert expected == (code, counts(printed), stored(database_url))
    refused = [{*json.loads(line)} for line in Path("past.ndjson.rejects").read_text().splitlines()]
    assert (expected[1]["refused"], {"row", "status", "problems", "event"}) == (
        len(refused),
        set[str]().union(*refused),
    )


def test_nobody_is_notified_unless_it_is_asked_for(windows: Shell, database_url: str) -> None:
    """What is kept back is no row of the outbox, although the organisation has a feed."""
    write("past.ndjson", past(1))

    def told(*options: str) -> int:
        windows.run("events", "past.ndjson", "--backfill", "--receivers", "1", *options)
        with psycopg.connect(database_url) as connection:
            (count,) = connection.execute("select count(*) from outbox").fetchone() or (0,)
        assert stored(database_url)
        return int(count)

    assert (0, True) == (told(), told("--tell-outcomes") > 0)


def test_an_interrupted_backfill_goes_on(shell: Shell, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the customers who were received as a whole; their events are not sent again."""
    monkeypatch.setattr(customer_order, "PART_EVENTS", 1)
    write("past.ndjson", past(2, shares_names=False))
    shell.run("events", "past.ndjson")
    expected = stored(database_url)
    sent = list[int]()
    note = backfill.Backfill._note

    def interrupt(self: backfill.Backfill, part: Any, answers: Any, checksum: int) -> None:
        note(self, part, answers, checksum)
        sent.append(len(part.reads))
        if len(sent) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(backfill.Backfill, "_note", interrupt)
    assert 0 != shell.run("events", "past.ndjson", "--backfill", "--receivers", "1")[0]
    monkeypatch.setattr(backfill.Backfill, "_note", note)
    assert Path("past.ndjson.progress").exists()
    _, printed, messages = shell.run("events", "past.ndjson", "--backfill", "--receivers", "1", "--json")
    assert "continuing an interrupted backfill" in messages
    assert counts(printed)["events"] + sent[-1] == EVENTS
    assert expected == stored(database_url)


def test_a_changed_file_begins_again(shell: Shell, database_url: str) -> None:
    """A mark of other events says nothing about these."""
    write("past.ndjson", past(3, shares_names=False))
    mark = {"checksum": "0" * 16, "wholeUntil": "ff" * 16}
    Path("past.ndjson.progress").write_text(json.dumps(mark))
    _, printed, messages = shell.run("events", "past.ndjson", "--backfill", "--receivers", "1", "--json")
    assert "continuing" not in messages
    assert counts(printed)["events"] == EVENTS
    assert stored(database_url)


def test_a_killed_backfill_leaves_no_process_and_nothing_half(shell: Shell, database_url: str) -> None:
    """Killed with its processes at work: started again it gives the same, and no process of it is left."""
    lines = "".join(
        f"k{number},pos/9,TransactionAdd,2026-11-07T10:00:00Z,c{number % 700},K{number},1\n" for number in range(6_000)
    )
    Path("big.csv").write_text(HEADING + lines)
    command = [sys.executable, "-m", "milepost", "import", "events", "big.csv", "--org", "brand", "--backfill"]
    command += ["--receivers", "2"]
    process = subprocess.Popen(command, env={**os.environ}, stderr=subprocess.PIPE)
    with psycopg.connect(database_url, autocommit=True) as connection:

        def received() -> int:
            (count,) = connection.execute("select count(*) from event").fetchone() or (0,)
            return int(count)

        while not received():
            assert process.poll() is None
            time.sleep(0.05)
        children = _children(process.pid)
        process.send_signal(signal.SIGKILL)
        process.wait()
        while any(Path(f"/proc/{child}").exists() for child in children):
            time.sleep(0.05)
        _, printed, _ = shell.run("events", "big.csv", "--backfill", "--receivers", "2", "--json")
        assert 6_000 == received()
        (sums,) = connection.execute("select count(*) from event_claim").fetchone() or (0,)
        assert 6_000 == sums
    assert not counts(printed)["refused"]


def _children(pid: int) -> list[int]:
    """Return the processes that were started by *pid*."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(stat.parent.name))
    return found


@pytest.mark.parametrize(
    "options, problem",
    [
        (["a.csv", "--receivers", "2"], "--receivers goes with --backfill"),
        (["a.csv", "--tell-outcomes"], "--tell-outcomes goes with --backfill"),
        (["a.csv", "--backfill", "--order", "file"], "--order a backfill receives the events of each customer"),
        (["a.csv", "b.csv", "--rejects", "c.csv"], "--rejects goes with one file"),
        (["a.csv", "a.csv"], "FILES name one file twice"),
    ],
)
def test_options_that_do_not_fit_together_are_refused(shell: Shell, options: list[str], problem: str) -> None:
    """Before anything is read."""
    Path("a.csv").write_text(HEADING)
    Path("b.csv").write_text(HEADING)
    code, _, messages = shell.run("events", *options)
    assert code != 0
    assert problem in messages
