"""`milepost version`: which Milepost this is."""

import platform
import sys
from importlib.metadata import version as version_of

from milepost.cli.options import Json
from milepost.cli.output import give_json


def version(json: Json = False) -> None:
    """Print the version of Milepost."""
    if json:
        give_json({"milepost": version_of("milepost"), "python": platform.python_version()})
    else:
        sys.stdout.write(f"milepost {version_of('milepost')}\n")
