"""`milepost version`: which Milepost this is."""

import platform
import sys
from importlib.metadata import version as version_of

from milepost.cli.options import Json
from milepost.cli.output import give_json


def version(json: Json = False) -> None:
    """Print the version of Milepost, and how it runs: whether the hot loops are machine code or Python."""
    if json:
        from milepost.engine import rows
        from milepost.store.wire import arrays

        found = {"milepost": version_of("milepost"), "python": platform.python_version()}
        give_json(found | {"machineCode": rows.open_rows is rows.native and arrays.is_compiled})
    else:
        sys.stdout.write(f"milepost {version_of('milepost')}\n")
