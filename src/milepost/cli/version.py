"""`milepost version`: the version of Milepost, and whether its compiled modules are in use."""

import platform
import sys
from importlib.metadata import version as version_of

import typer

from milepost.cli.options import Json
from milepost.cli.output import print_json


def print_version(asked: bool) -> None:  # noqa: FBT001 - typer passes the value of the option
    """Print the version and end, if it was *asked* for by `milepost --version`."""
    if asked:
        version()
        raise typer.Exit


def version(json: Json = False) -> None:
    """Print the version of Milepost.

    With --json also the version of Python, and whether the compiled modules are in use (machineCode).
    """
    if json:
        from milepost.engine import rows
        from milepost.store.wire import arrays

        versions = {"milepost": version_of("milepost"), "python": platform.python_version()}
        print_json(versions | {"machineCode": rows.open_rows is rows.native and arrays.is_compiled})
    else:
        sys.stdout.write(f"milepost {version_of('milepost')}\n")
