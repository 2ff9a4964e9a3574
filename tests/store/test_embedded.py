"""The embedded PostgreSQL: started once, shared, stopped, and none the worse for a kill."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from threading import Thread

import psycopg
import pytest

from milepost.postgres import account, binaries, embedded
from milepost.postgres.account import NotStarted
from milepost.postgres.embedded import EmbeddedServer

KEEP_A_ROW = """
import sys, psycopg
from pathlib import Path
from milepost.postgres.embedded import EmbeddedServer
with EmbeddedServer(Path(sys.argv[1])) as server:
    with psycopg.connect(server.url) as connection:
        connection.execute("select pg_advisory_lock(1)")
        connection.execute("create table if not exists kept (attached boolean)")
        connection.execute("insert into kept values (%s)", [server.attached])
    print(server.attached, flush=True)
    sys.stdin.read()
"""
"""A process that starts or attaches, keeps a row, says whether it attached, and stays until its input ends."""


@contextmanager
def folder_for_data() -> Iterator[Path]:
    """Return an empty folder that the server's account can reach, and remove whatever became of it."""
    folder = Path(mkdtemp(prefix="milepost-embedded-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree((folder / "postgres").resolve(), ignore_errors=True)
    shutil.rmtree(folder)


@pytest.fixture
def empty() -> Iterator[Path]:
    """Return a data folder in which nothing was started yet."""
    with folder_for_data() as folder:
        yield folder


@pytest.fixture(scope="module")
def made() -> Iterator[Path]:
    """Return a data folder in which a server has run; made once, for copies."""
    with folder_for_data() as folder:
        with EmbeddedServer(folder):
            pass
        yield folder


@pytest.fixture
def data(empty: Path, made: Path) -> Path:
    """Return a data folder in which a server has run and stopped."""
    subprocess.run(["/bin/cp", "-a", made / "postgres", empty / "postgres"], check=True)
    return empty


def keeper(data: Path) -> "subprocess.Popen[str]":
    """Start a process that holds the server of *data*."""
    command = [sys.executable, "-c", KEEP_A_ROW, str(data)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def says(process: "subprocess.Popen[str]") -> str:
    """Return the next line that *process* prints."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def rows_kept(url: str) -> int:
    """Count the rows that keepers have left."""
    with psycopg.connect(url) as connection:
        found = connection.execute("select count(*) from kept").fetchone()
    assert found is not None
    return int(found[0])


def test_a_server_answers_inside_the_block_and_not_after_it(data: Path) -> None:
    """The server lives exactly as long as the block."""
    with EmbeddedServer(data) as server, psycopg.connect(server.url) as connection:
        assert ("milepost",) == connection.execute("select current_database()").fetchone()
        assert connection.info.parameter_status("server_version") == server.version
        assert not server.attached

    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(server.url)


def test_a_server_keeps_what_it_confirms(data: Path) -> None:
    """Durability is on, and nothing listens on the network."""
    with EmbeddedServer(data) as server, psycopg.connect(server.url) as connection:
        names = ["fsync", "full_page_writes", "synchronous_commit", "listen_addresses", "data_checksums"]
        values = [connection.execute("select current_setting(%s)", [name]).fetchone() for name in names]

    assert [("on",), ("on",), ("on",), ("",), ("on",)] == values


def test_the_data_folder_is_private(data: Path) -> None:
    """Only its account may look into the database's folder or reach its socket."""
    with EmbeddedServer(data) as server:
        sockets = Path(str(psycopg.conninfo.conninfo_to_dict(server.url)["host"]))

        assert 0o700 == (data / "postgres").stat().st_mode & 0o777
        assert 0o700 == sockets.stat().st_mode & 0o777

    assert not sockets.exists()


def test_a_second_opening_attaches_and_leaves_the_server_running(data: Path) -> None:
    """The process that started the server stops it; others only use it."""
    with EmbeddedServer(data) as first:
        with EmbeddedServer(data) as second:
            assert second.attached
            assert first.url == second.url
            assert first.version == second.version

        psycopg.connect(first.url).close()


def test_a_server_outlives_the_thread_that_opened_it(data: Path) -> None:
    """The request to end with the parent is bound to a thread, but not to the caller's."""
    server = EmbeddedServer(data)
    opening = Thread(target=server.__enter__)
    opening.start()
    opening.join()

    psycopg.connect(server.url).close()
    server.__exit__()


def test_of_two_processes_one_starts_the_server(empty: Path) -> None:
    """Processes that open a new folder at the same time agree on one server."""
    with keeper(empty) as one, keeper(empty) as other:
        said = sorted([says(one), says(other)])
        with EmbeddedServer(empty) as server:
            kept = rows_kept(server.url)
        one.communicate()

    assert ["False", "True"] == said
    assert 2 == kept


def test_data_survives_a_restart(data: Path) -> None:
    """What was stored is there when the server starts again."""
    for _ in range(2):
        with keeper(data) as process:
            assert "False" == says(process)

    with EmbeddedServer(data) as server:
        assert 2 == rows_kept(server.url)


def test_data_survives_a_killed_parent(data: Path) -> None:
    """After a kill -9 the server stops by itself; the next process starts it again and finds everything confirmed."""
    with keeper(data) as process:
        assert "False" == says(process)
        process.send_signal(signal.SIGKILL)

    with EmbeddedServer(data) as server:
        assert not server.attached
        assert 1 == rows_kept(server.url)
    assert "interrupted" not in (data / "postgres" / embedded.LOG).read_text()


def test_an_interrupted_initdb_is_made_again(data: Path) -> None:
    """A half-made cluster is never used."""
    (data / "postgres" / "cluster").rename(data / "postgres" / "making")
    (data / "postgres" / "making" / "PG_VERSION").unlink()

    with EmbeddedServer(data) as server:
        assert server.version


def test_a_folder_above_the_data_stays_closed(empty: Path) -> None:
    """No other folder's permissions are loosened; where the server's account has no access, the data lies elsewhere."""
    empty.chmod(0o700)

    with EmbeddedServer(empty) as server:
        psycopg.connect(server.url).close()

    assert 0o700 == empty.stat().st_mode & 0o777
    assert (os.geteuid() == 0) == (empty / "postgres").is_symlink()


def test_a_large_log_is_set_aside(data: Path) -> None:
    """The server's log does not grow without end."""
    log = data / "postgres" / embedded.LOG
    os.truncate(log, embedded.LOG_BYTES_MAX + 1)

    with EmbeddedServer(data):
        assert embedded.LOG_BYTES_MAX + 1 == log.with_suffix(".log.1").stat().st_size
        assert log.stat().st_size < embedded.LOG_BYTES_MAX


def test_data_of_another_major_version_is_refused(data: Path) -> None:
    """A folder made by another PostgreSQL is left alone, and the message says which one it needs."""
    (data / "postgres" / "cluster" / "PG_VERSION").write_text("14\n")

    with pytest.raises(NotStarted, match="made by PostgreSQL 14"), EmbeddedServer(data):
        pass


def test_a_folder_without_programs_is_refused(empty: Path) -> None:
    """A wrong MILEPOST_PG_BIN is named, not passed over."""
    with pytest.raises(NotStarted, match="MILEPOST_PG_BIN names"), EmbeddedServer(empty, binaries=empty):
        pass


def test_a_server_that_does_not_start_shows_its_log(data: Path) -> None:
    """The last words of PostgreSQL are in the refusal."""
    (data / "postgres" / "cluster" / "postgresql.conf").write_text("no_such_setting = 1\n")

    with pytest.raises(NotStarted, match="no_such_setting"), EmbeddedServer(data):
        pass


def test_a_copy_of_the_programs_runs(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Copied programs find their libraries beside them."""
    monkeypatch.setattr(binaries, "ROOTS_FOLDER", empty / "roots")
    original = binaries.find_binaries(None, account.own_account())
    copied = binaries._copy_of(original.folder.parents[1])

    said = subprocess.run([copied / "pginstall/bin/initdb", "--version"], capture_output=True, text=True, check=True)

    assert str(original.major) in said.stdout


def ordinary_users() -> list[tuple[account.Account, str]]:
    """Return an account that is not root's, with a Python that it may run; for root, if this machine has one."""
    if os.geteuid() != 0:
        return [(account.own_account(), sys.executable)]
    nobody = account.unprivileged_account()
    trial = ("-c", f"import sys; sys.path[:0] = {sys.path!r}; import milepost.postgres.embedded")
    for python in (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}"):
        tried = account.run_as(nobody, python, *trial) if Path(python).exists() else None
        if tried is not None and tried.returncode == 0:
            return [(nobody, python)]
    return []


def test_an_ordinary_user_needs_nothing_else(empty: Path) -> None:
    """Without root's powers the server runs as the user who started it."""
    for user, python in ordinary_users():
        os.chown(empty, user.user, user.group)
        script = f"import sys; sys.path[:0] = {sys.path!r}\n{KEEP_A_ROW}"

        said = account.run_as(user, python, "-c", script, str(empty))

        assert said is not None
        assert "" == said.stderr
        assert "False\n" == said.stdout
        assert user.user == (empty / "postgres").stat().st_uid
