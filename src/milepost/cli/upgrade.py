"""`milepost upgrade`: bring the database to this program's schema, before the first new server starts."""

import asyncio
import os
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Annotated

import typer

from milepost.cli.options import Data, DatabaseUrl
from milepost.cli.output import print_json
from milepost.model.problem import Problem, Refused
from milepost.settings import read_settings


def upgrade(
    check: Annotated[
        bool, typer.Option("--check", help="change nothing; exit with code 1 if some are missing")
    ] = False,
    backup: Annotated[Path | None, typer.Option("--backup", help="write a backup to this file first")] = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Apply the migrations that the database lacks, and print their names.

    Servers of the version before go on meanwhile. Each migration is a transaction: if it is interrupted, it is done
    again. A server applies them when it starts, too. If this program is too old for the database, nothing is done.
    """
    if backup is not None and (check or backup.exists()):
        raise Refused(Problem("--backup", "goes without --check, and to a file that does not exist yet"))
    settings = read_settings(os.environ, {"data": data, "database_url": database_url})
    from milepost import wiring
    from milepost.postgres.archive import dump
    from milepost.store.sql.schema import migrate, unapplied

    with wiring.database_url(settings) as url:
        lacking = asyncio.run(unapplied(url))
        if backup is not None and lacking:
            dump(url, backup, settings.pg_bin)
        applied = [] if check else asyncio.run(migrate(url))
    print_json({"version": version_of("milepost"), "missing": lacking if check else [], "applied": applied})
    if check and lacking:
        raise typer.Exit(1)
