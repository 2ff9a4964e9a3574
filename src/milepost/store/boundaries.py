"""Turns that are due: written down once, claimed by one server at a time, fenced by their epoch."""

from collections.abc import Sequence
from typing import NamedTuple

from milepost.model.boundary import BoundaryKind, PeriodBoundary
from milepost.model.standing import Progress, Standing
from milepost.store import codec
from milepost.store.database import Transaction
from milepost.store.log import CustomerKey

LEASE_SECONDS = 30
"""How long a boundary stays with a server that says nothing of it, by the clock of the database."""

SILENCE_SECONDS = 10
"""How long a page's transaction may say nothing before the database ends it: who stands still holds nobody up."""


class Lease(NamedTuple):
    """A boundary that a server works on; it is the server's as long as the epoch is the boundary's.

    Customers up to *bucket* and *customer_id* have been told.
    """

    org_id: int
    boundary: PeriodBoundary
    epoch: int
    bucket: int
    customer_id: int


class DueCustomer(NamedTuple):
    """A customer who may have to be told, with the settled progress in the boundary's group."""

    customer_key: CustomerKey
    standing: Standing
    archived: tuple[Progress, ...]


async def plan(transaction: Transaction, boundaries: Sequence[tuple[int, PeriodBoundary]]) -> None:
    """Write down boundaries, each with its organisation; those that are known stay as they are."""
    values = {
        "orgs": [org_id for org_id, _ in boundaries],
        "groups": [boundary.group_id for _, boundary in boundaries],
        "periods": [boundary.period_id for _, boundary in boundaries],
        "kinds": [boundary.kind.value for _, boundary in boundaries],
        "due": [boundary.due_at for _, boundary in boundaries],
        "sinces": [boundary.since for _, boundary in boundaries],
    }
    await transaction.run("plan_boundaries", values)


async def acquire_lease(transaction: Transaction, now: int, windows_until: int) -> Lease | None:
    """Claim what has been due longest at *now*; a new look through windows goes up to *windows_until* at least."""
    row = await transaction.row("lease_boundary", {"now": now, "windows": windows_until, "lease": LEASE_SECONDS})
    if row is None:
        return None
    org_id, group_id, period_id, kind, due_at, since, epoch, bucket, customer_id = row
    boundary = PeriodBoundary(group_id, period_id, BoundaryKind(kind), due_at, since)
    return Lease(org_id, boundary, epoch, bucket, customer_id)


async def is_held(transaction: Transaction, held: Lease) -> bool:
    """Lock a claimed boundary to the end of the transaction; return whether it is still the lease's."""
    values = _key(held) | {"silence": str(SILENCE_SECONDS * 1000)}
    return await transaction.row("hold_boundary", values) is not None


async def customers_due(transaction: Transaction, held: Lease, targets: Sequence[int], limit: int) -> list[DueCustomer]:
    """Return the next customers of the lease's organisation, in key order, with settled progress in *targets*."""
    values = {"org_id": held.org_id, "bucket": held.bucket, "customer": held.customer_id, "limit": limit}
    rows = await transaction.rows("customers_to_tell", values | {"targets": list(targets)})
    return [
        DueCustomer(
            CustomerKey(bucket, held.org_id, customer_id),
            codec.decode_standing(body),
            tuple(codec.decode_progress(one) for one in archived or ()),
        )
        for bucket, customer_id, body, archived in rows
    ]


async def advance(transaction: Transaction, held: Lease, last: CustomerKey) -> Lease:
    """Say that customers up to *last* were told; return the lease that goes on from there."""
    values = {"bucket": last.bucket, "customer": last.customer_id, "lease": LEASE_SECONDS}
    await transaction.run("advance_boundary", _key(held) | values)
    return held._replace(bucket=last.bucket, customer_id=last.customer_id)


async def finish(transaction: Transaction, held: Lease, now: int) -> None:
    """Say that everybody was told."""
    await transaction.run("finish_boundary", _key(held) | {"now": now})


async def repeat(transaction: Transaction, held: Lease, due_at: int) -> None:
    """Say that everybody was told up to now, and that there is more from *due_at* on."""
    await transaction.run("repeat_boundary", _key(held) | {"due": due_at})


async def release(transaction: Transaction, held: Lease) -> None:
    """Return a lease back, so that another server need not wait for its end."""
    await transaction.run("release_boundary", _key(held))


def _key(held: Lease) -> dict[str, object]:
    return {
        "org_id": held.org_id,
        "group_id": held.boundary.group_id,
        "period_id": held.boundary.period_id,
        "kind": held.boundary.kind.value,
        "epoch": held.epoch,
    }
