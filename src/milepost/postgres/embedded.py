"""The embedded PostgreSQL: a server that is started and stopped with the process that needs it.

The first process that opens a data folder starts the server and holds a lock on the folder. Other processes that open
the same folder attach to that server; the process that started it stops it. The lock belongs to the process, so a
killed process leaves no lock behind. The server then shuts down cleanly by itself. A server that ends unasked is
started again (keeper.py).
"""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Self, TypeVar
from urllib.parse import quote

import psycopg

from milepost.postgres.account import NotStarted, run_as, server_environment
from milepost.postgres.binaries import Binaries, find_binaries
from milepost.postgres.data_directory import DataDirectory, prepare, socket_folder
from milepost.postgres.keeper import Keeper, Server
from milepost.postgres.predecessor import is_gone, remove_lock_files

DATABASE = "milepost"
USER = "milepost"
LOG = "postgres.log"
LOG_BYTES_MAX = 16 * 1024 * 1024
PATIENCE_SECONDS = 5
"""The seconds of a wait after which a line on standard error names its reason; the line is repeated as often."""

SHARED_BUFFERS_MEGABYTES_MAX = 256
SHARED_BUFFERS_SHARE = 8
"""The divisor of the machine's memory that gives `shared_buffers`, up to the limit above."""

_POLL_SECONDS = 0.02
_BUILTIN_LOCALE_SINCE = 17
_READY_LINE = 7
_LAUNCHER = Path(__file__).with_name("launcher.py")

Result = TypeVar("Result")


class EmbeddedServer:
    """A running PostgreSQL for one data folder, as a context manager.

    Inside the block, `url` is the database's address, `version` the server's version, and `attached` says whether
    another process started the server. The socket is private to the server's account and to root. A server that ends
    unasked is started again; if that fails for a minute, `failure` is the reason, and this process gets SIGTERM.
    """

    def __init__(
        self, data: Path, *, binaries: Path | None = None, report: Callable[[str], None] | None = None
    ) -> None:
        """Prepare for the folder *data* without starting anything. *report* gets messages about long waits."""
        self._data = data
        self._chosen = binaries
        self._report = report or _write_to_stderr
        self._close = ExitStack()
        self.failure: str | None = None
        self.url = ""
        self.version = ""
        self.attached = False

    def __enter__(self) -> Self:
        """Start the server, or attach to a running server. Raises NotStarted."""
        try:
            with ExitStack() as undo:
                data_directory = prepare(self._data)
                folder = os.open(data_directory.folder, os.O_RDONLY | os.O_DIRECTORY)
                undo.callback(os.close, folder)
                self.attached = self._wait(
                    lambda: self._lock_or_attach(folder, data_directory), "waiting for the database"
                )
                if not self.attached:
                    self._start(data_directory, undo)
                self._close = undo.pop_all()
        except OSError as error:
            raise NotStarted(f"The embedded database in {self._data} cannot be used: {error}.") from error
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the server cleanly if this process started it."""
        self._close.close()

    def _lock_or_attach(self, folder: int, data_directory: DataDirectory) -> bool | None:
        """Return True when another process's server answers, False when we hold the lock, None to try again."""
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True if self._attach(data_directory, _ready_pid(data_directory)) else None
        return False

    def _attach(self, data_directory: DataDirectory, pid: int | None) -> bool:
        """Return whether the server with *pid* answers. If so, keep its address and version."""
        if pid is None:
            return False
        url = _url(_pid_file_lines(data_directory)[4], DATABASE)
        try:
            with psycopg.connect(url, connect_timeout=PATIENCE_SECONDS) as connection:
                self.url, self.version = url, connection.info.parameter_status("server_version") or ""
        except psycopg.OperationalError:
            return False
        return True

    def _start(self, data_directory: DataDirectory, undo: ExitStack) -> None:
        binaries = find_binaries(self._chosen, data_directory.account)
        cluster = _cluster(data_directory, binaries)
        _rotate(data_directory.folder / LOG)
        sockets = socket_folder(data_directory)
        undo.callback(shutil.rmtree, sockets, ignore_errors=True)
        # The server stops when the thread that started it ends (launcher.py), so that thread outlives the server.
        starter = undo.enter_context(ThreadPoolExecutor(1, "postgres"))
        command = _command(binaries, cluster, sockets)

        def start(take: Callable[[Server], None]) -> None:
            self._wait(lambda: is_gone(cluster) or None, "waiting for the previous server to stop")
            remove_lock_files(cluster, sockets)
            server = starter.submit(_launch, data_directory, command).result()
            take(server)
            self._wait(lambda: _is_ready(server, data_directory), "starting the database (it may be recovering)")

        keeper = Keeper(start, self._report, self._record_failure)
        undo.callback(self._stop, keeper)
        keeper.begin()
        assert keeper.server is not None
        _create_database(_url(str(sockets), "postgres"))
        assert self._attach(data_directory, keeper.server.pid)

    def _stop(self, keeper: Keeper) -> None:
        keeper.end()
        server = keeper.server
        if server is not None:
            self._wait(lambda: server.poll() is not None or None, "stopping the database")

    def _record_failure(self, reason: str) -> None:
        """Keep the reason why there is no database any more, and ask this process to stop."""
        self.failure = reason
        self._report(reason)
        os.kill(os.getpid(), signal.SIGTERM)

    def _wait(self, poll: Callable[[], Result | None], doing: str) -> Result:
        """Call *poll* until it returns a result, and return that.

        There is no limit, because a recovery may take long.
        """
        began = time.monotonic()
        next_report = PATIENCE_SECONDS
        while (result := poll()) is None:
            time.sleep(_POLL_SECONDS)
            waited = int(time.monotonic() - began)
            if waited >= next_report:
                self._report(f"{doing} … {waited} s")
                next_report += PATIENCE_SECONDS
        return result


