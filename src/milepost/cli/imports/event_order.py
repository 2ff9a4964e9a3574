"""The order in which the events of a file are sent: that of their times, or that of the file (facts 8 #66).

Events are judged in the order in which they are received, and files come in any order. Sorted pieces of the file wait
in temporary files, so a file may be larger than the memory.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from milepost.cli.imports.event_files import Read
from milepost.cli.imports.external_sort import merged, pieces_of

_FIRST = datetime.min.replace(tzinfo=UTC)
"""Stands for the time of an event that has none: it is refused, before all others are sent."""


class Order(Enum):
    """The order in which the events of a file are sent."""

    TIME = "time"
    FILE = "file"


class _Dated(Struct):
    time: Annotated[datetime, Meta(tz=True)]


_Entry = tuple[datetime, int, Read]
"""An event's time, its position among the events of the file, and the event."""

_dated = msgspec.json.Decoder(_Dated)


def in_order(reads: Iterable[Read], order: Order, folder: Path) -> Iterator[Read]:
    """Return *reads* in *order*, each with its place in it; events of one time keep the order of the file.

    Temporary files are made in *folder*.
    """
    if order is Order.FILE:
        yield from (read._replace(place=read.row) for read in reads)
        return
    done = 0
    pieces = pieces_of(_entries(reads), lambda entry: len(entry[2].json))
    for place, (_, _, read) in enumerate(merged(pieces, _by_time, folder), 1):
        done += read.done
        yield read._replace(place=place, done=done)


def _entries(reads: Iterable[Read]) -> Iterator[_Entry]:
    """Return *reads* with their times and positions.

    `done` of each becomes how much of the file is read with it, without what was read before.
    """
    done = 0
    for position, read in enumerate(reads):
        yield _time_of(read), position, read._replace(done=read.done - done)
        done = read.done


def _by_time(entry: _Entry) -> tuple[datetime, int]:
    return entry[0], entry[1]


def _time_of(read: Read) -> datetime:
    """Return the time of an event; one that cannot be read comes before all others."""
    try:
        return _dated.decode(read.json).time
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError, RecursionError):
        return _FIRST
