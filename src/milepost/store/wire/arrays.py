"""Arrays as PostgreSQL's binary format has them, packed here: the driver packs them item by item, ten times slower.

An array is the number of its dimensions, whether it holds NULL, the type of its items, their number, where counting
begins, and for each item its length and its bytes; -1 in place of the length is NULL. Numbers are big endian.
`_packing.pyx` does the same in machine code.
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
"""The server's numbers for the types of items (`pg_type`)."""

_BYTEA_ARRAY, _INT4_ARRAY, _TEXT_ARRAY, _INT8_ARRAY = 1001, 1007, 1009, 1016
"""Its numbers for their arrays."""

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
    """Pack *values*, each of 32 bits."""
    if is_compiled and values:
        return Int4s(_packing.int4s(_INT4, values))
    return Int4s(_packed(_INT4, len(values), map(_int4, repeat(4), values)))


def int8s(values: Sequence[int]) -> Int8s:
    """Pack *values*, each of 64 bits."""
    if is_compiled and values:
        return Int8s(_packing.int8s(_INT8, values))
    return Int8s(_packed(_INT8, len(values), map(_int8, repeat(8), values)))


def texts(values: Sequence[str | bytes | None]) -> Texts:
    """Pack *values*; bytes are UTF-8 already."""
    if is_compiled and values:
        return Texts(_packing.of_bytes(_TEXT, [*values]))
    return Texts(_of_bytes(_TEXT, [value.encode() if isinstance(value, str) else value for value in values]))


def byteas(values: Sequence[bytes]) -> Byteas:
    """Pack *values*."""
    if is_compiled and values:
        return Byteas(_packing.of_bytes(_BYTEA, [*values]))
    return Byteas(_of_bytes(_BYTEA, values))


class Packing:
    """What a connection has to be opened with to take packed arrays (the driver's `AdaptContext`)."""

    connection = None

    def __init__(self) -> None:
        """Know the driver's own adapters, and those for packed arrays."""
        self.adapters = AdaptersMap(adapters)
        for kind, number in (
            (Int4s, _INT4_ARRAY),
            (Int8s, _INT8_ARRAY),
            (Texts, _TEXT_ARRAY),
            (Byteas, _BYTEA_ARRAY),
        ):
            dumper = type(f"{kind.__name__}Dumper", (_AsItIs,), {"oid": number})
            self.adapters.register_dumper(kind, dumper)


class _AsItIs(Dumper):
    """Hands over what is packed already."""

    format = Format.BINARY

    def dump(self, obj: bytes) -> bytes:
        """Return *obj* itself."""
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
