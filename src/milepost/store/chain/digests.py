"""The chain over a customer's log: each event is bound to all before it, so that none can be changed unnoticed.

The head of a chain is the number of the last event and the digest of it and of all before it (decision 0047). What an
event is when it is bound are the values that decide what it means and did; when and by which request it was received is
no part of it. `store/queries/chain.sql` computes the same digest from a row.
"""

from hashlib import sha256
from struct import Struct

from milepost.model.time import Micros

NO_HEAD = b""
"""The head before the first event."""

_YEAR_2000_US = 946_684_800_000_000
_NULL = -1
_fixed = Struct("!qqqiiiiiii").pack
_number = Struct("!q")
_numbered = Struct("!8s32s")
NUMBERED_BYTES = _numbered.size
"""The bytes of an event's number and digest; a log's are packed without anything between them."""


def event_digest(
    *,
    seq: int,
    version: int,
    occurred_at: Micros,
    content_hash: bytes,
    source: str,
    id_: str,
    name: str,
    reference: str | None,
    body: bytes,
    entries: bytes,
) -> bytes:
    """Return the digest of an event of the log, which the organisation's *version* judged."""
    named = (source.encode(), id_.encode(), name.encode(), b"" if reference is None else reference.encode())
    lengths = (
        len(content_hash),
        len(named[0]),
        len(named[1]),
        len(named[2]),
        _NULL if reference is None else len(named[3]),
        len(body),
        len(entries),
    )
    fixed = _fixed(seq, version, occurred_at - _YEAR_2000_US, *lengths)
    return sha256(b"".join((fixed, content_hash, *named, body, entries))).digest()


def head_after(head: bytes, seq: int, digest: bytes) -> bytes:
    """Return the head after the event number *seq* with this *digest* was added to the chain that ends in *head*."""
    return _number.pack(seq) + sha256(head[8:] + digest).digest()


def head_over(packed: bytes, mark: bytes = NO_HEAD) -> tuple[bytes, bool]:
    """Return the head after the events whose numbers and digests are *packed*, and whether *mark* was a head before it.

    It is `head_after` for one event after the other, without a head for each: a check passes over all events there are.
    """
    number, end, marked, is_passed = b"", b"", mark[8:], False
    for number, of_event in _numbered.iter_unpack(packed):
        end = sha256(end + of_event).digest()
        if end == marked and number == mark[:8]:
            is_passed = True
    return number + end, is_passed


def numbered_digests(packed: bytes) -> list[tuple[int, bytes]]:
    """Return the numbers and digests of events that are *packed*."""
    return [(int.from_bytes(number), digest) for number, digest in _numbered.iter_unpack(packed)]


def last_of(head: bytes) -> int:
    """Return the number of the last event of the chain that ends in *head*."""
    return int.from_bytes(head[:8])


def usable_head(head: bytes | None, seq: int) -> bytes | None:
    """Return *head* if it is that of a log whose last event is number *seq*.

    It is None where it was not computed, or where a program that knew no chains added events since.
    """
    return head if head is not None and last_of(head) == seq else None
