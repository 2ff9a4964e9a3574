"""A store in memory that answers the named statements of the scheduler, with row locks and commits that may fail.

A transaction keeps its changes to itself until it commits. Its locks last as long as it does, and the database ends it
when it was silent for too long. Every statement and commit begins with a pause, at which the simulation decides what
happens next.
"""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Mapping
from contextlib import asynccontextmanager
from typing import Any, NamedTuple, TypeVar

from milepost.model.problem import Unavailable
from milepost.model.standing import EMPTY_STANDING
from milepost.model.time import SECOND_US
from milepost.store import codec
from milepost.store.log import CustomerKey, key_of_customer

ORG_ID = 1
BEFORE_ALL = -1
Result = TypeVar("Result")
BoundaryKey = tuple[int, int, int, str]


class Pause:
    """A point at which the simulation may let another server go on."""

    def __await__(self) -> Generator[None, None, None]:
        """Hand over to the simulation."""
        yield


class StoredBoundary(NamedTuple):
    """A row of the table `turn`; instants are epoch microseconds."""

    due_at: int
    since: int
    epoch: int = 0
    leased_until: int = 0
    bucket: int = BEFORE_ALL
    customer_id: int = 0
    done: bool = False


class VirtualStore:
    """What was committed, and the clock of the database; *bug* names the promise that this store breaks."""

    def __init__(self, now: int, customers: int, bug: str = "") -> None:
        """Begin at *now* (epoch microseconds) with customers who have done nothing yet."""
        self.now = now
        self.bug = bug
        self.boundaries: dict[BoundaryKey, StoredBoundary] = {}
        self.locks: dict[BoundaryKey, VirtualTransaction] = {}
        self.notices: Counter[tuple[int, str]] = Counter()
        self.customers = sorted(key_of_customer(ORG_ID, id_) for id_ in range(1, customers + 1))
        self.trace: list[str] = []

    @asynccontextmanager
    async def transaction(self, visible: str | None = None) -> AsyncIterator["VirtualTransaction"]:
        """Open a transaction that commits when the block ends, and rolls back on an exception."""
        del visible
        transaction = VirtualTransaction(self)
        try:
            yield transaction
            await Pause()
            transaction.commit()
        finally:
            transaction.end()
        await Pause()  # A failure here loses the answer of a commit that was made.

    reading = transaction

    async def attempt(self, work: Callable[["VirtualTransaction"], Awaitable[Result]]) -> Result:
        """Run *work* in a transaction and return its result."""
        async with self.transaction() as transaction:
            return await work(transaction)


