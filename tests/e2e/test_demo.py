"""A stranger runs the demo: it loads, goes on where it was broken off, shows, serves, stops; its figures are right."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import NamedTuple

import httpx2
import pytest

HOUSEHOLDS = "6"
TIMEOUT_SECONDS = 200

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def demo(data: Path, *arguments: str) -> list[str]:
    """Return the command that runs the demo on *data* with few households."""
    return [sys.executable, "-m", "milepost", "demo", "--data", str(data), "--households", HOUSEHOLDS, *arguments]


def run(command: list[str]) -> "subprocess.CompletedProcess[str]":
    """Run *command* to its end."""
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=TIMEOUT_SECONDS)


def said_until(process: "subprocess.Popen[str]", pattern: str) -> Iterator[str]:
    """Return what *process* says on standard error up to a line that holds *pattern*."""
    assert process.stderr is not None
    for line in process.stderr:
        yield line
        if re.search(pattern, line):
            return


def started(command: list[str]) -> "subprocess.Popen[str]":
    """Start *command* in a process group of its own, as a terminal does."""
    return subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


class Loaded(NamedTuple):
    """A folder that the demo filled in two goes, and what the second one said."""

    data: Path
    shown: str
    said: str


@pytest.fixture(scope="module", name="loaded")
def _loaded() -> Iterator[Loaded]:
    """Break the demo off while it loads, and start it again."""
    # Not below pytest's own folder: that is closed to the account which root steps down to.
    data = Path(mkdtemp(prefix="milepost-demo-"))
    data.chmod(0o755)
    broken_off = started(demo(data, "--no-serve", "--whole-year"))
    "".join(said_until(broken_off, "are defined"))
    broken_off.send_signal(signal.SIGTERM)
    broken_off.communicate(timeout=TIMEOUT_SECONDS)
    done = run(demo(data, "--no-serve", "--whole-year", "--json"))
    assert done.returncode == 0, done.stderr
    yield Loaded(data, done.stdout, done.stderr)
    rmtree(data)


def test_it_goes_on_where_it_was_broken_off(loaded: Loaded) -> None:
    """The second start loads, and shows three households with their progress."""
    households = json.loads(loaded.shown)

    assert "Loaded in" in loaded.said
    assert len(households) == 3
    assert all(household["rows"] for household in households)


def test_plain_sql_finds_no_difference(loaded: Loaded) -> None:
    """Every household, target and period is as plain SQL computes it, also after a load that was broken off."""
    command = [sys.executable, "-m", "tests.oracle.groceries", "--data", str(loaded.data), "--households", HOUSEHOLDS]

    oracle = run(command)

    assert oracle.stdout.splitlines()[-1] == f"compared {215 * int(HOUSEHOLDS)}, differ 0", oracle.stdout
    assert oracle.returncode == 0


def test_answers_that_move_in_elsewhere_are_answered_again(loaded: Loaded) -> None:
    """All definitions and households, saved and taken over by an empty database, read the same there."""
    command = [sys.executable, "-m", "tests.oracle.round_trip", "--data", str(loaded.data), "--households", HOUSEHOLDS]

    trip = run(command)

    assert "not understood" not in trip.stderr
    assert trip.stdout.splitlines()[-1] == f"compared {int(HOUSEHOLDS) + 2}, differ 0", trip.stdout
    assert trip.returncode == 0


def test_it_serves_until_it_is_interrupted(loaded: Loaded) -> None:
    """It does not load twice, the commands it offers work, and Ctrl-C ends it together with its server."""
    process = started(demo(loaded.data, "--port", "0"))
    said = "".join(said_until(process, "Ctrl-C stops"))
    offered = re.findall(r"curl -s -u (\S+):(\S+) '(http://[^/]+)(/\S+)'", said)

    answers = [httpx2.get(address + path, auth=(till, password)) for till, password, address, path in offered[:3]]
    os.killpg(process.pid, signal.SIGINT)
    _, rest = process.communicate(timeout=TIMEOUT_SECONDS)

    assert "households are loaded already" in said
    arrived = r"An achievement arrived at the inspector \S+ s after its bill, its signature verified"
    assert re.search(arrived, said), said
    assert re.search(r"which works once: http://[^/]+/console/welcome#link=\S+&email=you%40demo.example", said), said
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert rest.splitlines()[-1] == "Stopped."
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(offered[0][2] + "/healthz")
