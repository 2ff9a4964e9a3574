"""R05: a disk of the embedded database is full, and free again: no event is confirmed and lost, and it goes on.

Once everything lies on the small disk, so that data or the log of transactions fills it; once only that log does, which
PostgreSQL ends itself for.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from shutil import rmtree, which
from tempfile import mkdtemp

import httpx2
import psycopg
import pytest

from milepost.model.event_key import EventKey
from milepost.postgres.embedded import EmbeddedServer
from milepost.store.claims import key_of_claim
from tests.cli.test_serving import Serving, serving_in

MEGABYTES = 230
PASSWORD = "a password for the till"
ROOM_BYTES, FAILURES = 12 * 2**20, 3
FULL_SECONDS, BACK_SECONDS = 120, 30


class SmallDisk:
    """The data folder of an installation, and the disk of which a part of it, or all, is."""

    def __init__(self, data: Path, mounted: Path) -> None:
        """Stand for what the fixtures made."""
        self.data, self.mounted = data, mounted
        self._filler = mounted / "filler"

    def fill(self) -> None:
        """Leave a little room."""
        free = os.statvfs(self.mounted)
        self._filler.write_bytes(bytes(max(0, free.f_bavail * free.f_frsize - ROOM_BYTES)))

    def free(self) -> None:
        """Give back what was taken."""
        self._filler.unlink()


@pytest.fixture
def folder() -> Iterator[Path]:
    """Return a folder that the database's account can enter, with a small disk at `disk`."""
    folder = Path(mkdtemp(prefix="milepost-full-"))
    folder.chmod(0o755)
    mounted = folder / "disk"
    mounted.mkdir()
    options = f"size={MEGABYTES}m,mode=0755"
    mount = [which("mount") or "mount", "-t", "tmpfs", "-o", options, "tmpfs", str(mounted)]
    if os.getuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        rmtree(folder)
        pytest.skip("NOT TESTED: a full disk needs a mount, and this account may not make one")
    yield folder
    subprocess.run([which("umount") or "umount", "--lazy", str(mounted)], check=False)
    rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["everything", "the log of transactions"])
def small_disk(folder: Path, request: pytest.FixtureRequest) -> SmallDisk:
    """Return a disk that soon is full, with an organisation and its till."""
    disk = SmallDisk(folder / "disk" if request.param == "everything" else folder / "data", folder / "disk")
    disk.data.mkdir(exist_ok=True)
    disk.data.chmod(0o755)
    milepost(disk.data, "org", "add", "Brand")
    milepost(disk.data, "till", "add", "till", "--org", "Brand", "--password", PASSWORD)
    if disk.data != disk.mounted:
        log = disk.data / "postgres" / "cluster" / "pg_wal"
        # With its owner, which is the account of the database.
        subprocess.run([which("cp") or "cp", "-a", str(log), str(disk.mounted / "log")], check=True)
        rmtree(log)
        log.symlink_to(disk.mounted / "log")
    return disk


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
def test_a_full_disk_loses_nothing(small_disk: SmallDisk) -> None:
    """Requests fail with a word to send again; half a minute after there is space all is as it was, and goes on.

    Control: an event that is taken away by hand is applied again, so a confirmed one that is gone would be seen.
    """
    with serving_in(small_disk.data) as server:
        assert server.process.stderr is not None
        threading.Thread(target=server.process.stderr.read, daemon=True).start()  # a full pipe would stop the server
        small_disk.fill()
        confirmed, failed = [], 0
        began = time.monotonic()
        for number in count():
            if set(answers(server, number)) == {"applied"}:
                confirmed.append(number)
            else:
                failed += 1
            if failed == FAILURES:
                break
            assert time.monotonic() - began < FULL_SECONDS, "the disk was never full"
        assert 200 == server.get("/healthz")[0]
        small_disk.free()
        freed = time.monotonic()
        while set(answers(server, 10_000)) - {"applied", "duplicate"} or not answers(server, 10_000):
            assert time.monotonic() - freed < BACK_SECONDS, "it did not come back"
            time.sleep(0.5)
        assert confirmed
        assert [] == [number for number in confirmed if set(answers(server, number)) != {"duplicate"}]
        assert (0, True) == verified(small_disk.data)
        with EmbeddedServer(small_disk.data) as database, psycopg.connect(database.url) as connection:
            gone = f"{confirmed[0]}/0"
            ((org_id,),) = connection.execute("delete from event where event_id = %s returning org_id", [gone])
            claim = key_of_claim(org_id, EventKey("till", gone))
            connection.execute("delete from event_claim where digest = %s", [claim.digest])
        assert {"applied", "duplicate"} == set(answers(server, confirmed[0]))


def verified(data: Path) -> tuple[int, bool]:
    """Return the exit code of `milepost verify`, and whether it says that nothing differs."""
    line = [sys.executable, "-m", "milepost", "verify", "--data", str(data)]
    ended = subprocess.run(line, capture_output=True, text=True, timeout=120, check=False)
    return ended.returncode, "differ 0" in ended.stdout
