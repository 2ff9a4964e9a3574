"""A day in the life of an operator, with programs that are installed from wheels, on a PostgreSQL of their own.

Two servers of the version before stand behind a proxy while a till sends. One is killed and comes back; the database is
upgraded, with a backup first; the servers are replaced one after the other; a later backup is restored elsewhere.
"""

import asyncio
import json
import shutil
import socket
import subprocess
import tarfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from tempfile import mkdtemp
from threading import Event, Thread
from typing import Self

import httpx2
import psycopg
import pytest

from milepost.postgres.embedded import EmbeddedServer
from tools.release import git, only, uv_build
from tools.smoke import FreshEnvironment

MIGRATIONS = "src/milepost/store/migrations"
CLOCK = "2026-03-25T12:00:00Z"
PATIENCE_SECONDS = 120
SENT_BETWEEN = 20
"""Events that are taken between two steps of the day."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_800)]


@pytest.fixture
def workshop() -> Iterator[Path]:
    """Return a folder that the account of the database can enter."""
    folder = Path(mkdtemp(prefix="milepost-day-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def installed(commit: str, folder: Path) -> FreshEnvironment:
    """Build a wheel of *commit* and install it in an environment of its own."""
    source, archive = folder / "source", folder / "source.tar"
    assert 0 == git("archive", "--output", str(archive), commit).returncode
    with tarfile.open(archive) as packed:
        packed.extractall(source, filter="data")
    uv_build("--wheel", source, folder, MILEPOST_PURE_PYTHON="1")
    return FreshEnvironment.made(folder / "environment", only(folder.glob("*.whl")))


def version_before() -> str:
    """Return the commit before the one that added the latest migration."""
    added = git("log", "--diff-filter=A", "--first-parent", "--format=%H", "-1", "--", MIGRATIONS).stdout.strip()
    if not added or git("rev-parse", "--verify", "--quiet", f"{added}^").returncode != 0:
        pytest.skip("this clone does not hold the version before")
    return f"{added}^"


class Proxy:
    """Passes connections on to the first of some ports that takes them, each time beginning with the next one."""

    def __init__(self, ports: list[int]) -> None:
        """Know the servers, which may come and go."""
        self._ports, self._turns = ports, count()
        self._loop = asyncio.new_event_loop()
        self._server = self._loop.run_until_complete(asyncio.start_server(self._pass_on, "127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        self._thread = Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        """Begin to pass on."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0.1))
        self._loop.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = next(self._turns) % len(self._ports)
        for port in self._ports[first:] + self._ports[:first]:
            try:
                behind, to_behind = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                continue
            await asyncio.gather(_copy(reader, to_behind), _copy(behind, writer))
            return
        writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while part := await reader.read(65_536):
            writer.write(part)
            await writer.drain()
    except (OSError, asyncio.CancelledError):
        pass
    finally:
        writer.close()


class Till:
    """Sends one event after the other, and sends again what got no answer."""

    def __init__(self, address: str, login: tuple[str, str]) -> None:
        """Send nothing yet."""
        self.taken = 0
        self.failure: str | None = None
        self._client = httpx2.Client(base_url=address, auth=login, timeout=10, trust_env=False)
        self._done = Event()
        self._thread = Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        """Begin to send."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Finish the event at hand."""
        self._done.set()
        self._thread.join()
        self._client.close()

    def goes_on(self) -> None:
        """Wait until some more events are taken."""
        wanted, deadline = self.taken + SENT_BETWEEN, time.monotonic() + PATIENCE_SECONDS
        while self.taken < wanted:
            assert self.failure is None, self.failure
            assert time.monotonic() < deadline, "no server takes events"
            time.sleep(0.05)

    def _run(self) -> None:
        while not self._done.is_set():
            while not self._is_taken(str(self.taken)):
                time.sleep(0.1)
            self.taken += 1

    def _is_taken(self, id_: str) -> bool:
        event = {
            "id": id_,
            "source": "pos/1",
            "type": "TransactionAdd",
            "time": "2026-03-05T10:00:00Z",
            "customer": {"externalId": f"c{int(id_) % 7}"},
            "data": {"number": id_, "netAmount": 60},
        }
        try:
            answer = self._client.post("/api/v1/events", json=[event])
        except httpx2.HTTPError:
            return False
        if answer.is_success and answer.json()["items"][0]["status"] not in {"applied", "duplicate"}:
            self.failure = answer.text
        return answer.is_success


