"""R30: calls of the operating system fail under the server, memory among them: no event is confirmed and lost.

libfiu makes them fail by chance, in many runs of which each has other calls that fail. What was confirmed is compared
with what is stored once nothing fails any more. R03 and R05 try its disk, PostgreSQL does not run under libfiu.
"""

import errno
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from random import Random
from shutil import which

import psycopg
import pytest

from tests.cli.insistent_till import InsistentTill, differing, kill, let_till_in, serve_at, stored_ids
from tests.store.cutting_proxy import free_port

SERVER_CALLS = (
    *(f"libc/mm/{call}" for call in ("malloc", "calloc", "realloc")),
    "posix/mm/mmap",
    *(f"posix/io/net/{call}" for call in ("recv", "send", "sendto", "sendmsg", "recvmsg", "connect", "socket")),
    *(f"posix/io/net/{call}" for call in ("accept", "poll")),
    *(f"posix/io/rw/{call}" for call in ("read", "writev", "write")),
)
"""Calls of the server; reading and writing come last, because libfiu is told what fails by such calls itself."""

ERRORS = (errno.EIO, errno.ECONNRESET, errno.ENOMEM, errno.EMFILE, errno.ENOSPC)
CHANCES = (0.01, 0.003, 0.001)
RUNS, RUN_SECONDS, CALLS_OF_A_RUN = 30, 2, 5

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture
def fiu_run() -> str:
    """Return libfiu's program that runs another one."""
    found = which("fiu-run")
    if found is None:
        pytest.skip("NOT TESTED: failing calls need libfiu (Debian's fiu-utils)")
    return found


def _enabled(call: str, probability: float, error: int) -> list[str]:
    """Return the words that have libfiu fail a call by chance."""
    return ["-c", f"enable_random name={call},probability={probability},failinfo={error}"]


def _have_fail(control: Path, pid: int, chance: Random) -> None:
    """Have some calls of a process fail from now on."""
    chosen = sorted(chance.sample(SERVER_CALLS, CALLS_OF_A_RUN), key=SERVER_CALLS.index)
    words = [word for call in chosen for word in _enabled(call, chance.choice(CHANCES), chance.choice(ERRORS))]
    with suppress(subprocess.TimeoutExpired):  # libfiu's own answer may fail
        line = [which("fiu-ctrl") or "fiu-ctrl", "-f", str(control), *words, str(pid)]
        subprocess.run(line, check=False, capture_output=True, timeout=RUN_SECONDS)


def _compare(till: InsistentTill, url: str) -> None:
    """Assert that what was confirmed is stored once and counted once, and that an event that is missing is noticed."""
    stored = stored_ids(url)
    assert (set(), len(set(stored))) == (till.confirmed - set(stored), len(stored))
    assert 0 == differing(url)
    with psycopg.connect(url) as connection:
        connection.execute("delete from event where event_id = %s", [min(till.confirmed)])
    assert {min(till.confirmed)} == till.confirmed - set(stored_ids(url))
    assert 1 == differing(url)


def test_failing_calls_of_the_server_lose_and_double_nothing(database_url: str, tmp_path: Path, fiu_run: str) -> None:
    """Whichever call fails, the server goes on or ends; another one then goes on where it was."""
    let_till_in(database_url)
    port, chance, ended = free_port(), Random(30), 0
    till = InsistentTill(f"http://127.0.0.1:{port}")
    till.start()
    for _ in range(RUNS):
        process = serve_at(database_url, port, fiu_run, "-x", "-f", str(tmp_path / "ctrl"))
        _have_fail(tmp_path / "ctrl", process.pid, chance)
        time.sleep(RUN_SECONDS)
        ended += process.poll() is not None
        kill(process)
    assert 0 < ended < RUNS
    process = serve_at(database_url, port)
    time.sleep(2)
    till.ends.set()
    till.join(60)
    kill(process)
    assert till.repeated
    assert 100 * RUNS < len(till.confirmed)
    _compare(till, database_url)
