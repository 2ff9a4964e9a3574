"""The demo is stopped at any moment, and says before it loads what is in its way."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from shutil import rmtree
from tempfile import mkdtemp

import pytest


@pytest.fixture
def data() -> Iterator[Path]:
    """Return an empty folder that all accounts may enter."""
    folder = Path(mkdtemp(prefix="milepost-demo-"))
    folder.chmod(0o755)
    yield folder
    rmtree(folder, ignore_errors=True)


def demo(data: Path, *arguments: str) -> list[str]:
    """Return the command that runs the demo on *data* with few households."""
    return [sys.executable, "-m", "milepost", "demo", "--data", str(data), "--households", "3", *arguments]


def left_behind(data: Path) -> list[str]:
    """Return the command lines of processes that still use *data*."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                line = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if str(data) in line:
                found.append(line)
    return found


def test_a_port_in_use_is_told_before_anything_is_loaded(data: Path) -> None:
    """With a sentence and exit code 1; the folder stays empty."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told = subprocess.run(demo(data, "--port", str(port)), capture_output=True, text=True, timeout=60, check=False)
    assert (1, True) == (told.returncode, f"Port {port} is in use" in told.stderr), told.stderr
    assert [] == [*data.iterdir()]


def test_data_of_somebody_else_is_left_alone(data: Path) -> None:
    """An installation's own folder is refused before a server starts."""
    (data / "postgres").mkdir()
    told = subprocess.run(demo(data, "--port", "0"), capture_output=True, text=True, timeout=60, check=False)
    assert (1, True) == (told.returncode, "holds data that is not the demo's" in told.stderr), told.stderr
    assert ["postgres"] == [path.name for path in data.iterdir()]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("times", [2, pytest.param(12, marks=pytest.mark.slow)])
def test_it_is_stopped_at_any_moment(data: Path, times: int) -> None:
    """Ctrl-C, as a terminal sends it to the whole group: no traceback, and no process is left."""
    chance = Random(times)
    for _ in range(times):
        process = subprocess.Popen(
            demo(data, "--port", "0"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        time.sleep(0.5 + chance.random() * 6)
        for _ in range(1 + chance.randrange(2)):
            os.killpg(process.pid, signal.SIGINT)
            time.sleep(0.2)
        _, said = process.communicate(timeout=90)
        assert "Traceback" not in said, said
        # A second Ctrl-C may find the interpreter at its end, where it dies of the signal.
        assert process.returncode in {130, -signal.SIGINT}, said
        deadline = time.monotonic() + 10
        while left_behind(data) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert [] == left_behind(data)
