"""Sorting what is larger than the memory: sorted pieces wait in temporary files and are merged."""

import pickle
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from heapq import merge
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, NamedTuple, TypeVar

PIECE_ITEMS_MAX = 100_000
PIECE_BYTES_MAX = 64 * 1024 * 1024
"""The items, and their JSON, that are sorted in memory at once."""

Item = TypeVar("Item")


class Piece(NamedTuple):
    """Items that fit into memory, and whether no others follow."""

    items: list[Any]
    is_last: bool


def pieces_of(items: Iterable[Item], size_of: Callable[[Item], int]) -> Iterator[Piece]:
    """Return *items* in pieces; *size_of* an item is its size in bytes."""
    piece: list[Item] = []
    size = 0
    for item in items:
        piece.append(item)
        size += size_of(item)
        if len(piece) == PIECE_ITEMS_MAX or size > PIECE_BYTES_MAX:
            yield Piece(piece, is_last=False)
            piece, size = [], 0
    yield Piece(piece, is_last=True)


def merged(pieces: Iterable[Piece], key: Callable[[Any], Any], folder: Path) -> Iterator[Any]:
    """Return the items of *pieces* sorted by *key*. All pieces but the last wait in temporary files in *folder*."""
    with ExitStack() as closing:
        runs: list[Iterator[Any]] = []
        for items, is_last in pieces:
            items.sort(key=key)
            runs.append(iter(items) if is_last else _kept(items, closing, folder))
        yield from merge(*runs, key=key)


def _kept(piece: list[Any], closing: ExitStack, folder: Path) -> Iterator[Any]:
    """Write *piece* to a temporary file, and return what reads it from there."""
    file = closing.enter_context(TemporaryFile(dir=folder))  # noqa: SIM115 - closed with *closing*
    for item in piece:
        pickle.dump(item, file, pickle.HIGHEST_PROTOCOL)
    file.seek(0)
    return _read_again(file, len(piece))


def _read_again(file: IO[bytes], count: int) -> Iterator[Any]:
    for _ in range(count):
        # We have written the file ourselves, and nobody else can open it.
        yield pickle.load(file)  # noqa: S301
