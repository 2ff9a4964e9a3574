"""`milepost serve` with its embedded database: what it says and does when the database dies, and how it ends."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx2
import pytest

HEALTH_SECONDS = 1
BACK_SECONDS = 5 * max(1, os.getloadavg()[0] / (os.cpu_count() or 1))
"""Five seconds where the machine has nothing else to do; as many times more as processes wait for a processor."""
END_SECONDS = 10


class Serving:
    """A running server, its address and its data folder."""

    def __init__(self, process: "subprocess.Popen[str]", address: str, data: Path) -> None:
        """Stand for *process*."""
        self.process = process
        self.address = address
        self.data = data

    @property
    def database_pid(self) -> int:
        """Return the process id of the embedded database."""
        return int((self.data / "postgres" / "cluster" / "postmaster.pid").read_text().splitlines()[0])

    def get(self, path: str) -> tuple[int, str, float]:
        """Return status and text of an answer, and the seconds it took."""
        began = time.monotonic()
        answered = httpx2.get(self.address + path, timeout=5)
        return answered.status_code, answered.text, time.monotonic() - began

    def end(self) -> tuple[int, float]:
        """Ask the server to stop; return its exit code, and the seconds it took."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20), time.monotonic() - began


@contextmanager
def serving(*words: str) -> Iterator[Serving]:
    """Run a server on an embedded database of its own."""
    with TemporaryDirectory(prefix="milepost-serving-", ignore_cleanup_errors=True) as name:
        data = Path(name)
        data.chmod(0o755)
        with serving_in(data, *words) as server:
            yield server


@contextmanager
def serving_in(data: Path, *words: str) -> Iterator[Serving]:
    """Run a server on the embedded database in *data*."""
    command = [sys.executable, "-m", "milepost", "serve", "--data", str(data), "--port", "0", *words]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            ready = next(line for line in process.stderr if "ready on" in line)
            found = re.search(r"http://\S+", ready)
            assert found is not None
            yield Serving(process, found[0], data)
        finally:
            process.kill()
            _wait_for_end(data / "postgres" / "cluster" / "postmaster.pid")


def test_the_embedded_database_comes_back() -> None:
    """While it is away the server says so at once; it is back in five seconds, and the server ends in time."""
    with serving() as server:
        before = server.get("/readyz")
        os.kill(server.database_pid, signal.SIGKILL)
        killed = time.monotonic()
        alive, ready = server.get("/healthz"), server.get("/readyz")
        while server.get("/readyz")[0] != 200:
            assert time.monotonic() - killed < BACK_SECONDS, "the database did not come back"
            time.sleep(0.05)
        code, took = server.end()
        assert server.process.stderr is not None
        lines = server.process.stderr.read().splitlines()

    assert (200, "ready\n") == before[:2]
    assert 200 == alive[0]
    assert ready[2] < HEALTH_SECONDS
    assert 128 + signal.SIGTERM == code
    assert took < END_SECONDS
    assert any("starting it again" in line for line in lines)
    assert [] == [line for line in lines if not line.startswith("milepost: ") and not _is_json(line)]


@pytest.mark.parametrize("words", [(), ("--processes", "2")])
def test_a_server_ends_in_time_beside_a_silent_database(words: tuple[str, ...]) -> None:
    """Every process of the database is stopped in the middle of its work, and a request waits for it."""
    with serving(*words) as server:
        pids = [server.database_pid, *_children(server.database_pid)]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            status, text, took = server.get("/readyz")
            with suppress(httpx2.TimeoutException):
                httpx2.post(f"{server.address}/webhooks/x", json={}, timeout=0.2)
            code, ending = server.end()
        finally:
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    assert (503, True) == (status, "does not answer" in text)
    assert took < HEALTH_SECONDS
    assert ending < END_SECONDS
    assert code in {124, 128 + signal.SIGTERM}


def _wait_for_end(lock_file: Path) -> None:
    """Wait until the database has stopped: it does so by itself when the server is gone."""
    until = time.monotonic() + 15
    while lock_file.exists() and time.monotonic() < until:
        time.sleep(0.05)


def _children(pid: int) -> list[int]:
    return [int(text) for text in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True
