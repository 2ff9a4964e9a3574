"""R25: a database is upgraded while servers of the version before go on, and a killed upgrade is done again."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from random import Random
from typing import Self

import httpx2
import psycopg
import pytest
from typer.testing import CliRunner

import milepost
from milepost.cli import app
from milepost.store.sql.schema import TooNew, migrations
from tests.store.sample_definitions import described

PATIENCE_SECONDS = 20
PASSWORD = "a password for the till"
NEWEST = migrations()[-1][0]
KINDLY = f"-- oldest: {NEWEST}\ncreate table kindly (x int);\nalter table event add column kindly int;\n"
FORBIDDING = "alter table event add column forbidding int;\n"
SLOW = "select pg_sleep(0.15);\n"
_NUMBERS = count(1)


@pytest.fixture(autouse=True)
def _unsafe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILEPOST_UNSAFE_DURABILITY", "1")


@pytest.fixture
def empty_url(admin_url: str) -> Iterator[str]:
    """Return the URL of an empty database; it is dropped after the test."""
    name = f"upgraded_{next(_NUMBERS)}"
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(f"create database {name} template template0 strategy file_copy".encode())
    yield psycopg.conninfo.make_conninfo(admin_url, dbname=name)
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)".encode())


@pytest.fixture
def newer(tmp_path: Path) -> Path:
    """Return the folder of a newer program: a copy of this one with one more migration."""
    package = Path(milepost.__file__).parent
    shutil.copytree(package, tmp_path / "milepost", ignore=shutil.ignore_patterns("__pycache__"))
    migration(tmp_path, "9001_kindly.sql", KINDLY)
    return tmp_path


def migration(folder: Path, name: str, text: str) -> None:
    """Add a migration to the program in *folder*."""
    (folder / "milepost" / "store" / "migrations" / name).write_text(text, encoding="utf-8")


def environment(folder: Path | None) -> dict[str, str]:
    """Return what the program in *folder*, or this one, is run with."""
    return os.environ | {"MILEPOST_UNSAFE_DURABILITY": "1"} | ({} if folder is None else {"PYTHONPATH": str(folder)})


def command(url: str, *words: str, folder: Path | None = None) -> "subprocess.CompletedProcess[str]":
    """Run a command of the program in *folder*, or of this one."""
    line = [sys.executable, "-m", "milepost", *words, "--database-url", url]
    return subprocess.run(line, env=environment(folder), capture_output=True, text=True, timeout=60, check=False)


@contextmanager
def server(url: str, folder: Path | None = None) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """Run a server of the program in *folder*, or of this one; yield it and its address."""
    line = [sys.executable, "-m", "milepost", "serve", "--port", "0", "--database-url", url]
    with subprocess.Popen(line, env=environment(folder), stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            ready = next(line for line in process.stderr if "ready on" in line)
            address = re.search(r"http://\S+", ready)
            assert address is not None
            threading.Thread(target=process.stderr.read, daemon=True).start()
            yield process, address[0]
        finally:
            process.kill()


class Load:
    """A till that sends one event after the other, to whichever server answers, and sends again what failed."""

    def __init__(self, addresses: list[str]) -> None:
        """Send to *addresses*, which may change."""
        self.addresses = addresses
        self.confirmed: list[str] = []
        self.pause_longest = 0.0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop, when the event at hand is confirmed."""
        self._stopping.set()
        self._thread.join(30)

    def _run(self) -> None:
        number, last = 0, time.monotonic()
        while not self._stopping.is_set():
            number += 1
            while not self._sent(f"e{number}", number):
                pass
            self.confirmed.append(f"e{number}")
            self.pause_longest = max(self.pause_longest, time.monotonic() - last)
            last = time.monotonic()

    def _sent(self, name: str, number: int) -> bool:
        address = self.addresses[number % len(self.addresses)]
        body = {"id": name, "source": "till", "type": "Run", "time": "2026-01-20T00:00:00Z"}
        try:
            answered = httpx2.post(
                f"{address}/api/v1/events",
                json=body | {"customer": {"externalId": f"c{number % 7}"}},
                auth=("till", PASSWORD),
                timeout=10,
            )
        except httpx2.HTTPError:
            self.addresses.sort(key=lambda other: other == address)
            return False
        return answered.status_code == 200 and answered.json()["items"][0]["status"] in {"applied", "duplicate"}


def goes_on(load: Load) -> bool:
    """Return whether another event is confirmed soon."""
    count_before, deadline = len(load.confirmed), time.monotonic() + PATIENCE_SECONDS
    while len(load.confirmed) == count_before and time.monotonic() < deadline:
        time.sleep(0.05)
    return len(load.confirmed) > count_before


