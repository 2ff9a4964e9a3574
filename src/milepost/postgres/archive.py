"""Archives of a database, made and read by PostgreSQL's own programs."""

import os
import subprocess
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from milepost.postgres.account import NotStarted, own_account, server_environment
from milepost.postgres.binaries import Binaries, find_binaries

LINES_SHOWN = 5


def dump(url: str, file: Path, chosen: Path | None) -> None:
    """Write an archive of the database at *url* to *file*, which appears only when it is whole. Raises NotStarted.

    *chosen* is the folder of PostgreSQL's programs; None means that it is searched for.
    """
    binaries = find_binaries(chosen, own_account())
    unfinished = file.with_name(f"{file.name}.unfinished")
    # Created by us first, so that only we can read it.
    os.close(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    try:
        options = ("--format=custom", "--no-owner", "--no-privileges", f"--file={unfinished}")
        _run(binaries, "pg_dump", *options, url=url)
        _run(binaries, "pg_restore", "--list", str(unfinished))
        with unfinished.open("rb") as written:
            os.fsync(written.fileno())
        unfinished.rename(file)
    finally:
        unfinished.unlink(missing_ok=True)


def restore(url: str, file: Path, chosen: Path | None) -> None:
    """Restore the archive *file* into the empty database at *url*, all of it or nothing. Raises NotStarted."""
    options = ("--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges")
    _run(find_binaries(chosen, own_account()), "pg_restore", *options, str(file), url=url)


def _run(binaries: Binaries, program: str, *arguments: str, url: str | None = None) -> None:
    """Run a *program* of PostgreSQL, on the database at *url* if there is one. Its password is on no command line."""
    environment = server_environment()
    command = [str(binaries.folder / program), *arguments]
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
