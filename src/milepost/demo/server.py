"""The server beside the demo: its own process, started and stopped from here."""

import re
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
LAST_LINES_SHOWN = 10


class Server(NamedTuple):
    """A running server and the address at which it answers."""

    process: "subprocess.Popen[str]"
    address: str


@contextmanager
def serving(data: Path, port: int, clock: str) -> Iterator[Server]:
    """Run `milepost serve` on the folder *data*, its clock starting at *clock*, until the block is left.

    What the server says goes to the file server.log in *data*. Raises Failed with its last words.
    """
    command = [sys.executable, "-m", "milepost", "serve"]
    command += ["--data", str(data), "--port", str(port), "--clock", clock]
    with (data / "server.log").open("a", encoding="utf-8") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)  # noqa: S603
        assert process.stderr is not None
        rest = Thread(target=_copy, args=(process.stderr, log), daemon=True)
        try:
            address = _address(process.stderr, log)
            rest.start()
            yield Server(process, address)
        finally:
            process.terminate()
            process.wait(STOP_SECONDS_MAX)
            if rest.is_alive():
                rest.join()


def _address(lines: IO[str], log: IO[str]) -> str:
    """Wait for the line that says where the server answers."""
    said = []
    for line in lines:
        log.write(line)
        said.append(line)
        if ready := READY.search(line):
            return ready[1]
    raise Failed("The server did not start. It said:\n" + "".join(said[-LAST_LINES_SHOWN:]))


def _copy(lines: IO[str], log: IO[str]) -> None:
    """Keep the pipe empty and the log current."""
    for line in lines:
        log.write(line)
        log.flush()