def _write_to_stderr(message: str) -> None:
    sys.stderr.write(f"milepost: {message}\n")


def _url(sockets: str, database: str) -> str:
    return f"postgresql:///{database}?host={quote(sockets, safe='')}&port=5432&user={USER}"


def _pid_file_lines(data_directory: DataDirectory) -> list[str]:
    """Return the lines of the server's own pid file, none if it has no such file."""
    try:
        return (data_directory.folder / "cluster" / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []


def _ready_pid(data_directory: DataDirectory) -> int | None:
    """Return the process id of the server when its pid file says that it is ready, else None."""
    lines = _pid_file_lines(data_directory)
    return int(lines[0]) if len(lines) > _READY_LINE and lines[_READY_LINE].strip() == "ready" else None


def _is_ready(server: "subprocess.Popen[bytes]", data_directory: DataDirectory) -> bool | None:
    if server.poll() is not None:
        log_lines = (data_directory.folder / LOG).read_text(encoding="utf-8", errors="replace").splitlines()[-5:]
        raise NotStarted("PostgreSQL did not start; its log ends with:\n  " + "\n  ".join(log_lines))
    return True if _ready_pid(data_directory) == server.pid else None


def _cluster(data_directory: DataDirectory, binaries: Binaries) -> Path:
    """Return the folder of the database cluster. It is created under another name first, so that it is complete."""
    cluster = data_directory.folder / "cluster"
    if not cluster.exists():
        unfinished = data_directory.folder / "making"
        shutil.rmtree(unfinished, ignore_errors=True)
        locale = ["--no-locale"]
        if binaries.major >= _BUILTIN_LOCALE_SINCE:
            # Sort by code point, which is the same on every machine and in every version.
            locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        command = [
            str(binaries.folder / "initdb"),
            "-D",
            str(unfinished),
            "-U",
            USER,
            "-A",
            "trust",
            "-E",
            "UTF8",
            "-k",
        ]
        initdb = run_as(data_directory.account, *command, *locale)
        if initdb is None or initdb.returncode != 0:
            raise NotStarted(f"PostgreSQL's initdb failed: {initdb.stderr.strip() if initdb else 'it may not be run'}")
        unfinished.rename(cluster)
    major = (cluster / "PG_VERSION").read_text(encoding="utf-8").strip()
    if major != str(binaries.major):
        raise NotStarted(
            f"The data in {cluster} was made by PostgreSQL {major}, but {binaries.folder} holds {binaries.major}. "
            f"Set MILEPOST_PG_BIN to the programs of PostgreSQL {major}."
        )
    return cluster


def _rotate(log: Path) -> None:
    if log.exists() and log.stat().st_size > LOG_BYTES_MAX:
        log.replace(log.with_suffix(".log.1"))


def _command(binaries: Binaries, cluster: Path, sockets: Path) -> list[str]:
    """Return the command line of the server: private sockets, durable commits, and memory for steady writing."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": f'"{sockets}"',
        "unix_socket_permissions": "0700",
        "port": "5432",
        "fsync": "on",
        "full_page_writes": "on",
        "synchronous_commit": "on",
        "shared_buffers": f"{max(16, min(SHARED_BUFFERS_MEGABYTES_MAX, memory // SHARED_BUFFERS_SHARE))}MB",
        "max_wal_size": "4GB",
        "checkpoint_timeout": "15min",
        "logging_collector": "off",
        "log_destination": "stderr",
        "log_checkpoints": "off",
        "log_timezone": "UTC",
        "timezone": "UTC",
    }
    flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return [str(binaries.folder / "postgres"), "-D", str(cluster), *flags]


def _launch(data_directory: DataDirectory, command: list[str]) -> "subprocess.Popen[bytes]":
    account = data_directory.account
    prefix = [sys.executable, "-I", "-S", str(_LAUNCHER), str(os.getpid()), str(account.user), str(account.group)]
    return subprocess.Popen(  # noqa: S603 - the command is built above
        [*prefix, str(data_directory.folder / LOG), *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env=server_environment(),
        start_new_session=True,  # Ctrl-C in the terminal stops us first; then we stop the server
    )


def _create_database(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        if connection.execute("select from pg_database where datname = %s", [DATABASE]).fetchone() is None:
            connection.execute(f"create database {DATABASE}")
