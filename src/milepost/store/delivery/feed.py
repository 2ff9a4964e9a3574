"""The table of the feed: messages numbered in the order in which their group of buckets committed them."""

from collections.abc import Sequence
from typing import NamedTuple

from milepost.model.time import Micros
from milepost.store.database import Transaction
from milepost.store.wire.arrays import int4s, int8s, texts


class FeedRow(NamedTuple):
    """A message of an organisation in the feed of a group of buckets."""

    relay_id: int
    org_id: int
    position: int
    body: bytes


async def append(transaction: Transaction, rows: Sequence[FeedRow], now: Micros) -> None:
    """Add messages to the feed."""
    if not rows:
        return
    values = {
        "now": now,
        "relays": int4s([row.relay_id for row in rows]),
        "orgs": int8s([row.org_id for row in rows]),
        "positions": int8s([row.position for row in rows]),
        "bodies": texts([row.body for row in rows]),
    }
    await transaction.run("append_feed", values)


async def after(
    transaction: Transaction, org_id: int, positions: Sequence[int], limit: int
) -> list[tuple[int, int, str]]:
    """Return at most *limit* messages after *positions*, one for each group: the group, the position and the text."""
    values = {
        "org_id": org_id,
        "relays": int4s(range(len(positions))),
        "positions": int8s(positions),
        "limit": limit,
    }
    return [(relay, position, body) for relay, position, body in await transaction.rows("feed_after", values)]


async def ends(transaction: Transaction) -> tuple[int, ...]:
    """Return the last position that was dealt in each group."""
    return tuple(position for _, position in await transaction.rows("feed_ends"))


async def prune(transaction: Transaction, org_id: int, before: Micros, limit: int) -> None:
    """Delete at most *limit* messages that were written before an instant."""
    await transaction.run("prune_feed", {"org_id": org_id, "before": before, "limit": limit})
