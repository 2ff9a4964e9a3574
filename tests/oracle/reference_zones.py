"""The standard library's zones, read from the pinned database alone: that of the machine may be older or newer."""

from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo


@cache
def zone_of(name: str) -> ZoneInfo:
    """Return a zone by its name in the database."""
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as found:
        return ZoneInfo.from_file(found, key=name)
