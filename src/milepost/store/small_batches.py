"""Two statements for small batches: one reads what judging needs, one writes what was judged if that is still so.

No lock is held between them. The second locks the standings in the order of its arguments, writes only for customers
whose standing and whose organisation's version are as they were read, and says for whom it did.
"""

from collections.abc import Sequence
from typing import NamedTuple

from milepost.store.claims import ClaimKey
from milepost.store.database import Transaction
from milepost.store.log import Appended, CustomerKey, LoggedRow, StoredStanding, keys_of, logged_row
from milepost.store.wire.arrays import byteas, int4s, int8s, texts

NO_CLAIM = ClaimKey(0, 0, b"")
"""Stands for the claim to an event that is not claimed, because customers do not share the names of events."""


class ReadEvent(NamedTuple):
    """What is stored about an event before it is judged.

    The `version` of its organisation, the `standing` of its customer (None if there is no such customer), the `head` of
    the chain over the customer's log, the customer who has `claimed` the event (None if nobody has, -1 if the log has
    it by another id), and the event itself if the customer's log has it.
    """

    version: int
    standing: bytes | None
    head: bytes | None
    claimed: int | None
    logged: LoggedRow | None


class JudgedEvent(NamedTuple):
    """An event to be written: the standing by which it was judged, what follows, its claim and its log row."""

    before: bytes
    after: StoredStanding
    claim: ClaimKey
    appended: Appended


async def read(
    reading: Transaction,
    customer_keys: Sequence[CustomerKey],
    names: Sequence[tuple[str, str]],
    claims: Sequence[ClaimKey],
) -> dict[int, ReadEvent]:
    """Return by position what is stored about events: by their customers, *names* (source and id) and *claims*."""
    values = keys_of(customer_keys) | _claim_columns(claims)
    values |= {"sources": texts([source for source, _ in names]), "ids": texts([id_ for _, id_ in names])}
    found: dict[int, ReadEvent] = {}
    for place, version, standing, head, claimed, logged_version, *row in await reading.rows("read_small_batch", values):
        logged = None if logged_version is None else logged_row(row)._replace(version=logged_version)
        found[place] = ReadEvent(version=version, standing=standing, head=head, claimed=claimed, logged=logged)
    return found


async def write(transaction: Transaction, judged: Sequence[JudgedEvent]) -> set[int]:
    """Write *judged*, each of another customer and with another claim; return the positions of those that were written.

    The others are to be judged anew: their standing, or the version, is no longer as it was read, or somebody else has
    claimed the event. Nothing of them was written.
    """
    rows = [one.appended for one in judged]
    values = keys_of([row.customer_key for row in rows]) | _claim_columns([one.claim for one in judged])
    values |= {
        "befores": byteas([one.before for one in judged]),
        "afters": byteas([one.after.body for one in judged]),
        "heads": byteas([one.after.head for one in judged]),
        "sources": texts([row.event.key.source for row in rows]),
        "ids": texts([row.event.key.id for row in rows]),
        "names": texts([row.event.name for row in rows]),
        "references": texts([row.reference for row in rows]),
        "occurred": int8s([row.event.occurred_at for row in rows]),
        "received": int8s([row.event.received_at for row in rows]),
        "seqs": int8s([row.seq for row in rows]),
        "versions": int8s([row.version for row in rows]),
        "hashes": byteas([row.content_hash for row in rows]),
        "bodies": texts([row.body for row in rows]),
        "entries": texts([row.entries for row in rows]),
        "outcomes": texts([row.outbox for row in rows]),
    }
    return {place for (place,) in await transaction.rows("write_small_batch", values)}


def _claim_columns(claims: Sequence[ClaimKey]) -> dict[str, object]:
    return {
        "claim_buckets": int4s([claim.bucket for claim in claims]),
        "digests": byteas([claim.digest for claim in claims]),
    }
