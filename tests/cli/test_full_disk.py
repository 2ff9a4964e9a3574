"""R05: the disk of the embedded database is full, and free again: no event is confirmed and lost, and it goes on."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from shutil import which
from tempfile import mkdtemp

import httpx2
import pytest

from tests.cli.test_serving import Serving, serving_in

MEGABYTES = 230
PASSWORD = "a password for the till"
FULL_SECONDS, BACK_SECONDS = 120, 30


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """Return a folder on a small disk of its own."""
    folder = Path(mkdtemp(prefix="milepost-full-"))
    options = f"size={MEGABYTES}m,mode=0755"
    mount = [which("mount") or "mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if os.getuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        folder.rmdir()
        pytest.skip("NOT TESTED: a full disk needs a mount, and this account may not make one")
    yield folder
    subprocess.run([which("umount") or "umount", "--lazy", str(folder)], check=False)
    folder.rmdir()


def milepost(data: Path, *words: str) -> None:
    """Run a command on the folder *data*."""
    line = [sys.executable, "-m", "milepost", *words, "--data", str(data)]
    subprocess.run(line, check=True, capture_output=True, timeout=60)


def batch(number: int) -> list[dict[str, object]]:
    """Return forty events with large attributes."""
    common: dict[str, object] = {"source": "till", "type": "Run", "time": "2026-01-20T00:00:00Z"}
    common["customer"] = {"externalId": f"c{number}"}
    common["data"] = {f"field{place}": "x" * 1_000 for place in range(10)}
    return [common | {"id": f"{number}/{place}"} for place in range(40)]


def answers(server: Serving, number: int) -> list[str]:
    """Send a batch; return the status of each event, none if the request failed."""
    try:
        answered = httpx2.post(
            f"{server.address}/api/v1/events", json=batch(number), auth=("till", PASSWORD), timeout=40
        )
    except httpx2.HTTPError:
        return []
    if answered.status_code == 200:
        return [item["status"] for item in answered.json()["items"]]
    assert answered.status_code in {500, 503, 507}, answered.text
    assert "retry-after" in answered.headers
    return []


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_full_disk_loses_nothing(small_disk: Path) -> None:
    """Requests fail with a word to send again; half a minute after there is space all is as it was, and goes on."""
    with serving_in(small_disk) as server:
        assert server.process.stderr is not None
        threading.Thread(target=server.process.stderr.read, daemon=True).start()  # a full pipe would stop the server
        milepost(small_disk, "org", "add", "Brand")
        milepost(small_disk, "till", "add", "till", "--org", "Brand", "--password", PASSWORD)
        filler = small_disk / "filler"
        with filler.open("wb") as file:
            file.truncate(0)
            free = os.statvfs(small_disk)
            file.write(bytes(max(0, free.f_bavail * free.f_frsize - 12 * 2**20)))
        confirmed, failed = [], 0
        began = time.monotonic()
        for number in count():
            if set(answers(server, number)) == {"applied"}:
                confirmed.append(number)
            else:
                failed += 1
            if failed == 3:
                break
            assert time.monotonic() - began < FULL_SECONDS, "the disk was never full"
        assert 200 == server.get("/healthz")[0]
        filler.unlink()
        freed = time.monotonic()
        while set(answers(server, 10_000)) - {"applied", "duplicate"} or not answers(server, 10_000):
            assert time.monotonic() - freed < BACK_SECONDS, "it did not come back"
            time.sleep(0.5)
        assert confirmed
        assert [] == [number for number in confirmed if set(answers(server, number)) != {"duplicate"}]
    verified = subprocess.run(
        [sys.executable, "-m", "milepost", "verify", "--data", str(small_disk)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (0, True) == (verified.returncode, "differ 0" in verified.stdout), verified.stdout + verified.stderr
