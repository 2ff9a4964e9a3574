"""Notifies customers that a period opened or closed: boundaries are planned, leased, and worked through in pages.

Any number of servers may do this at once. A boundary is one row of the database. A server that works on it holds a
lease, which raised the boundary's epoch. Each page of customers is one transaction: it locks the boundary, checks that
the epoch is still that of the lease, applies the notices as events, and stores the last customer of the page. So when a
server is killed, another continues after its last page; and a server that was held up finds a newer epoch and can
notify nobody (decision 0011).
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile
from typing import TYPE_CHECKING

import structlog

from milepost.model.delivery.outcome_type import OutcomeType
from milepost.model.event import PERIOD_ROLLOVER, PERIOD_SOURCE, EventKey, PeriodRollover
from milepost.model.organisation import PeriodEndOutcome
from milepost.model.problem import DatabaseFault, Unavailable
from milepost.model.scheduled.boundary import BoundaryKind, PeriodBoundary
from milepost.model.target import Target, TargetGroup
from milepost.model.time import Micros
from milepost.rules.compiled.boundaries import (
    WINDOW_CHECK_EVERY_US,
    boundaries_of,
    last_window_check,
    next_window_check,
)
from milepost.service.boards.cached_boards import close_within
from milepost.service.delivery.announcements import announce
from milepost.service.delivery.payloads.native import BoardOutcome, NamedPart, TargetPart
from milepost.service.ingest.incoming_event import IncomingEvent, Status, own_event
from milepost.service.runtime.runtime import Runtime, within
from milepost.service.scheduled.period_notices import PeriodNotice, notices_for
from milepost.service.snapshot.organisation_snapshot import OrganisationSnapshot
from milepost.store import organisations, sandboxes
from milepost.store.database import Transaction
from milepost.store.leaderboards import BoardName
from milepost.store.log import CustomerKey
from milepost.store.scheduled import boundaries
from milepost.store.scheduled.boundaries import Lease

if TYPE_CHECKING:
    from milepost.model.sandbox import SandboxClock

PAGE = 200
"""Customers of one transaction; their standings are locked while they are notified."""

_log = structlog.get_logger()


class BoundaryNotifier:
    """Plans period boundaries and notifies customers of them.

    It remembers what it planned only to save work: planning a boundary again changes nothing.
    """

    def __init__(self, runtime: Runtime, *, page: int = PAGE) -> None:
        """Work for the organisations of *runtime*, with *page* customers in one transaction."""
        self._runtime = runtime
        self._page = page
        self._agendas: dict[int, _Agenda] = {}
        self._sandboxes: Mapping[int, SandboxClock] = {}

    async def plan(self) -> None:
        """Store the boundaries that are due by now, which is another instant in each sandbox."""
        real = self._runtime.clocks.real()
        async with self._runtime.database.transaction() as transaction:
            org_ids = await organisations.all_ids(transaction)
            snapshots = await self._runtime.snapshots.current(transaction, org_ids)
            agendas = {org_id: self._agenda_of(org_id, snapshot) for org_id, snapshot in snapshots.items()}
            self._sandboxes = await sandboxes.all_clocks(transaction)
            now = {org_id: clock.at(real) for org_id, clock in self._sandboxes.items()}
            due = [
                (org_id, boundary)
                for org_id, agenda in agendas.items()
                for boundary in agenda.due(now.get(org_id, real))
            ]
            if due:
                await boundaries.schedule(transaction, due)
        for org_id, agenda in agendas.items():
            agenda.forget(now.get(org_id, real))
        self._agendas = agendas

    async def acquire_lease(self) -> Lease | None:
        """Lease a boundary that is due and that no server works on; return None if there is none.

        The one that has been due longest comes first, and those of sandboxes come last.
        """
        real = self._runtime.clocks.real()
        lease = await self._lease(real, None)
        for org_id, clock in self._sandboxes.items():
            lease = lease or await self._lease(clock.at(real), org_id)
        return lease

    async def acquire_lease_of(self, org_id: int, now: Micros) -> Lease | None:
        """Lease a boundary of one organisation that is due at *now*; return None if there is none."""
        return await self._lease(now, org_id)

    async def _lease(self, now: Micros, org_id: int | None) -> Lease | None:
        async with self._runtime.database.transaction() as transaction:
            windows_until = Micros(next_window_check(now) - WINDOW_CHECK_EVERY_US)
            return await boundaries.acquire_lease(transaction, now, windows_until, org_id)

    async def notify_page(self, lease: Lease) -> Lease | None:
        """Notify the next page of customers; return the lease for the page after it.

        Return None when all customers were notified, or when the lease was lost. A customer for whom a mistake of ours
        fails is left out, so that the others are notified.
        """
        try:
            return await self._notify(lease, self._page)
        except (Unavailable, DatabaseFault):
            raise
        except Exception:  # noqa: BLE001 - around one page, so that one customer cannot keep the others waiting
            _log.warning("turn_page_failed", group=lease.boundary.group_id, period=lease.boundary.period_id)
        for _ in range(self._page):
            try:
                next_lease = await self._notify(lease, 1)
            except (Unavailable, DatabaseFault):
                raise
            except Exception:  # noqa: BLE001 - as above; the log names the customer
                _log.exception("customer_not_told", group=lease.boundary.group_id, after=lease.customer_id)
                next_lease = await self._notify(lease, 1, skipping=True)
            if next_lease is None:
                return None
            lease = next_lease
        return lease

    async def release(self, lease: Lease) -> None:
        """Release a lease, so that another server can take the boundary at once."""
        async with self._runtime.database.transaction() as transaction:
            await boundaries.release(transaction, lease)

    def _agenda_of(self, org_id: int, snapshot: OrganisationSnapshot) -> "_Agenda":
        agenda = self._agendas.get(org_id)
        return agenda if agenda is not None and agenda.version == snapshot.organisation.version else _Agenda(snapshot)

    async def _notify(self, lease: Lease, limit: int, *, skipping: bool = False) -> Lease | None:
        async def work(transaction: Transaction) -> Lease | None:
            if not await boundaries.lock_leased(transaction, lease):
                return None
            snapshot = await self._runtime.snapshots.of_organisation(transaction, lease.org_id)
            group = snapshot.rule_index.groups.get(lease.boundary.group_id)
            notifies_nobody = snapshot.organisation.settings.period_end_outcome is PeriodEndOutcome.NONE
            if group is None or not group.active or group.deleted or notifies_nobody:
                await self._end(transaction, lease, snapshot)
                return None
            targets = [target.id for target in group.targets]
            page = await boundaries.customers_due(transaction, lease, targets, limit)
            notices = [
                (due.customer_key, notice)
                for due in page
                for notice in notices_for(snapshot, group, lease.boundary, due)
            ]
            if notices and not skipping:
                await self._submit(transaction, lease.boundary, notices)
            if len(page) < limit:
                await self._end(transaction, lease, snapshot)
                return None
            return await boundaries.advance(transaction, lease, page[-1].customer_key)

        return await self._runtime.database.attempt(work)

    async def _submit(
        self, transaction: Transaction, boundary: PeriodBoundary, notices: Sequence[tuple[CustomerKey, PeriodNotice]]
    ) -> None:
        now = (await within(self._runtime, notices[0][0].org_id, transaction)).clock()
        incoming_events = [
            _rollover_event(customer_key, boundary, notice, max(now, notice.at)) for customer_key, notice in notices
        ]
        for answer in await self._runtime.ingest.inside(transaction, incoming_events):
            if answer.status in {Status.REFUSED, Status.CONFLICT}:
                _log.warning("turn_refused", customer=answer.customer_id, id=answer.key.id, status=answer.status.value)

    async def _end(self, transaction: Transaction, lease: Lease, snapshot: OrganisationSnapshot) -> None:
        """Finish a boundary: all customers were notified. Close its leaderboards.

        A boundary of customers' own windows is planned again as long as a window may be open.
        """
        group = snapshot.rule_index.groups.get(lease.boundary.group_id)
        settings = snapshot.organisation.settings
        now = (await within(self._runtime, lease.org_id, transaction)).clock()
        if group is not None and group.leaderboard and lease.boundary.kind is BoundaryKind.CLOSED:
            for target in group.targets:
                name = BoardName(lease.org_id, target.id, lease.boundary.period_id)
                await close_within(transaction, name, now)
                await _announce_board(transaction, snapshot, group, target, lease.boundary)
        is_open = group is not None and not group.deleted and lease.boundary.due_at < last_window_check(group, settings)
        if lease.boundary.kind is BoundaryKind.WINDOWS and is_open:
            await boundaries.repeat(transaction, lease, next_window_check(lease.boundary.due_at))
        else:
            await boundaries.finish(transaction, lease, now)


async def _announce_board(
    transaction: Transaction,
    snapshot: OrganisationSnapshot,
    group: TargetGroup,
    target: Target,
    boundary: PeriodBoundary,
) -> None:
    data = BoardOutcome(
        group=NamedPart(id=group.id, name=group.name),
        target=TargetPart(id=target.id, name=target.name, description=target.description),
        period_id=boundary.period_id,
    )
    name = f"{target.id}/{boundary.period_id}"
    await announce(transaction, snapshot, OutcomeType.LEADERBOARD_CLOSED, name, boundary.due_at, data)


class _Agenda:
    """The boundaries of one organisation at one version that are not stored yet."""

    def __init__(self, snapshot: OrganisationSnapshot) -> None:
        self.version = snapshot.organisation.version
        settings = snapshot.organisation.settings
        all_boundaries = (
            boundary for group in snapshot.rule_index.groups.values() for boundary in boundaries_of(group, settings)
        )
        # The next boundary stands last, where it is popped from.
        self._pending = sorted(all_boundaries, key=lambda boundary: boundary.due_at, reverse=True)

    def due(self, now: Micros) -> Iterator[PeriodBoundary]:
        return takewhile(lambda boundary: boundary.due_at <= now, reversed(self._pending))

    def forget(self, now: Micros) -> None:
        while self._pending and self._pending[-1].due_at <= now:
            self._pending.pop()


def _rollover_event(
    customer_key: CustomerKey, boundary: PeriodBoundary, notice: PeriodNotice, now: Micros
) -> IncomingEvent:
    """Return the event that notifies a customer. Every server builds the same key, so it is applied at most once."""
    key = EventKey(PERIOD_SOURCE, f"{boundary.group_id}/{notice.period_id}/{'closed' if notice.closed else 'opened'}")
    payload = PeriodRollover(group_id=boundary.group_id, period_id=notice.period_id, closed=notice.closed)
    org_id, customer_id = customer_key.org_id, customer_key.customer_id
    return own_event(org_id, customer_id, key, PERIOD_ROLLOVER, payload, now=now, occurred_at=notice.at)
