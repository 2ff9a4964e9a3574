"""Packs events as rows of PostgreSQL's binary COPY format, in a fraction of the time that the driver needs per row.

A row consists of the number of its columns and, for each column, its length and its bytes. A length of -1 means NULL.
Numbers are big endian; instants are microseconds since 2000-01-01. The columns are those of the statement
`copy_events`; columns of a fixed width come first. `_packing.pyx` does the same in machine code (decision 0025).
"""

from collections.abc import Sequence
from functools import lru_cache
from struct import Struct

from milepost import native_code

try:
    from milepost.store.wire import _packing

    is_compiled = native_code.is_wanted()
except ImportError:  # there was no compiler when Milepost was installed
    is_compiled = False

SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"

TEXTS_REMEMBERED_MAX = 10_000
"""The number of event sources and names whose packed texts are cached."""

EventRow = tuple[int, int, int, int, int, int, int, bytes, str, str, str, str | None, bytes, bytes]
"""The columns of an event: bucket, organisation, customer; `occurred_at` and `received_at` (epoch microseconds); its
number and the organisation's version; content hash; source, id, name and reference; body and entries."""

_YEAR_2000_US = 946_684_800_000_000
_COLUMNS, _INT4, _INT8, _HASH = 14, 4, 8, 16
_FIXED = Struct("!h" + "ii" + "iq" * 6 + f"i{_HASH}s")
_length = Struct("!i").pack
_NULL = _length(-1)


def encode_copy_rows(rows: Sequence[EventRow]) -> bytes:
    """Return *rows* in the binary COPY format, with header and trailer."""
    if is_compiled:
        return _packing.rows([*rows])
    return b"".join((SIGNATURE, *map(_packed_row, rows), TRAILER))


def _packed_row(row: EventRow) -> bytes:
    bucket, org_id, customer_id, occurred_at, received_at, seq, version, content_hash = row[:8]
    source, event_id, name, reference, body, entries = row[8:]
    fixed = _FIXED.pack(
        *(_COLUMNS, _INT4, bucket, _INT8, org_id, _INT8, customer_id),
        *(_INT8, occurred_at - _YEAR_2000_US, _INT8, received_at - _YEAR_2000_US),
        *(_INT8, seq, _INT8, version, _HASH, content_hash),
    )
    id_ = event_id.encode()
    number = b"" if reference is None else reference.encode()
    return b"".join(
        (
            *(fixed, _cached_text(source), _length(len(id_)), id_, _cached_text(name)),
            *(_NULL if reference is None else _length(len(number)), number),
            *(_length(len(body)), body, _length(len(entries)), entries),
        )
    )


@lru_cache(maxsize=TEXTS_REMEMBERED_MAX)
def _cached_text(text: str) -> bytes:
    """Return a text that many rows share, with its length before it."""
    encoded = text.encode()
    return _length(len(encoded)) + encoded
