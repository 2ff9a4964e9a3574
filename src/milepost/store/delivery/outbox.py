"""The outbox as its relays see it: groups of buckets under leases, and rows that leave it (decision 0028)."""

from collections.abc import Sequence
from typing import NamedTuple

from milepost.model.bucket import BUCKETS, bucket_of_customer
from milepost.model.time import Micros
from milepost.store.database import Transaction
from milepost.store.delivery import codec
from milepost.store.delivery.codec import Announcement, OutboxBody
from milepost.store.log import CustomerKey, keys_of
from milepost.store.wire.arrays import int8s

RELAYS = 16
"""Groups of buckets. Each is relayed by one server at a time."""

BUCKETS_EACH = BUCKETS // RELAYS
LEASE_SECONDS = 30
SILENCE_SECONDS = 10
"""After so long without a statement the database ends the transaction of a server that was paused."""


class RelayLease(NamedTuple):
    """The right to relay a group of buckets, as long as its epoch is the lease's."""

    relay_id: int
    epoch: int


class OutboxRow(NamedTuple):
    """A row of the outbox, as it is stored."""

    customer_key: CustomerKey
    seq: int
    text: str

    @property
    def body(self) -> OutboxBody | Announcement | None:
        """What the row says; None for one of the first form, which is older than webhooks."""
        return codec.decode_outbox(self.text)


async def lease(transaction: Transaction) -> RelayLease | None:
    """Lease a group of buckets that has rows in the outbox; None if there is none that is free."""
    row = await transaction.row("lease_relay", {"lease": LEASE_SECONDS, "width": BUCKETS_EACH})
    return None if row is None else RelayLease(*row)


async def lock(transaction: Transaction, lease: RelayLease) -> int | None:
    """Lock a leased group; return the last position dealt in its feed, None if the lease is no longer ours."""
    values = {**lease._asdict(), "lease": LEASE_SECONDS, "silence": str(SILENCE_SECONDS * 1000)}
    row = await transaction.row("lock_relay", values)
    return None if row is None else int(row[0])


async def release(transaction: Transaction, lease: RelayLease) -> None:
    """End a lease early, so that another server need not wait for its end."""
    await transaction.run("release_relay", lease._asdict())


async def advance(transaction: Transaction, lease: RelayLease, position: int) -> None:
    """Note the last *position* that was dealt in the feed of a group."""
    await transaction.run("advance_relay", {**lease._asdict(), "position": position})


async def page(transaction: Transaction, lease: RelayLease, limit: int) -> list[OutboxRow]:
    """Return the first *limit* rows of a group, by customer in the order in which they were written."""
    first = lease.relay_id * BUCKETS_EACH
    rows = await transaction.rows("outbox_page", {"first": first, "end": first + BUCKETS_EACH, "limit": limit})
    return [
        OutboxRow(CustomerKey(bucket, org_id, customer_id), seq, text)
        for bucket, org_id, customer_id, seq, text in rows
    ]


async def delete(transaction: Transaction, rows: Sequence[OutboxRow]) -> None:
    """Delete rows that were relayed."""
    seqs = {"seqs": int8s([row.seq for row in rows])}
    await transaction.run("delete_outbox", keys_of([row.customer_key for row in rows]) | seqs)


async def set_aside(transaction: Transaction, row: OutboxRow) -> None:
    """Set a row aside that a mistake of ours keeps from being relayed."""
    await transaction.run("set_aside", {**row.customer_key._asdict(), "seq": row.seq})


async def announce(
    transaction: Transaction, org_id: int, type_: str, name: str, at: Micros, request_id: str, data: object
) -> None:
    """Add an announcement of an organisation to the outbox; *at* is in epoch microseconds."""
    body = codec.encode_announcement(type_, name, at, request_id, data)
    values = {"bucket": bucket_of_customer(org_id, 0), "org_id": org_id, "customer_id": 0, "body": body}
    await transaction.run("announce", values)
