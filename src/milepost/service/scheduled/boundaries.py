"""Telling customers that a period opened or closed: planned from definitions, claimed, told in small transactions.

Any number of servers may do this at once. A boundary is one row; who claims it holds a lease and raises its epoch. Each
page of customers is one transaction that locks the boundary, checks the epoch of the lease, lets the events
happen and says up to where customers were told. So a server that was killed is taken over where it stopped, and one
that was held up finds that the boundary is no longer its own: it can tell nobody anything (decision 0011).
"""

from collections.abc import Iterator, Sequence
from itertools import takewhile

import structlog

from milepost.model.boundary import BoundaryKind, PeriodBoundary
from milepost.model.customer import Identifier, IdentifierKind
from milepost.model.event import PERIOD_ROLLOVER, EventKey, PeriodRollover
from milepost.model.organisation import PeriodEndOutcome
from milepost.model.problem import Unavailable
from milepost.rules.compiled.boundaries import (
    WINDOW_CHECK_EVERY_US,
    boundaries_of,
    last_window_check,
    next_window_check,
)
from milepost.service.boards.cached_boards import close_within
from milepost.service.ingest.incoming_event import IncomingEvent, Status
from milepost.service.runtime.runtime import Runtime
from milepost.service.scheduled.period_notices import PeriodNotice, notices_for
from milepost.service.snapshot.organisation_snapshot import OrganisationSnapshot
from milepost.store import boundaries, organisations
from milepost.store.boundaries import Lease
from milepost.store.database import Transaction
from milepost.store.leaderboards import BoardName
from milepost.store.log import CustomerKey

SOURCE = "milepost/period"
PAGE = 200
"""Customers looked at in one transaction, whose standings it locks while it tells them."""

_log = structlog.get_logger()


