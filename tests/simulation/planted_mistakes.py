"""Mistakes that a run of the simulated installation has to find."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from milepost.service.delivery import relay
from milepost.service.scheduled.boundaries import BoundaryNotifier
from milepost.store.delivery import outbox
from milepost.store.scheduled import boundaries
from tests.simulation.faulty_store import SimulatedDatabase
from tests.simulation.installation import Installation

Plant = Callable[[pytest.MonkeyPatch], None]


def _renamed(patch: pytest.MonkeyPatch) -> None:
    """Have tills repeat bills under other ids."""
    patch.setattr(Installation, "renames", True)


def _early(patch: pytest.MonkeyPatch) -> None:
    """Have events confirmed whose transaction was rolled back."""
    patch.setattr(SimulatedDatabase, "confirms_early", True)


def _dropped(patch: pytest.MonkeyPatch) -> None:
    """Have the relay delete a page and forget its last outcome."""
    write = relay._write

    async def shorter(runtime: Any, transaction: Any, lease: Any, position: int, rows: Sequence[Any]) -> None:
        await write(runtime, transaction, lease, position, rows[: max(1, len(rows) - 1)])

    patch.setattr(relay, "_write", shorter)


def _kept(patch: pytest.MonkeyPatch) -> None:
    """Have the relay leave what it has relayed."""
    delete = outbox.delete

    async def forgetful(transaction: Any, rows: Sequence[Any]) -> None:
        await delete(transaction, rows[:-1] if len(rows) > 1 else rows)

    patch.setattr(outbox, "delete", forgetful)


def _half_told(patch: pytest.MonkeyPatch) -> None:
    """Have the scheduler take the first page of customers for all."""
    notify = BoundaryNotifier._notify

    async def once(self: BoundaryNotifier, lease: Any, limit: int, **options: bool) -> Any:
        told = await notify(self, lease, limit, **options)
        if told is not None:
            async with self._runtime.database.transaction() as transaction:
                await boundaries.finish(transaction, told, self._runtime.clocks.real())
        return None

    patch.setattr(BoundaryNotifier, "_notify", once)


def _late(patch: pytest.MonkeyPatch) -> None:
    """Have the scheduler begin each page one customer too late."""
    due = boundaries.customers_due

    async def without_first(*arguments: Any, **options: Any) -> Any:
        found = await due(*arguments, **options)
        return found[1:] if len(found) > 1 else found

    patch.setattr(boundaries, "customers_due", without_first)


PLANTED: Mapping[str, Plant] = {
    "a till changes ids": _renamed,
    "confirmed before the commit": _early,
    "an outcome is not relayed": _dropped,
    "an outcome is relayed again": _kept,
    "a page for all customers": _half_told,
    "a page begins late": _late,
}
