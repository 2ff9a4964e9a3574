"""Whole numbers beyond 64 bits in msgpack, which has no form of its own for them (decision 0033).

Such a number is stored as the text of its digits, and a lax decoder reads it as the number that it is.
"""

from typing import Any

import msgspec
from msgspec import Struct

LEAST, MOST = -(2**63), 2**64 - 1
"""The least and the greatest number that msgpack can hold."""

_packed = msgspec.msgpack.Encoder()


def pack(value: object) -> bytes:
    """Return *value* in msgpack. Equal values have equal bytes, whatever the size of their numbers."""
    try:
        return _packed.encode(value)
    except OverflowError:
        return _packed.encode(_narrowed(value))


def _narrowed(value: object) -> Any:
    """Return *value* with the digits of each number that msgpack cannot hold in place of the number."""
    match value:
        case int():
            return value if LEAST <= value <= MOST else str(value)
        case tuple() | list():
            return [_narrowed(item) for item in value]
        case Struct():
            return [_narrowed(item) for item in msgspec.structs.astuple(value)]
        case _:
            return value
