"""The tables of queues, of the positions in them, and of their dead letters."""

from collections.abc import Sequence
from typing import NamedTuple

from milepost.model.delivery.queue import DeadLetter, Positions, Queue, QueueLease, QueueMessage
from milepost.model.time import Micros
from milepost.store.database import Transaction
from milepost.store.wire.arrays import byteas, int4s, int8s, texts

LEASE_SECONDS = 8
"""How soon another server reads a queue whose reader died."""


class QueueState(NamedTuple):
    """How a queue is read: messages that wait, seconds since it was read (None if it never was), dead letters."""

    id: int
    active: bool
    lag: int | None
    silent_seconds: int | None
    dead: int


async def of_organisation(transaction: Transaction, org_id: int, queue_id: int | None = None) -> list[Queue]:
    """Return the queues of an organisation, or the one with *queue_id*, in the order of their ids."""
    rows = await transaction.rows("queues_of", {"org_id": org_id, "queue_id": queue_id})
    names = ("org_id", "id", "url", "sealed", "active", "lag", "failure", "read_at", "dead", "created_at")
    return [Queue(**dict(zip(names, row, strict=True))) for row in rows]


async def states(transaction: Transaction, limit: int) -> list[QueueState]:
    """Return how at most *limit* queues of all organisations are read."""
    return [QueueState(*row) for row in await transaction.rows("all_queues", {"limit": limit})]


async def add(transaction: Transaction, org_id: int, url: str, sealed: str, now: Micros) -> int:
    """Add a queue; return its id."""
    row = await transaction.row("add_queue", {"org_id": org_id, "url": url, "sealed": sealed, "now": now})
    assert row is not None, "what is inserted is returned"
    return int(row[0])


async def activate(transaction: Transaction, org_id: int, queue_id: int, *, active: bool) -> bool:
    """Have a queue read, or no longer; return whether there is one."""
    values = {"org_id": org_id, "queue_id": queue_id, "active": active}
    return await transaction.row("activate_queue", values) is not None


async def delete(transaction: Transaction, org_id: int, queue_id: int) -> bool:
    """Delete a queue with its positions and dead letters; return whether there was one."""
    return await transaction.row("delete_queue", {"org_id": org_id, "queue_id": queue_id}) is not None


async def rewind(transaction: Transaction, org_id: int, queue_id: int) -> bool:
    """Forget the positions in a queue; return whether there is one."""
    return await transaction.row("rewind_queue", {"org_id": org_id, "queue_id": queue_id}) is not None


async def lease(transaction: Transaction) -> tuple[QueueLease, str] | None:
    """Lease an active queue that nobody reads; return the lease and the sealed URL, None if there is none."""
    row = await transaction.row("lease_queue", {"lease": LEASE_SECONDS})
    return None if row is None else (QueueLease(*row[:3]), row[3])


async def keep(
    transaction: Transaction, lease: QueueLease, *, lag: int | None = None, failure: str | None = None
) -> bool:
    """Renew a lease, note *lag* and *failure*, and lock the queue; return whether the lease is still ours."""
    values = {**lease._asdict(), "lease": LEASE_SECONDS, "lag": lag, "failure": failure}
    return await transaction.row("keep_queue", values) is not None


async def release(transaction: Transaction, lease: QueueLease) -> None:
    """End a lease early, so that another server need not wait for its end."""
    await transaction.run("release_queue", lease._asdict())


async def positions(transaction: Transaction, lease: QueueLease) -> Positions:
    """Return the positions that are read next."""
    values = {"org_id": lease.org_id, "queue_id": lease.queue_id}
    return dict(await transaction.rows("queue_positions", values))


async def move(transaction: Transaction, lease: QueueLease, reached: Positions) -> None:
    """Note the positions that are read next. The caller has kept the lease in this transaction."""
    values = {
        "org_id": lease.org_id,
        "queue_id": lease.queue_id,
        "partitions": int4s([*reached]),
        "positions": int8s([*reached.values()]),
    }
    await transaction.run("move_positions", values)


async def bury(
    transaction: Transaction, lease: QueueLease, dead: Sequence[tuple[QueueMessage, str]], now: Micros
) -> None:
    """Add dead letters: messages with the reason why each is one."""
    values = {
        "org_id": lease.org_id,
        "queue_id": lease.queue_id,
        "now": now,
        "partitions": int4s([message.partition for message, _ in dead]),
        "positions": int8s([message.position for message, _ in dead]),
        "bodies": byteas([message.body for message, _ in dead]),
        "reasons": texts([reason for _, reason in dead]),
    }
    await transaction.run("add_dead_letters", values)


async def dead_letters(
    transaction: Transaction, org_id: int, queue_id: int, after: int, limit: int
) -> list[DeadLetter]:
    """Return at most *limit* dead letters with ids above *after*."""
    values = {"org_id": org_id, "queue_id": queue_id, "after": after, "limit": limit}
    rows = await transaction.rows("dead_letters_of", values)
    return [
        DeadLetter(id_, QueueMessage(partition, position, bytes(body)), reason, written_at)
        for id_, partition, position, body, reason, written_at in rows
    ]


async def delete_dead_letter(transaction: Transaction, org_id: int, queue_id: int, dead_letter_id: int) -> None:
    """Delete a dead letter."""
    values = {"org_id": org_id, "queue_id": queue_id, "dead_letter_id": dead_letter_id}
    await transaction.run("delete_dead_letter", values)


async def prune(transaction: Transaction, org_id: int, before: Micros, limit: int) -> None:
    """Delete at most *limit* dead letters that were written before an instant."""
    await transaction.run("prune_dead_letters", {"org_id": org_id, "before": before, "limit": limit})
