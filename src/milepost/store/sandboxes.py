"""Sandboxes: their clocks, what came due in them, and how they are emptied."""

from collections.abc import Sequence
from typing import NamedTuple

from milepost.model.sandbox import SandboxClock
from milepost.model.scheduled.boundary import BoundaryKind
from milepost.model.time import Micros
from milepost.store.database import Row, Transaction
from milepost.store.log import CustomerKey


class DueBoundary(NamedTuple):
    """A boundary of a period that came due, in epoch microseconds."""

    group_id: int
    period_id: int
    kind: BoundaryKind
    due_at: Micros


async def add(transaction: Transaction, org_id: int) -> None:
    """Make a new organisation a sandbox."""
    await transaction.run("add_sandbox", {"org_id": org_id})


async def find(transaction: Transaction, org_id: int) -> SandboxClock | None:
    """Return the clock of a sandbox; None for an organisation that is none."""
    return _clock(await transaction.row("sandbox", {"org_id": org_id}))


async def lock(transaction: Transaction, org_id: int) -> SandboxClock | None:
    """Return the clock of a sandbox, locked until *transaction* ends; None for an organisation that is none."""
    return _clock(await transaction.row("lock_sandbox", {"org_id": org_id}))


async def all_clocks(transaction: Transaction) -> dict[int, SandboxClock]:
    """Return the clocks of all sandboxes by organisation."""
    return {row[0]: SandboxClock(row[1], row[2]) for row in await transaction.rows("sandboxes")}


async def set_clock(transaction: Transaction, org_id: int, clock: SandboxClock) -> None:
    """Set the clock of a sandbox."""
    await transaction.run("set_sandbox_clock", {"org_id": org_id, **clock._asdict()})


async def open_work(transaction: Transaction, org_id: int, now: Micros) -> int:
    """Return how many boundaries that are due, and how many jobs, are not done."""
    row = await transaction.row("count_open_work", {"org_id": org_id, "now": now})
    assert row is not None
    return int(row[0])


async def boundaries_between(transaction: Transaction, org_id: int, since: Micros, until: Micros) -> list[DueBoundary]:
    """Return the boundaries of periods that came due after *since* and until *until*."""
    rows = await transaction.rows("boundaries_between", {"org_id": org_id, "since": since, "until": until})
    return [DueBoundary(group_id, period_id, BoundaryKind(kind), due_at) for group_id, period_id, kind, due_at in rows]


async def own_events_between(
    transaction: Transaction, org_id: int, names: Sequence[str], since: Micros, until: Micros, limit: int
) -> list[tuple[CustomerKey, frozenset[int]]]:
    """Return customers with events of these *names* that were received in a span, and the numbers of the events."""
    values = {"org_id": org_id, "names": list(names), "since": since, "until": until, "limit": limit}
    rows = await transaction.rows("own_events_between", values)
    return [(CustomerKey(bucket, org_id, customer_id), frozenset(seqs)) for bucket, customer_id, seqs in rows]


async def scheduled_starts(transaction: Transaction, org_id: int) -> list[Micros]:
    """Return when scheduled changes of definitions come in force."""
    return [Micros(at) for (at,) in await transaction.rows("scheduled_starts", {"org_id": org_id})]


async def empty(transaction: Transaction, org_id: int) -> None:
    """Delete all that happened in a sandbox. The caller has locked it, so it is one."""
    await transaction.rows("hold_all_relays")
    await transaction.run("empty_sandbox", {"org_id": org_id})


def _clock(row: Row | None) -> SandboxClock | None:
    return None if row is None else SandboxClock(*row)
