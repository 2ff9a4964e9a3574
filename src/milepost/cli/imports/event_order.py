"""The order in which the events of a file are sent: that of their times, or that of the file (facts 8 #66).

Events are judged in the order in which they are received, and files come in any order. Sorted pieces of the file wait
in temporary files, so a file may be larger than the memory.
"""

import pickle
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from enum import Enum
from heapq import merge
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Annotated

import msgspec
from msgspec import Meta, Struct

from milepost.cli.imports.event_files import Read

PIECE_EVENTS_MAX = 100_000
PIECE_BYTES_MAX = 64 * 1024 * 1024
"""The JSON of the events that are sorted in memory at once."""

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
    with ExitStack() as closing:
        pieces = [iter(piece) if is_last else _kept(piece, closing, folder) for piece, is_last in _pieces(reads)]
        for place, (_, _, read) in enumerate(merge(*pieces, key=_by_time), 1):
            done += read.done
            yield read._replace(place=place, done=done)


def _pieces(reads: Iterable[Read]) -> Iterator[tuple[list[_Entry], bool]]:
    """Return *reads* in sorted pieces, and whether each piece is the last.

    `done` of each event becomes how much of the file is read with it, without what was read before.
    """
    piece: list[_Entry] = []
    size = done = 0
    for position, read in enumerate(reads):
        piece.append((_time_of(read), position, read._replace(done=read.done - done)))
        size, done = size + len(read.json), read.done
        if len(piece) == PIECE_EVENTS_MAX or size > PIECE_BYTES_MAX:
            yield sorted(piece, key=_by_time), False
            piece, size = [], 0
    yield sorted(piece, key=_by_time), True


def _kept(piece: list[_Entry], closing: ExitStack, folder: Path) -> Iterator[_Entry]:
    """Write *piece* to a temporary file, and return what reads it from there."""
    file = closing.enter_context(TemporaryFile(dir=folder))  # noqa: SIM115 - closed with *closing*
    for entry in piece:
        pickle.dump(entry, file, pickle.HIGHEST_PROTOCOL)
    file.seek(0)
    return _read_again(file, len(piece))


def _read_again(file: IO[bytes], count: int) -> Iterator[_Entry]:
    for _ in range(count):
        # We have written the file ourselves, and nobody else can open it.
        entry: _Entry = pickle.load(file)  # noqa: S301
        yield entry


def _by_time(entry: _Entry) -> tuple[datetime, int]:
    return entry[0], entry[1]


def _time_of(read: Read) -> datetime:
    """Return the time of an event; one that cannot be read comes before all others."""
    try:
        return _dated.decode(read.json).time
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError, RecursionError):
        return _FIRST