class House:
    """Two servers on one database, each of which can be of either version."""

    def __init__(self, url: str, stack: ExitStack) -> None:
        """Choose two ports; nothing runs yet."""
        self.url, self._stack = url, stack
        with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
            self.ports = [one.getsockname()[1], other.getsockname()[1]]
        self._processes: dict[int, subprocess.Popen[bytes]] = {}

    def start(self, place: int, program: FreshEnvironment) -> None:
        """Start a server, and wait until it is ready."""
        port = self.ports[place]
        command = program.command("serve", "--database-url", self.url, "--port", str(port), "--clock", CLOCK)
        process = subprocess.Popen(command, cwd=program.folder, env=program.variables(), stderr=subprocess.DEVNULL)
        self._stack.callback(process.wait)
        self._stack.callback(process.kill)
        self._processes[place] = process
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not _is_ready(port):
            assert process.poll() is None, "the server ended"
            assert time.monotonic() < deadline, "the server does not get ready"
            time.sleep(0.2)

    def kill(self, place: int) -> None:
        """Kill a server."""
        self._processes[place].kill()
        self._processes[place].wait()

    def stop(self, place: int) -> None:
        """Stop a server as systemd does."""
        self._processes[place].terminate()
        assert 143 == self._processes[place].wait(15)


def _is_ready(port: int) -> bool:
    try:
        return httpx2.get(f"http://127.0.0.1:{port}/readyz", trust_env=False, timeout=2).is_success
    except httpx2.HTTPError:
        return False


@contextmanager
def _databases(folder: Path) -> Iterator[tuple[str, str]]:
    """Run a PostgreSQL that is not Milepost's, with two empty databases."""
    with EmbeddedServer(folder) as server:
        with psycopg.connect(server.url, autocommit=True) as connection:
            for name in ("live", "elsewhere"):
                connection.execute(f"create database {name}".encode())
        live, elsewhere = (psycopg.conninfo.make_conninfo(server.url, dbname=name) for name in ("live", "elsewhere"))
        yield live, elsewhere


def test_a_day_in_the_life(workshop: Path) -> None:
    """No event that was taken is lost, none counts twice, and the doctor and the verification find nothing wrong."""
    for name in ("old", "new", "postgres"):
        (workshop / name).mkdir()
    old, new = installed(version_before(), workshop / "old"), installed("HEAD", workshop / "new")
    with _databases(workshop / "postgres") as (live, elsewhere), ExitStack() as stack:
        old.run("org", "add", "Shop", "--zone", "UTC", "--database-url", live)
        made = json.loads(old.run("till", "add", "shop-1", "--org", "Shop", "--database-url", live))
        house = House(live, stack)
        for place in (0, 1):
            house.start(place, old)
        with Proxy(house.ports) as proxy, Till(proxy.address, ("shop-1", made["password"])) as till:
            till.goes_on()
            house.kill(0)
            till.goes_on()
            house.start(0, old)
            upgraded = new.run("upgrade", "--backup", str(workshop / "before"), "--database-url", live)
            assert upgraded.strip(), "nothing was upgraded"
            for place in (0, 1):
                till.goes_on()
                house.stop(place)
                till.goes_on()
                house.start(place, new)
            till.goes_on()
            before = till.taken
            new.run("backup", str(workshop / "after"), "--database-url", live)
            # An event may be committed and not answered yet.
            after = till.taken + 1
            till.goes_on()
        new.run("restore", str(workshop / "after"), "--database-url", elsewhere)
        assert till.taken == _events(live)
        assert before <= _events(elsewhere) <= after
        for url in (live, elsewhere):
            new.run("verify", "--database-url", url)
            new.run("doctor", "--database-url", url)


def _events(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("select count(*) from event where name = 'TransactionAdd'").fetchone()
    assert row is not None
    return int(row[0])
