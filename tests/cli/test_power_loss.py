"""R03: a machine loses its power, and with it whatever its disk did not have: no confirmed event is lost.

The database lies on a file system of its own in a file. It is stopped at a chance moment and the file is copied: what
the file system had not written yet is not in the copy. The copy is started as a machine that has power again.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random
from shutil import which
from tempfile import mkdtemp

import psycopg
import pytest

from milepost.postgres import embedded
from milepost.postgres.account import NotStarted
from milepost.postgres.embedded import EmbeddedServer
from milepost.store.sql.schema import migrate
from tests.cli.insistent_till import InsistentTill, differing, kill, let_till_in, serve_at, stored_ids
from tests.store.cutting_proxy import free_port
from tests.store.fixtures_db import run

IMAGE_BYTES = 3 * 2**30
ROUNDS, CONTROL_ROUNDS = 30, 10
NO_FLUSH = ("-c", "fsync=off")
LATE_FLUSH = ("-c", "synchronous_commit=off", "-c", "wal_writer_delay=2s")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_200)]


class Disk:
    """A folder, and a disk in a file of it, which is mounted as `data`."""

    def __init__(self, folder: Path, undo: ExitStack) -> None:
        """Make the disk."""
        self.folder, self._undo = folder, undo
        self.image, self.data = folder / "disk", folder / "data"
        with self.image.open("wb") as file:
            file.truncate(IMAGE_BYTES)
        done = subprocess.run([which("mkfs.ext4") or "mkfs.ext4", "-q", str(self.image)], check=False)
        assert 0 == done.returncode
        self._mount(self.image, self.data)

    @contextmanager
    def copy(self) -> Iterator[Path]:
        """Return the folder of a copy of what is on the disk now, mounted as by a machine that starts again."""
        image, data = self.folder / "copy", self.folder / "copied"
        while True:
            before = self.image.stat().st_mtime_ns
            subprocess.run([which("cp") or "cp", "--sparse=always", str(self.image), str(image)], check=True)
            # The system may write by itself meanwhile; a copy of two moments would be no disk that ever was.
            if before == self.image.stat().st_mtime_ns:
                break
        with ExitStack() as undo:
            undo.callback(image.unlink)
            self._mount(image, data, undo)
            # A machine that starts again has no process of before.
            (data / "postgres" / "cluster" / "postmaster.pid").unlink(missing_ok=True)
            yield data

    def _mount(self, image: Path, at: Path, undo: ExitStack | None = None) -> None:
        at.mkdir(exist_ok=True)
        command = [which("mount") or "mount", "-o", "loop", str(image), str(at)]
        if 0 != subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("NOT TESTED: a loss of power needs a loop device, and this account may not mount one")
        (undo or self._undo).callback(subprocess.run, [which("umount") or "umount", "--lazy", str(at)], check=True)
        at.chmod(0o755)


@pytest.fixture
def disk() -> Iterator[Disk]:
    """Return a disk of its own."""
    if os.getuid() != 0 or which("mkfs.ext4") is None:
        pytest.skip("NOT TESTED: a loss of power needs root and mkfs.ext4")
    folder = Path(mkdtemp(prefix="milepost-power-"))
    folder.chmod(0o755)
    with ExitStack() as undo:
        undo.callback(shutil.rmtree, folder, ignore_errors=True)
        yield Disk(folder, undo)


class Machine:
    """A database on a disk, a server and a till that sends; its power can be cut in thought."""

    def __init__(self, disk: Disk, undo: ExitStack) -> None:
        """Start everything."""
        self._disk = disk
        self._server = undo.enter_context(EmbeddedServer(disk.data))
        run(lambda: migrate(self._server.url))
        let_till_in(self._server.url)
        port = free_port()
        undo.callback(kill, serve_at(self._server.url, port))
        self.till = InsistentTill(f"http://127.0.0.1:{port}")
        undo.callback(self.till.join, 60)
        undo.callback(self.till.ends.set)
        self.till.start()

    def lost(self) -> set[str]:
        """Cut the power in thought; return what was confirmed and is not there when it is back, and check the rest.

        If the database does not start again, or is no database any more, everything is lost.
        """
        processes = _with_children(int(_pid_file(self._disk.data).read_text().splitlines()[0]))
        for process in processes:
            os.kill(process, signal.SIGSTOP)
        try:
            confirmed = set(self.till.confirmed)
            with self._disk.copy() as data:
                return confirmed - self._stored(data)
        finally:
            for process in processes:
                os.kill(process, signal.SIGCONT)

    def _stored(self, data: Path) -> set[str]:
        try:
            with EmbeddedServer(data) as server:
                stored = stored_ids(server.url)
                assert len(stored) == len(set(stored))
                assert 0 == differing(server.url)
                return set(stored)
        except (NotStarted, psycopg.Error):
            return set()


def _pid_file(data: Path) -> Path:
    return data / "postgres" / "cluster" / "postmaster.pid"


def _with_children(pid: int) -> list[int]:
    """Return a process, stopped first so that it starts no other, and its children."""
    os.kill(pid, signal.SIGSTOP)
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *map(int, children)]


def _sent(machine: Machine, more: int) -> None:
    """Wait until *more* events are confirmed than now."""
    goal, deadline = len(machine.till.confirmed) + more, time.monotonic() + 60
    while len(machine.till.confirmed) < goal:
        assert time.monotonic() < deadline, "nothing is confirmed any more"
        time.sleep(0.01)


@contextmanager
def _settings(*words: str) -> Iterator[None]:
    """Have embedded databases started with further settings."""
    plain = embedded._command
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embedded, "_command", lambda *values: [*plain(*values), *words])
        yield


def test_a_loss_of_power_loses_no_confirmed_event(disk: Disk) -> None:
    """Whatever was confirmed is there each time, once and counted once."""
    chance = Random(3)
    with ExitStack() as undo:
        machine = Machine(disk, undo)
        for number in range(ROUNDS):
            _sent(machine, 50)
            time.sleep(chance.uniform(0, 0.3))
            assert (number, set()) == (number, machine.lost())


@pytest.mark.parametrize("settings", [NO_FLUSH, LATE_FLUSH], ids=["fsync off", "synchronous_commit off"])
def test_a_database_that_confirms_too_early_is_caught(disk: Disk, settings: tuple[str, ...]) -> None:
    """Control: the same test sees the loss of a database that confirms what its disk does not have."""
    chance = Random(4)
    with _settings(*settings), ExitStack() as undo:
        machine = Machine(disk, undo)
        for _ in range(CONTROL_ROUNDS):
            _sent(machine, 50)
            time.sleep(chance.uniform(0, 0.3))
            if machine.lost():
                return
    pytest.fail("no round lost anything, so this test cannot see a loss")
