"""Period boundaries that are due: each is stored once, leased to one server at a time, and fenced by its epoch."""

from collections.abc import Sequence
from typing import NamedTuple

from milepost.model.scheduled.boundary import BoundaryKind, PeriodBoundary
from milepost.model.standing import Progress, Standing
from milepost.model.time import Micros
from milepost.store import codec
from milepost.store.database import Transaction
from milepost.store.log import CustomerKey

LEASE_SECONDS = 30
"""The seconds after which a lease ends unless the server renews it, by the database's clock."""

SILENCE_SECONDS = 10
"""The seconds that a transaction may be idle before the database ends it, so that it does not block others."""


class Lease(NamedTuple):
    """A boundary that is leased to a server.

    The lease is valid while its epoch equals the stored epoch of the boundary. Customers up to *bucket* and
    *customer_id* have been notified.
    """

    org_id: int
    boundary: PeriodBoundary
    epoch: int
    bucket: int
    customer_id: int


class DueCustomer(NamedTuple):
    """A customer to be notified of a boundary, with archived progress in the boundary's group."""

    customer_key: CustomerKey
    standing: Standing
    archived: tuple[Progress, ...]


async def schedule(transaction: Transaction, boundaries: Sequence[tuple[int, PeriodBoundary]]) -> None:
    """Add boundaries, each with its organisation's id. Boundaries that are stored already stay as they are."""
    values = {
        "orgs": [org_id for org_id, _ in boundaries],
        "groups": [boundary.group_id for _, boundary in boundaries],
        "periods": [boundary.period_id for _, boundary in boundaries],
        "kinds": [boundary.kind.value for _, boundary in boundaries],
        "due": [boundary.due_at for _, boundary in boundaries],
        "sinces": [boundary.since for _, boundary in boundaries],
    }
    await transaction.run("schedule_boundaries", values)


async def acquire_lease(
    transaction: Transaction, now: Micros, windows_until: Micros, org_id: int | None = None
) -> Lease | None:
    """Lease the boundary that has been due longest at *now*, None if none is due (instants in epoch microseconds).

    It is one of the organisation *org_id*, or without that one of any organisation that is no sandbox.
    If it is a check of customers' own windows that begins, it covers windows up to *windows_until* at least.
    """
    values = {"now": now, "windows": windows_until, "org_id": org_id, "lease": LEASE_SECONDS}
    row = await transaction.row("lease_boundary", values)
    if row is None:
        return None
    org_id, group_id, period_id, kind, due_at, since, epoch, bucket, customer_id = row
    boundary = PeriodBoundary(
        group_id=group_id, period_id=period_id, kind=BoundaryKind(kind), due_at=due_at, since=since
    )
    return Lease(org_id=org_id, boundary=boundary, epoch=epoch, bucket=bucket, customer_id=customer_id)


async def lock_leased(transaction: Transaction, lease: Lease) -> bool:
    """Lock the boundary of *lease* until the transaction ends. Return whether the lease is still valid."""
    values = _key(lease) | {"silence": str(SILENCE_SECONDS * 1000)}
    return await transaction.row("lock_leased_boundary", values) is not None


async def customers_due(
    transaction: Transaction, lease: Lease, targets: Sequence[int], limit: int
) -> list[DueCustomer]:
    """Return the next customers of the lease's organisation in key order, with archived progress in *targets*."""
    values = {"org_id": lease.org_id, "bucket": lease.bucket, "customer": lease.customer_id, "limit": limit}
    rows = await transaction.rows("customers_due", values | {"targets": list(targets)})
    return [
        DueCustomer(
            CustomerKey(bucket, lease.org_id, customer_id),
            codec.decode_standing(body),
            tuple(codec.decode_progress(progress) for progress in archived or ()),
        )
        for bucket, customer_id, body, archived in rows
    ]


async def advance(transaction: Transaction, lease: Lease, last: CustomerKey) -> Lease:
    """Note that customers up to *last* were notified, and renew the lease. Return the lease that continues there."""
    values = {"bucket": last.bucket, "customer": last.customer_id, "lease": LEASE_SECONDS}
    await transaction.run("advance_boundary", _key(lease) | values)
    return lease._replace(bucket=last.bucket, customer_id=last.customer_id)


async def finish(transaction: Transaction, lease: Lease, now: Micros) -> None:
    """Note that all customers were notified."""
    await transaction.run("finish_boundary", _key(lease) | {"now": now})


async def repeat(transaction: Transaction, lease: Lease, due_at: Micros) -> None:
    """Note that all customers were notified, and make the boundary due again at *due_at* (epoch microseconds)."""
    await transaction.run("repeat_boundary", _key(lease) | {"due": due_at})


async def release(transaction: Transaction, lease: Lease) -> None:
    """Release *lease*, so that another server need not wait for its end."""
    await transaction.run("release_boundary", _key(lease))


def _key(lease: Lease) -> dict[str, object]:
    return {
        "org_id": lease.org_id,
        "group_id": lease.boundary.group_id,
        "period_id": lease.boundary.period_id,
        "kind": lease.boundary.kind.value,
        "epoch": lease.epoch,
    }
