"""The server of the demo, a process of its own that the demo starts and stops."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import IO, NamedTuple

from milepost.demo.failure import Failed

READY = re.compile(r"milepost ready on (http://\S+)")
STOP_SECONDS_MAX = 60
INSPECTING = {"MILEPOST_INSPECTOR": "1", "MILEPOST_WEBHOOKS_PRIVATE": "1"}
"""Settings by which the server has a receiver of its own, and may send to it."""

LAST_LINES_SHOWN = 10


class Server(NamedTuple):
    """A running server and its address."""

    process: "subprocess.Popen[str]"
    address: str


def check_port(port: int) -> None:
    """Raise Failed if something listens on *port* of this machine; 0 is any free port."""
    try:
        with socket.create_server(("127.0.0.1", port)):
            pass
    except OSError:
        raise Failed(f"Port {port} is in use; nothing was loaded. Choose another one by --port.") from None


@contextmanager
def serving(data: Path, port: int, clock: str) -> Iterator[Server]:
    """Run `milepost serve` on the folder *data*, with its clock starting at *clock*, while the block runs.

    The messages of the server go to the file server.log in *data*. Raises Failed with the last of them.
    """
    command = [sys.executable, "-m", "milepost", "serve"]
    command += ["--data", str(data), "--port", str(port), "--clock", clock]
    with (data / "server.log").open("a", encoding="utf-8") as log:
        process = subprocess.Popen(  # noqa: S603 - our own program
            command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=os.environ | INSPECTING
        )
        assert process.stderr is not None
        rest = Thread(target=_copy, args=(process.stderr, log), daemon=True)
        try:
            address = _address(process.stderr, log)
            rest.start()
            yield Server(process, address)
        finally:
            # Whoever presses Ctrl-C twice must not leave a server behind.
            with _uninterrupted():
                process.terminate()
                process.wait(STOP_SECONDS_MAX)
                if rest.is_alive():
                    rest.join()
                process.stderr.close()


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Ignore Ctrl-C and SIGTERM during the block."""
    handlers = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _address(lines: IO[str], log: IO[str]) -> str:
    """Return the address of the server, from the line that it prints when it is ready."""
    messages = []
    for line in lines:
        log.write(line)
        messages.append(line)
        if ready := READY.search(line):
            return ready[1]
    raise Failed("The server did not start. Its last messages:\n" + "".join(messages[-LAST_LINES_SHOWN:]))


def _copy(lines: IO[str], log: IO[str]) -> None:
    """Copy the server's messages to its log. If nobody read the pipe, the server would block when it is full."""
    for line in lines:
        log.write(line)
        log.flush()