class BoundaryNotifier:
    """Plans turns and tells customers of them; remembers what it planned, which costs nothing to forget."""

    def __init__(self, runtime: Runtime, *, page: int = PAGE) -> None:
        """Turn the periods of *runtime*'s organisations, *page* customers at a time."""
        self._runtime = runtime
        self._page = page
        self._agendas: dict[int, _Agenda] = {}

    async def plan(self) -> None:
        """Write down the turns that are due by now."""
        now = self._runtime.clock()
        async with self._runtime.database.transaction() as transaction:
            org_ids = await organisations.all_ids(transaction)
            snapshots = await self._runtime.snapshots.current(transaction, org_ids)
            agendas = {org_id: self._agenda(org_id, snapshot) for org_id, snapshot in snapshots.items()}
            due = [(org_id, boundary) for org_id, agenda in agendas.items() for boundary in agenda.due(now)]
            if due:
                await boundaries.schedule(transaction, due)
        for agenda in agendas.values():
            agenda.forget(now)
        self._agendas = agendas

    async def acquire_lease(self) -> Lease | None:
        """Claim the boundary that has been due longest and that nobody works on."""
        now = self._runtime.clock()
        async with self._runtime.database.transaction() as transaction:
            return await boundaries.acquire_lease(transaction, now, next_window_check(now) - WINDOW_CHECK_EVERY_US)

    async def notify_page(self, lease: Lease) -> Lease | None:
        """Tell the next page of customers; return the lease that goes on, None when all were told or it is lost.

        A customer whose telling fails by our own mistake is left out, so that the others are told.
        """
        try:
            return await self._notify(lease, self._page)
        except Unavailable:
            raise
        except Exception:  # noqa: BLE001 - around one page, so that one customer cannot keep the others from being told
            _log.warning("turn_page_failed", group=lease.boundary.group_id, period=lease.boundary.period_id)
        for _ in range(self._page):
            try:
                following = await self._notify(lease, 1)
            except Unavailable:
                raise
            except Exception:  # noqa: BLE001 - as above; who it is stands in the log
                _log.exception("customer_not_told", group=lease.boundary.group_id, after=lease.customer_id)
                following = await self._notify(lease, 1, telling=False)
            if following is None:
                return None
            lease = following
        return lease

    async def release(self, lease: Lease) -> None:
        """Return a lease back."""
        async with self._runtime.database.transaction() as transaction:
            await boundaries.release(transaction, lease)

    def _agenda(self, org_id: int, snapshot: OrganisationSnapshot) -> "_Agenda":
        known = self._agendas.get(org_id)
        return known if known is not None and known.version == snapshot.organisation.version else _Agenda(snapshot)

    async def _notify(self, lease: Lease, limit: int, *, telling: bool = True) -> Lease | None:
        async def work(transaction: Transaction) -> Lease | None:
            if not await boundaries.lock_leased(transaction, lease):
                return None
            snapshot = await self._runtime.snapshots.one(transaction, lease.org_id)
            group = snapshot.rule_index.groups.get(lease.boundary.group_id)
            nobody = snapshot.organisation.settings.period_end_outcome is PeriodEndOutcome.NONE
            if group is None or not group.active or group.deleted or nobody:
                await self._end(transaction, lease, snapshot)
                return None
            targets = [target.id for target in group.targets]
            page = await boundaries.customers_due(transaction, lease, targets, limit)
            found = [
                (one.customer_key, notice)
                for one in page
                for notice in notices_for(snapshot, group, lease.boundary, one)
            ]
            if telling and found:
                await self._submit(transaction, lease.boundary, found)
            if len(page) < limit:
                await self._end(transaction, lease, snapshot)
                return None
            return await boundaries.advance(transaction, lease, page[-1].customer_key)

        return await self._runtime.database.attempt(work)

    async def _submit(
        self, transaction: Transaction, boundary: PeriodBoundary, found: Sequence[tuple[CustomerKey, PeriodNotice]]
    ) -> None:
        now = self._runtime.clock()
        incoming_events = [
            _incoming_event(customer_key, boundary, notice, max(now, notice.at)) for customer_key, notice in found
        ]
        for answer in await self._runtime.ingest.inside(transaction, incoming_events):
            if answer.status in {Status.REFUSED, Status.CONFLICT}:
                _log.warning("turn_refused", customer=answer.customer_id, id=answer.key.id, status=answer.status.value)

    async def _end(self, transaction: Transaction, lease: Lease, snapshot: OrganisationSnapshot) -> None:
        """Say that all were told; windows are looked through again as long as one may be open."""
        group = snapshot.rule_index.groups.get(lease.boundary.group_id)
        settings = snapshot.organisation.settings
        if group is not None and group.leaderboard and lease.boundary.kind is BoundaryKind.CLOSED:
            for target in group.targets:
                name = BoardName(lease.org_id, target.id, lease.boundary.period_id)
                await close_within(transaction, name, self._runtime.clock())
        is_open = group is not None and not group.deleted and lease.boundary.due_at < last_window_check(group, settings)
        if lease.boundary.kind is BoundaryKind.WINDOWS and is_open:
            await boundaries.repeat(transaction, lease, next_window_check(lease.boundary.due_at))
        else:
            await boundaries.finish(transaction, lease, self._runtime.clock())


class _Agenda:
    """The turns of one organisation at one version that are yet to be written down, the next one last."""

    def __init__(self, snapshot: OrganisationSnapshot) -> None:
        self.version = snapshot.organisation.version
        settings = snapshot.organisation.settings
        found = (
            boundary for group in snapshot.rule_index.groups.values() for boundary in boundaries_of(group, settings)
        )
        self._turns = sorted(found, key=lambda boundary: boundary.due_at, reverse=True)

    def due(self, now: int) -> Iterator[PeriodBoundary]:
        return takewhile(lambda boundary: boundary.due_at <= now, reversed(self._turns))

    def forget(self, now: int) -> None:
        while self._turns and self._turns[-1].due_at <= now:
            self._turns.pop()


def _incoming_event(
    customer_key: CustomerKey, boundary: PeriodBoundary, notice: PeriodNotice, now: int
) -> IncomingEvent:
    """Return the event by which a customer is told; the same whoever tells it, so that it cannot happen twice."""
    return IncomingEvent(
        org_id=customer_key.org_id,
        customer=Identifier(IdentifierKind.ID, str(customer_key.customer_id)),
        key=EventKey(SOURCE, f"{boundary.group_id}/{notice.period_id}/{'closed' if notice.closed else 'opened'}"),
        name=PERIOD_ROLLOVER,
        occurred_at=notice.at,
        received_at=now,
        place=None,
        till_id=None,
        payload=PeriodRollover(group_id=boundary.group_id, period_id=notice.period_id, closed=notice.closed),
    )
