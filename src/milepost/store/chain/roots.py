"""What the chains are checked by: digests of the log, heads, and the roots over the heads."""

from collections.abc import Iterator, Sequence
from struct import Struct
from typing import NamedTuple

import msgspec

from milepost.model.time import Micros
from milepost.store.chain.digests import head_over
from milepost.store.database import Transaction
from milepost.store.log import CustomerKey
from milepost.store.wire.arrays import byteas, int4s

BUCKETS = 4_096
HEAD_BYTES = 40
_HEADER_BYTES, _TRAILER_BYTES = 19, 2
_log_header = Struct("!6xq4xqi")
_leaf = Struct(f"!qq{HEAD_BYTES}s")


class _Seq(msgspec.Struct, array_like=True):
    """The first field of a stored standing; the others are left alone."""

    seq: int


_seq = msgspec.msgpack.Decoder(_Seq)

Customer = tuple[int, int]
"""An organisation's id and a customer's."""


class DigestedLog(NamedTuple):
    """A log as the chain sees it: the numbers and digests of its events, in order, packed."""

    customer: Customer
    packed: bytes


class ChainedStanding(NamedTuple):
    """The number of the last event by a standing, and the head of the chain, None if it was not computed."""

    seq: int
    head: bytes | None


class Root(NamedTuple):
    """A signed root over the heads of all chains, after the root `previous_id` (0: there was none).

    `checked` customers' chains were checked against the root before, of which `broken` were; the logs of `recomputed`
    customers were replayed, and the standings of `differing` were not what came of it.
    """

    root_id: int
    previous_id: int
    made_at: Micros
    customers: int
    events: int
    digest: bytes
    signature: bytes
    checked: int
    broken: int
    recomputed: int
    differing: int

    @property
    def is_consistent(self) -> bool:
        """Whether the check before this root found nothing that is broken or differs."""
        return not self.broken and not self.differing


async def see_one_moment(transaction: Transaction) -> None:
    """Have all statements of *transaction*, which ran none yet, see the database as of one moment."""
    await transaction.run("as_of_one_moment")


async def digests(
    transaction: Transaction, first: int, past: int, customer: Customer | None = None
) -> Iterator[DigestedLog]:
    """Return the logs of the buckets from *first* to before *past*, by customer."""
    org_id, customer_id = customer or (None, None)
    values = {"first": first, "past": past, "org_id": org_id, "customer_id": customer_id}
    return _unpacked(await transaction.copy_out("copy_digests", values))


async def erased_digests(transaction: Transaction, first: int, past: int) -> Iterator[DigestedLog]:
    """Return what is left of the logs of erased customers of these buckets."""
    return _unpacked(await transaction.copy_out("copy_erased_digests", {"first": first, "past": past}))


async def digests_of_log(transaction: Transaction, customer_key: CustomerKey) -> bytes:
    """Return the numbers and digests of the events of a customer, whose standing is locked, packed."""
    bucket, org_id, customer_id = customer_key
    logs = await digests(transaction, bucket, bucket + 1, (org_id, customer_id))
    return next((log.packed for log in logs), b"")


def _unpacked(copied: bytes) -> Iterator[DigestedLog]:
    place, end = _HEADER_BYTES, len(copied) - _TRAILER_BYTES
    while place < end:
        org_id, customer_id, length = _log_header.unpack_from(copied, place)
        place += _log_header.size
        yield DigestedLog((org_id, customer_id), copied[place : place + length])
        place += length


async def recomputed_head(transaction: Transaction, customer_key: CustomerKey) -> bytes:
    """Return the head of the chain over the stored log of a customer, whose standing is locked."""
    return head_over(await digests_of_log(transaction, customer_key))[0]


async def standings(transaction: Transaction, first: int, past: int) -> dict[Customer, ChainedStanding]:
    """Return the standings of these buckets, as far as chains are concerned."""
    rows = await transaction.rows("chain_standings", {"first": first, "past": past})
    return {(org, customer): ChainedStanding(_seq.decode(body).seq, head) for org, customer, body, head in rows}


async def erased_heads(transaction: Transaction, first: int, past: int) -> dict[Customer, bytes]:
    """Return the heads of the chains of erased customers of these buckets."""
    rows = await transaction.rows("erased_heads", {"first": first, "past": past})
    return {(org, customer): head for org, customer, head in rows}


async def keep_erased_head(transaction: Transaction, customer_key: CustomerKey, head: bytes) -> None:
    """Keep the head of the chain of a customer who is erased."""
    await transaction.run("keep_erased_head", customer_key._asdict() | {"head": head})


async def save_head(transaction: Transaction, customer_key: CustomerKey, head: bytes) -> None:
    """Store the head of the chain of a customer, whose standing is locked."""
    await transaction.run("save_head", customer_key._asdict() | {"head": head})


async def heads(transaction: Transaction, first: int, past: int) -> list[tuple[CustomerKey, bytes | None]]:
    """Return the heads of all chains of these buckets, in the order of their keys."""
    rows = await transaction.rows("heads_of_buckets", {"first": first, "past": past})
    return [(CustomerKey(bucket, org_id, customer_id), head) for bucket, org_id, customer_id, head in rows]


def pack_leaves(ends: Sequence[tuple[CustomerKey, bytes]]) -> bytes:
    """Return the ends of chains of one bucket in their order, packed; chains without an event are left out."""
    return b"".join(_leaf.pack(key.org_id, key.customer_id, head) for key, head in ends if head)


def unpack_leaves(body: bytes) -> dict[Customer, bytes]:
    """Return the ends of chains that *body* holds. Raises struct.error if it was cut."""
    return {(org_id, customer_id): head for org_id, customer_id, head in _leaf.iter_unpack(body)}


async def fresh_root_id(transaction: Transaction) -> int:
    """Return a new id for a root."""
    ((root_id,),) = await transaction.rows("fresh_root_id")
    return int(root_id)


async def add_leaves(transaction: Transaction, root_id: int, leaves: dict[int, bytes]) -> None:
    """Add the packed ends of chains by bucket to a root that is being made."""
    values = {"root_id": root_id, "buckets": int4s([*leaves]), "bodies": byteas([*leaves.values()])}
    await transaction.run("add_leaves", values)


async def leaves(transaction: Transaction, root_id: int, first: int, past: int) -> dict[int, bytes]:
    """Return the packed ends of chains of these buckets that a root holds."""
    rows = await transaction.rows("leaves", {"root_id": root_id, "first": first, "past": past})
    return dict(rows)


async def add_root(transaction: Transaction, root: Root) -> bool:
    """Add a root, and delete what earlier ones hold; False if another server was first, and nothing is added."""
    if await transaction.row("add_root", root._asdict()) is None:
        await transaction.run("delete_leaves", {"root_id": root.root_id})
        return False
    await transaction.run("delete_other_leaves", {"root_id": root.root_id})
    return True


async def latest_root(transaction: Transaction) -> Root | None:
    """Return the latest root, None if there is none."""
    row = await transaction.row("latest_root")
    return None if row is None else Root(*row)


async def roots_after(transaction: Transaction, root_id: int) -> list[Root]:
    """Return the roots from *root_id* on, in order."""
    return [Root(*row) for row in await transaction.rows("roots_after", {"root_id": root_id})]
