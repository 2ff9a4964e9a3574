"""Locks the customers of a batch. A customer whose row stays locked elsewhere does not keep the others waiting.

The first batch that meets such a row waits for the time limit of locks. It is then received again, without the
customers whose rows are locked; their events fail, and the client sends them again. For a while, later batches do not
wait for these customers at all.
"""

import time
from collections.abc import Iterable, Sequence

from milepost.store import log
from milepost.store.database import Transaction
from milepost.store.log import CustomerKey, StoredStanding

REMEMBER_SECONDS = 5
"""How long later batches do not wait for a customer whose row was locked."""


class CustomerLocks:
    """The customers of this process whose rows were locked elsewhere lately."""

    def __init__(self) -> None:
        """Know of no locked customer."""
        self._until: dict[CustomerKey, float] = {}

    async def lock(
        self, transaction: Transaction, customer_keys: Sequence[CustomerKey], *, waits: bool
    ) -> tuple[dict[CustomerKey, StoredStanding], set[CustomerKey]]:
        """Lock *customer_keys*; return the bytes of their standings, and the customers whose rows are locked elsewhere.

        With *waits*, only customers who were locked lately are not waited for. Raises Locked.
        """
        lately = self.lately_locked(customer_keys) if waits else set(customer_keys)
        awaited = [key for key in customer_keys if key not in lately]
        bodies = await log.lock_bodies(transaction, awaited) if awaited or not lately else {}
        if not lately:
            return bodies, set()
        free, locked = await log.lock_free_bodies(transaction, sorted(lately))
        self._remember(locked, free)
        return bodies | free, locked

    def lately_locked(self, customer_keys: Iterable[CustomerKey]) -> set[CustomerKey]:
        """Return those of *customer_keys* whose rows were locked elsewhere lately."""
        if not self._until:
            return set()
        now = time.monotonic()
        self._until = {key: until for key, until in self._until.items() if until > now}
        return self._until.keys() & set(customer_keys)

    def _remember(self, locked: Iterable[CustomerKey], free: Iterable[CustomerKey]) -> None:
        until = time.monotonic() + REMEMBER_SECONDS
        self._until.update(dict.fromkeys(locked, until))
        for key in free:
            self._until.pop(key, None)
