"""Packs arrays in PostgreSQL's binary format. The driver packs them item by item, which takes ten times longer.

An array consists of the number of its dimensions, whether it contains NULL, the type of its items, their number, the
first index, and for each item its length and its bytes. A length of -1 means NULL. Numbers are big endian.
`_packing.pyx` does the same in machine code (decision 0025).
"""

from collections.abc import Iterable, Sequence
from itertools import repeat
from struct import Struct

from psycopg import adapters
from psycopg.adapt import AdaptersMap, Dumper
from psycopg.pq import Format

from milepost import native_code

try:
    from milepost.store.wire import _packing

    is_compiled = native_code.is_wanted()
except ImportError:  # there was no compiler when Milepost was installed
    is_compiled = False

_BYTEA, _INT8, _INT4, _TEXT = 17, 20, 23, 25
"""PostgreSQL's numbers (`pg_type`) for the types of items."""

_BYTEA_ARRAY, _INT4_ARRAY, _TEXT_ARRAY, _INT8_ARRAY = 1001, 1007, 1009, 1016
"""PostgreSQL's numbers for the types of arrays."""

_head = Struct("!iiIii").pack
_length = Struct("!i").pack
_int4 = Struct("!ii").pack
_int8 = Struct("!iq").pack
_NULL = _length(-1)


class Int4s(bytes):
    """A packed array of int."""

    __slots__ = ()


class Int8s(bytes):
    """A packed array of bigint."""

    __slots__ = ()


class Texts(bytes):
    """A packed array of text."""

    __slots__ = ()


class Byteas(bytes):
    """A packed array of bytea."""

    __slots__ = ()


def int4s(values: Sequence[int]) -> Int4s:
    """Return *values* of 32 bits each as a packed array."""
    if is_compiled and values:
        return Int4s(_packing.int4s(_INT4, values))
    return Int4s(_packed(_INT4, len(values), map(_int4, repeat(4), values)))


def int8s(values: Sequence[int]) -> Int8s:
    """Return *values* of 64 bits each as a packed array."""
    if is_compiled and values:
        return Int8s(_packing.int8s(_INT8, values))
    return Int8s(_packed(_INT8, len(values), map(_int8, repeat(8), values)))


def texts(values: Sequence[str | bytes | None]) -> Texts:
    """Return *values* as a packed array of texts; bytes must be UTF-8."""
    if is_compiled and values:
        return Texts(_packing.of_bytes(_TEXT, [*values]))
    return Texts(_of_bytes(_TEXT, [value.encode() if isinstance(value, str) else value for value in values]))


def byteas(values: Sequence[bytes | None]) -> Byteas:
    """Return *values* as a packed array of byte strings."""
    if is_compiled and values:
        return Byteas(_packing.of_bytes(_BYTEA, [*values]))
    return Byteas(_of_bytes(_BYTEA, values))


class Packing:
    """The driver's `AdaptContext` for connections that take packed arrays as parameters."""

    connection = None

    def __init__(self) -> None:
        """Register dumpers for packed arrays beside the driver's own adapters."""
        self.adapters = AdaptersMap(adapters)
        for kind, number in (
            (Int4s, _INT4_ARRAY),
            (Int8s, _INT8_ARRAY),
            (Texts, _TEXT_ARRAY),
            (Byteas, _BYTEA_ARRAY),
        ):
            dumper = type(f"{kind.__name__}Dumper", (_PackedDumper,), {"oid": number})
            self.adapters.register_dumper(kind, dumper)


class _PackedDumper(Dumper):
    """Passes packed arrays to the server unchanged."""

    format = Format.BINARY

    def dump(self, obj: bytes) -> bytes:
        """Return *obj* unchanged."""
        return obj


def _of_bytes(kind: int, values: Sequence[bytes | None]) -> bytes:
    if None in values:
        items = [part for value in values for part in ((_NULL, b"") if value is None else (_length(len(value)), value))]
        return b"".join((_head(1, 1, kind, len(values), 1), *items))
    return _packed(
        kind, len(values), [part for value in values if value is not None for part in (_length(len(value)), value)]
    )


def _packed(kind: int, count: int, items: Iterable[bytes]) -> bytes:
    if not count:
        return _head(0, 0, kind, 0, 0)[:12]
    return b"".join((_head(1, 0, kind, count, 1), *items))