class VirtualTransaction:
    """An open transaction of the store in memory."""

    def __init__(self, store: VirtualStore) -> None:
        """Begin without changes and without locks."""
        self._store = store
        self._changes: dict[BoundaryKey, StoredBoundary] = {}
        self._notices: list[tuple[int, str]] = []
        self._heard_at = store.now
        self._is_ended = False

    async def row(self, name: str, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """Run the statement *name* and return its first row, or None."""
        return next(iter(await self.rows(name, values)), None)

    async def run(self, name: str, values: Mapping[str, Any]) -> None:
        """Run the statement *name* for its effect."""
        await self.rows(name, values)

    async def rows(self, name: str, values: Mapping[str, Any] | tuple[()] = ()) -> list[tuple[Any, ...]]:
        """Run the statement *name* and return its rows."""
        await Pause()
        self._touch()
        self._store.trace.append(f"{name} {sorted(dict(values).items())}")
        match name:
            case "organisation_ids":
                return [(ORG_ID,)]
            case "sandboxes" | "sandbox":
                return []
            case "schedule_boundaries":
                return self._schedule(dict(values))
            case "lease_boundary":
                return self._lease(dict(values))
            case "customers_due":
                return self._customers_due(dict(values))
            case _:
                return await self._change(name, dict(values))

    async def notify(self, customer_id: int, event_id: str) -> None:
        """Add the event of a notice, without the key that would refuse a second one: the fence alone has to do it."""
        await Pause()
        self._touch()
        if self._store.bug == "notices outside the transaction":
            self._store.notices[customer_id, event_id] += 1
        else:
            self._notices.append((customer_id, event_id))

    def commit(self) -> None:
        """Make the changes visible, unless the database has ended this transaction."""
        self._touch()
        for key, boundary in self._changes.items():
            is_new = boundary.epoch == 0 and not boundary.done
            if not is_new or key not in self._store.boundaries or self._store.bug == "boundaries planned again":
                self._store.boundaries[key] = boundary
        self._store.notices.update(self._notices)
        self._store.trace.append(f"commit {self._notices}")

    def end(self) -> None:
        """Give the locks back."""
        self._is_ended = True
        held = [key for key, holder in self._store.locks.items() if holder is self]
        for key in held:
            del self._store.locks[key]

    def end_if_silent(self) -> None:
        """End this transaction if it was silent for as long as the database allows, which is ten seconds."""
        if self._store.now - self._heard_at > 10 * SECOND_US:
            self.end()

    def _touch(self) -> None:
        if self._store.bug != "a silent transaction goes on":
            if self._is_ended:
                raise Unavailable("the transaction was silent")
            self._heard_at = self._store.now

    def _seen(self, key: BoundaryKey) -> StoredBoundary:
        return self._changes.get(key) or self._store.boundaries[key]

    def _schedule(self, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        columns = (values[name] for name in ("orgs", "groups", "periods", "kinds", "due", "sinces"))
        for org_id, group_id, period_id, kind, due_at, since in zip(*columns, strict=True):
            self._changes[org_id, group_id, period_id, kind] = StoredBoundary(due_at, since)
        return []

    def _lease(self, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        now = self._store.now
        for holder in [*self._store.locks.values()]:
            holder.end_if_silent()
        free = [
            (row.due_at, key)
            for key, row in self._store.boundaries.items()
            if not row.done and row.due_at <= values["now"] and row.leased_until < now and key not in self._store.locks
        ]
        if not free:
            return []
        key = min(free)[1]
        row = self._seen(key)
        row = row._replace(epoch=row.epoch + 1, leased_until=now + values["lease"] * SECOND_US)
        self._changes[key] = row
        self._store.locks[key] = self
        return [(*key, row.due_at, row.since, row.epoch, row.bucket, row.customer_id)]

    def _customers_due(self, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        last = CustomerKey(values["bucket"], values["org_id"], values["customer"])
        again = self._store.bug == "a page begins with the last customer"
        due = [key for key in self._store.customers if key > last or (again and key == last)]
        if self._store.bug == "a page leaves a customer out" and last.bucket != BEFORE_ALL:
            due = due[1:]
        body = codec.encode_standing(EMPTY_STANDING)
        return [(key.bucket, key.customer_id, body, None) for key in due[: values["limit"]]]

    async def _change(self, name: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        key = values["org_id"], values["group_id"], values["period_id"], values["kind"]
        bug = self._store.bug
        while bug != "no lock" and self._store.locks.get(key, self) is not self:
            self._store.locks[key].end_if_silent()
            await Pause()
            self._touch()
        row = self._seen(key)
        if bug != "no fence" and (row.epoch != values["epoch"] or row.done):
            return []
        if bug != "no lock":
            self._store.locks[key] = self
        if name == "lock_leased_boundary":
            return [(row.epoch, "")]
        if name == "finish_boundary":
            self._changes[key] = row._replace(done=True, leased_until=0)
        elif name == "advance_boundary":
            renewed = row._replace(leased_until=self._store.now + values["lease"] * SECOND_US)
            moved = renewed._replace(bucket=values["bucket"], customer_id=values["customer"])
            self._changes[key] = renewed if bug == "the position is not kept" else moved
        else:
            raise AssertionError(f"the simulation does not know the statement {name}")
        return []