def test_servers_are_replaced_one_after_the_other_under_load(empty_url: str, newer: Path) -> None:
    """No event that was confirmed is lost or doubled, and the server before answers on the newer schema."""
    for words in (["org", "add", "Brand"], ["till", "add", "till", "--org", "Brand", "--password", PASSWORD]):
        assert 0 == CliRunner().invoke(app, [*words, "--database-url", empty_url]).exit_code
    with server(empty_url) as (old, old_address), Load([old_address]) as load:
        time.sleep(0.5)
        upgraded = command(empty_url, "upgrade", folder=newer)
        assert 0 == upgraded.returncode, upgraded.stderr
        assert ["9001_kindly.sql"] == json.loads(upgraded.stdout)["applied"]
        assert goes_on(load), "the server before goes on"
        with server(empty_url, newer) as (_, new_address):
            load.addresses.insert(0, new_address)
            old.send_signal(signal.SIGTERM)
            assert 0 <= abs(old.wait(12))
            load.addresses.remove(old_address)
            assert goes_on(load)
            load.__exit__()
    with psycopg.connect(empty_url) as connection:
        stored = [str(row[0]) for row in connection.execute("select event_id from event order by 1")]
    assert sorted(load.confirmed) == stored
    verified = CliRunner().invoke(app, ["verify", "--database-url", empty_url])
    assert (0, True) == (verified.exit_code, "differ 0" in verified.stdout), verified.output


def test_a_program_that_is_too_old_says_so(empty_url: str, newer: Path) -> None:
    """One version before works; what the newest migration leaves out does not start, and names what it lacks."""
    migration(newer, "9002_forbidding.sql", FORBIDDING)
    assert 0 == command(empty_url, "upgrade", folder=newer).returncode
    for words in (["upgrade"], ["upgrade", "--check"], ["serve", "--port", "0"]):
        refused = CliRunner().invoke(app, [*words, "--database-url", empty_url])
        assert isinstance(refused.exception, TooNew)
        assert "programs have to know 9002_forbidding.sql" in str(refused.exception)
    refused_in_words = command(empty_url, "upgrade")
    assert (1, True) == (refused_in_words.returncode, "programs have to know" in refused_in_words.stderr)
    assert "Traceback" not in refused_in_words.stderr


@pytest.mark.parametrize("kills", [2, pytest.param(20, marks=pytest.mark.slow)])
def test_an_upgrade_that_is_killed_is_done_again(empty_url: str, database_url: str, newer: Path, kills: int) -> None:
    """However often, it ends with the schema of an upgrade that nobody interrupted."""
    for number in range(3, kills + 3):
        text = f"create table slow_{number} (x int);\n{SLOW}alter table slow_{number} add column y int;\n"
        migration(newer, f"9{number:03d}_slow.sql", text)
    assert 0 == command(database_url, "upgrade", folder=newer).returncode
    chance, killed = Random(kills), 0
    line = [sys.executable, "-m", "milepost", "upgrade", "--database-url", empty_url]
    while killed < kills:
        with subprocess.Popen(line, env=environment(newer), stdout=subprocess.DEVNULL) as process:
            try:
                process.wait(0.8 + chance.random() * 0.6)
            except subprocess.TimeoutExpired:
                process.kill()
        killed += 1
    finished = command(empty_url, "upgrade", folder=newer)
    assert 0 == finished.returncode, finished.stderr
    with psycopg.connect(empty_url) as interrupted, psycopg.connect(database_url) as whole:
        assert described(whole) == described(interrupted)


def test_a_check_changes_nothing(empty_url: str, database_url: str) -> None:
    """It names what is missing, with exit code 1; an up-to-date database gets 0."""
    told = CliRunner().invoke(app, ["upgrade", "--check", "--database-url", empty_url])
    assert (1, [name for name, _ in migrations()]) == (told.exit_code, json.loads(told.stdout)["missing"])
    with psycopg.connect(empty_url) as connection:
        assert (0,) == connection.execute("select count(*) from pg_tables where schemaname = 'public'").fetchone()
    told = CliRunner().invoke(app, ["upgrade", "--check", "--database-url", database_url])
    assert (0, []) == (told.exit_code, json.loads(told.stdout)["missing"])


def test_a_migration_does_not_make_others_wait_long(database_url: str, newer: Path) -> None:
    """It gives up its place in the queue each second while another transaction uses the table."""
    with psycopg.connect(database_url) as holder, psycopg.connect(database_url, autocommit=True) as other:
        holder.execute("select count(*) from event")
        line = [sys.executable, "-m", "milepost", "upgrade", "--database-url", database_url]
        with subprocess.Popen(line, env=environment(newer), stdout=subprocess.PIPE, text=True) as process:
            longest, ends = 0.0, time.monotonic() + 4
            while time.monotonic() < ends:
                began = time.monotonic()
                other.execute("select count(*) from event")
                longest = max(longest, time.monotonic() - began)
            assert process.poll() is None, "it waits for the holder"
            holder.commit()
            assert process.stdout is not None
            assert ["9001_kindly.sql"] == json.loads(process.stdout.read())["applied"]
    assert longest < 3
