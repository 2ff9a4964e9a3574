"""The embedded PostgreSQL is started again when it ends unasked, whatever a predecessor left behind."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import psycopg
import pytest

from milepost.postgres import account
from milepost.postgres import keeper as keeper_module
from milepost.postgres.embedded import EmbeddedServer
from tests.store.test_embedded import folder_for_data, rows_kept


@pytest.fixture
def data() -> Iterator[Path]:
    """Return a data folder in which a server has run and stopped."""
    with folder_for_data() as folder:
        with EmbeddedServer(folder):
            pass
        yield folder


def server_of(data: Path) -> int:
    """Return the process id of the server of *data*."""
    return int((data / "postgres" / "cluster" / "postmaster.pid").read_text().splitlines()[0])


def keep_a_row(url: str) -> None:
    """Add a row, as soon as the server answers."""
    until = time.monotonic() + 20
    while True:
        try:
            with psycopg.connect(url) as connection:
                connection.execute("create table if not exists kept (attached boolean)")
                connection.execute("insert into kept values (true)")
        except psycopg.OperationalError:
            assert time.monotonic() < until, "the server did not come back"
            time.sleep(0.05)
        else:
            return


def test_a_server_that_ends_is_started_again(data: Path) -> None:
    """However it ends, and as often as it does; what was confirmed is there, and the block's end stops the last one."""
    reports: list[str] = []
    with EmbeddedServer(data, report=reports.append) as server:
        keep_a_row(server.url)
        for signal_ in (signal.SIGKILL, signal.SIGQUIT, signal.SIGINT):
            os.kill(server_of(data), signal_)
            time.sleep(0.3)
            keep_a_row(server.url)
        kept = rows_kept(server.url)

    assert 4 == kept
    assert 3 == sum("starting it again" in report for report in reports)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(server.url)


def test_a_server_that_does_not_come_back_ends_the_process(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a while of trying, the process is asked to stop, and the reason can be read."""
    monkeypatch.setattr(keeper_module, "GIVE_UP_SECONDS", 0.5)
    asked = Event()
    before = signal.signal(signal.SIGTERM, lambda *_: asked.set())
    try:
        with EmbeddedServer(data, report=lambda _: None) as server:
            (data / "postgres" / "cluster" / "postgresql.conf").write_text("no_such_setting = 1\n")
            os.kill(server_of(data), signal.SIGKILL)
            assert asked.wait(10)
            assert server.failure is not None
            assert "no_such_setting" in server.failure
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_zombie_is_no_predecessor(data: Path) -> None:
    """A process that ended, and whose parent did not ask for it, keeps its number; the lock file that names it goes."""
    owner = account.account_owning((data / "postgres").resolve())
    is_root = os.geteuid() == 0
    zombie = subprocess.Popen(
        ["/bin/true"], user=owner.user if is_root else None, group=owner.group if is_root else None
    )
    state = Path(f"/proc/{zombie.pid}/stat")
    while ") Z " not in state.read_text():
        time.sleep(0.01)
    cluster = data / "postgres" / "cluster"
    lines = [str(zombie.pid), str(cluster), "1700000000", "5432", "/nowhere", "", "  5432001         0", "ready   "]
    (cluster / "postmaster.pid").write_text("\n".join(lines) + "\n")
    os.chown(cluster / "postmaster.pid", owner.user, owner.group)

    with EmbeddedServer(data) as server:
        psycopg.connect(server.url).close()
    zombie.wait()
