"""`milepost backup` and `milepost restore`: the installation in one file, and back, with every customer verified."""

import asyncio
import os
from hashlib import file_digest
from pathlib import Path
from typing import Annotated

import typer

from milepost.cli.customers import read_erasures, repeat_all
from milepost.cli.options import Data, DatabaseUrl
from milepost.cli.output import print_json, print_message
from milepost.cli.verification.verify import verify
from milepost.model.problem import Problem, Refused
from milepost.settings import read_settings

File = Annotated[Path, typer.Argument(help="file of the backup")]


def backup(file: File, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Write all data into one file, as of one moment, while servers go on.

    The file appears only when it is whole; only you can read it. It holds digests of passwords and keys. Every setting
    of the server is left out. `milepost restore` reads it.
    """
    if file.exists():
        raise Refused(Problem(str(file), "exists already"))
    settings = read_settings(os.environ, {"data": data, "database_url": database_url})
    from milepost import wiring
    from milepost.postgres.archive import dump

    with wiring.database_url(settings) as url:
        dump(url, file, settings.pg_bin)
    with file.open("rb") as written:
        digest = file_digest(written, "sha256").hexdigest()
    print_json({"file": str(file), "bytes": file.stat().st_size, "sha256": digest})


def restore(
    file: File,
    erasures: Annotated[
        Path | None, typer.Option("--erasures", help="list of `milepost customer erasures`, which are made again")
    ] = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Restore a backup into an empty database, erase again whom it brings back, and verify every customer.

    Nothing is restored if something in the file is wrong. The exit code is 1 if a customer's progress does not follow
    from the stored events.
    """
    if not file.is_file():
        raise Refused(Problem(str(file), "is no file"))
    recorded = [] if erasures is None else read_erasures(erasures)
    settings = read_settings(os.environ, {"data": data, "database_url": database_url})
    from milepost import wiring
    from milepost.postgres.archive import restore as restore_archive
    from milepost.store.sql.schema import is_empty

    with wiring.database_url(settings) as url:
        if not asyncio.run(is_empty(url)):
            raise Refused(Problem("", "the database is not empty; a backup is restored into an empty one"))
        restore_archive(url, file, settings.pg_bin)
    if erasures is None:
        print_message("No list of erasures was given: customers who were erased after the backup are back.")
    else:
        repeated = repeat_all(recorded, data=data, database_url=database_url)
        print_message(f"erased {repeated} of {len(recorded)} customers again")
    verify(data=data, database_url=database_url)
