"""`milepost serve --processes`: several processes behind one address, as one server to whoever started it."""

import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx2

CLIENTS = 64


@contextmanager
def serving(database_url: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """Run a server of two processes; return it and its address."""
    command = [sys.executable, "-m", "milepost", "serve", "--database-url", database_url, "--port", "0"]
    environment = os.environ | {"MILEPOST_UNSAFE_DURABILITY": "1", "MILEPOST_LOG_LEVEL": "warning"}
    with subprocess.Popen([*command, "--processes", "2"], stderr=subprocess.PIPE, text=True, env=environment) as server:
        assert server.stderr is not None
        try:
            found = re.search(
                r"ready on (http://127\.0\.0\.1:\d+)", next(line for line in server.stderr if "ready" in line)
            )
            assert found is not None
            yield server, found[1]
        finally:
            server.terminate()


def children(server: "subprocess.Popen[str]") -> list[int]:
    """Return the processes that answer; a helper of the standard library runs beside them."""
    pids = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text(encoding="ascii").split()
    return [int(pid) for pid in pids if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def test_several_processes_answer_and_end_together(database_url: str) -> None:
    """All take requests from one address; SIGTERM to the one that started them ends them all."""
    with serving(database_url) as (server, address):
        pids = children(server)
        assert [200] * 20 == [httpx2.get(f"{address}/healthz").status_code for _ in range(20)]
        server.terminate()
        server.wait(30)

    assert 2 == len(pids)
    assert 128 + signal.SIGTERM == server.returncode
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_connections_are_shared_out(database_url: str) -> None:
    """Of clients that come at once and stay, none of the processes takes all but a few."""
    with serving(database_url) as (server, address):
        pids = children(server)
        before = [sockets(pid) for pid in pids]
        with ExitStack() as stack:
            host, _, port = address.removeprefix("http://").partition(":")
            for _ in range(CLIENTS):
                stack.enter_context(socket.create_connection((host, int(port))))
            taken = [0]
            while sum(taken) < CLIENTS:
                time.sleep(0.01)
                taken = [sockets(pid) - already for pid, already in zip(pids, before, strict=True)]

    assert min(taken) >= CLIENTS // 8, taken


def test_an_address_is_not_shared_with_another_server(database_url: str) -> None:
    """A second server at the address would take half of the first one's clients: it does not start."""
    with serving(database_url) as (_, address):
        port = address.rpartition(":")[2]
        command = [sys.executable, "-m", "milepost", "serve", "--database-url", database_url, "--port", port]
        environment = os.environ | {"MILEPOST_UNSAFE_DURABILITY": "1"}
        second = subprocess.run(
            [*command, "--processes", "2"], capture_output=True, text=True, env=environment, check=False, timeout=60
        )

    assert second.returncode
    assert "in use" in second.stderr


def sockets(pid: int) -> int:
    """Return how many sockets a process has open."""
    links = (link.readlink() for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink())
    return sum(str(link).startswith("socket:") for link in links)


def test_when_one_process_ends_all_do(database_url: str) -> None:
    """Half a server is none: it ends with a sentence and is started again by whoever runs it."""
    with serving(database_url) as (server, _):
        pids = children(server)
        os.kill(pids[0], signal.SIGKILL)
        server.wait(30)
        assert server.stderr is not None
        said = server.stderr.read()

    assert 1 == server.returncode
    assert "One of the server's processes ended" in said
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_processes_end_with_the_one_that_started_them(database_url: str) -> None:
    """Also where that one is killed without a chance to tell them."""
    with serving(database_url) as (server, address):
        pids = children(server)
        server.kill()
        server.wait(30)
        for pid in pids:
            _wait_for_end(pid)

    assert -signal.SIGKILL == server.returncode
    assert address


def _wait_for_end(pid: int) -> None:
    """Wait until a process that is no child of ours has ended."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        assert select.select([handle], [], [], 30)[0], f"{pid} still runs"
    finally:
        os.close(handle)
