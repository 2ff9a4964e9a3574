"""Events as rows of PostgreSQL's binary COPY format, packed by hand: a fraction of what the driver needs row by row.

A row is the number of its columns and, for each, its length and its bytes; -1 in place of the length is NULL. Numbers
are big endian, instants are microseconds since 2000. The columns are those of the statement `copy_events`, what has a
fixed width first.
"""

from collections.abc import Iterable
from functools import lru_cache
from struct import Struct

from milepost.model.event import Event

SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"

TEXTS_REMEMBERED_MAX = 10_000
"""How many sources and names of events are kept ready."""

_YEAR_2000_US = 946_684_800_000_000
_COLUMNS, _INT4, _INT8, _HASH = 14, 4, 8, 16
_FIXED = Struct("!h" + "ii" + "iq" * 6 + f"i{_HASH}s")
_length = Struct("!i").pack
_NULL = _length(-1)


def copied(rows: Iterable[bytes]) -> bytes:
    """Give all that COPY wants to be sent for *rows*."""
    return b"".join((SIGNATURE, *rows, TRAILER))


def event_row(
    who: tuple[int, int, int],
    event: Event,
    reference: str | None,
    judged: tuple[int, int],
    content_hash: bytes,
    texts: tuple[bytes, bytes],
) -> bytes:
    """Give the row of *event*.

    *who* is bucket, organisation and customer, *judged* the event's number and the organisation's version, *texts* the
    body and the entries.
    """
    id_ = event.key.id.encode()
    fixed = _FIXED.pack(
        *(_COLUMNS, _INT4, who[0], _INT8, who[1], _INT8, who[2]),
        *(_INT8, event.occurred_at - _YEAR_2000_US, _INT8, event.received_at - _YEAR_2000_US),
        *(_INT8, judged[0], _INT8, judged[1], _HASH, content_hash),
    )
    if reference is None:
        named = _NULL
    else:
        number = reference.encode()
        named = _length(len(number)) + number
    return b"".join(
        (
            *(fixed, _often(event.key.source), _length(len(id_)), id_, _often(event.name), named),
            *(_length(len(texts[0])), texts[0], _length(len(texts[1])), texts[1]),
        )
    )


@lru_cache(maxsize=TEXTS_REMEMBERED_MAX)
def _often(text: str) -> bytes:
    """Give a text that many rows share, with its length."""
    encoded = text.encode()
    return _length(len(encoded)) + encoded
