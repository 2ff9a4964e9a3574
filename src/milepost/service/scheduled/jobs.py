"""Jobs: long work over many customers, done in pages. Each page is a transaction that also stores how far the job is.

Any number of servers may work on jobs. A page locks its job, so no page is done twice, and the page of a server that
dies is rolled back (decision 0017).
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import structlog

from milepost.model.access.role import Role
from milepost.model.definitions.change import ChangeState
from milepost.model.delivery.outcome_type import OutcomeType
from milepost.model.problem import DatabaseFault, Unavailable
from milepost.model.scheduled.job import Job, JobKind
from milepost.model.target import Author
from milepost.model.time import Micros
from milepost.service.changes.previews import preview_page
from milepost.service.changes.publishing import publish_due
from milepost.service.changes.recomputation import revise_page
from milepost.service.customers.identifier_forms import rewrite_identifiers
from milepost.service.delivery.announcements import announce
from milepost.service.delivery.payloads.native import JobOutcome
from milepost.service.delivery.recovery import recover_customers
from milepost.service.enrolments.audience_enrolment import enrol_members, names_version
from milepost.service.enrolments.stored_events import count_stored_for, open_targets
from milepost.service.runtime.runtime import Runtime, within
from milepost.service.snapshot.access import Caller
from milepost.store import audiences, log
from milepost.store.database import Transaction
from milepost.store.drafts import changes
from milepost.store.log import CustomerKey, key_of_customer
from milepost.store.scheduled import jobs

PAGE = 200
"""Customers of one transaction. Their standings are locked until it ends, and their events wait for it."""

OURSELVES = Author(id=0, code="milepost", name="milepost", kind="SYSTEM")
"""The author of what jobs do."""

_log = structlog.get_logger()


class Page(NamedTuple):
    """The result of a page: the customers it looked at, in order, and for how many of them something changed."""

    looked_at: Sequence[CustomerKey]
    concerned: int


Worker = Callable[[Runtime, Transaction, Job, int], Awaitable[Page]]
"""Does the next customers of a job, at most as many as the last argument says."""


async def work_once(runtime: Runtime, *, page: int = PAGE) -> bool:
    """Publish changes that are due, or do a page of the job that has waited longest; return whether there was work."""
    try:
        if await publish_due(runtime):
            return True
        return await _page(runtime, page) is not None
    except (Unavailable, DatabaseFault):
        raise
    except Exception:  # noqa: BLE001 - around one page, so that one customer cannot keep the others waiting
        _log.exception("job_page_failed")
    return await _singly(runtime, page)


async def find_job(runtime: Runtime, org_id: int, job_id: int) -> Job | None:
    """Return a job of an organisation; None if there is none with this id."""
    async with runtime.database.reading() as reading:
        return await jobs.find(reading, org_id, job_id)


async def _singly(runtime: Runtime, customers: int) -> bool:
    """Do so many customers one by one, and skip those for whom a mistake of ours fails."""
    for _ in range(customers):
        try:
            if await _page(runtime, 1) is None:
                break
        except (Unavailable, DatabaseFault):
            raise
        except Exception:  # noqa: BLE001 - around one customer, who is skipped
            await _page(runtime, 1, skipping=True)
    return True


async def _page(server: Runtime, limit: int, *, skipping: bool = False) -> Job | None:
    """Do the next *limit* customers of the next job; return the job as it is then, None if there is none."""

    async def work(transaction: Transaction) -> Job | None:
        job = await jobs.take_next(transaction)
        if job is None:
            return None
        runtime = await within(server, job.org_id, transaction)
        if skipping:
            result = Page(await _next_customers(transaction, job, limit), 0)
            _log.error(
                "job_passes_over", job=job.id, customers=[customer_key.customer_id for customer_key in result.looked_at]
            )
        else:
            result = await WORKERS[job.kind](runtime, transaction, job, limit)
        job_after = _after_page(job, result, limit, runtime.clock(), failed=skipping)
        await jobs.save(transaction, job_after, runtime.clock())
        if job_after.done_at is not None:
            await _announce_end(runtime, transaction, job_after)
        return job_after

    return await server.database.attempt(work)


async def _announce_end(runtime: Runtime, transaction: Transaction, job: Job) -> None:
    snapshot = await runtime.snapshots.of_organisation(transaction, job.org_id)
    data = JobOutcome(
        id=job.id,
        kind=job.kind.value,
        target_group_id=job.scope.group_id,
        looked_at=job.looked_at,
        concerned=job.concerned,
        failed=job.failed,
    )
    await announce(transaction, snapshot, OutcomeType.JOB_FINISHED, str(job.id), runtime.clock(), data)


def _after_page(job: Job, page: Page, limit: int, now: Micros, *, failed: bool) -> Job:
    """Return *job* as it is after *page*; it is done if the page has fewer customers than *limit*."""
    last = page.looked_at[-1] if page.looked_at else None
    return replace(
        job,
        after=job.after if last is None else (last.bucket, last.customer_id),
        looked_at=job.looked_at + len(page.looked_at),
        concerned=job.concerned + page.concerned,
        failed=job.failed + (len(page.looked_at) if failed else 0),
        done_at=now if len(page.looked_at) < limit else None,
    )


async def _next_customers(transaction: Transaction, job: Job, limit: int) -> list[CustomerKey]:
    """Return the next *limit* customers of a job."""
    match job.kind:
        case JobKind.ENROL_AUDIENCE:
            members = await audiences.read_members(transaction, job.org_id, job.scope.version_id, job.after, limit)
            return [key_of_customer(job.org_id, member.customer_id) for member in members]
        case _:
            return await jobs.customers_after(transaction, job.org_id, job.after, limit)


async def _enrol_audience(runtime: Runtime, transaction: Transaction, job: Job, limit: int) -> Page:
    """Enrol members of an audience in a target that names it since the job began, unless they ever took part in it."""
    snapshot = await runtime.snapshots.of_organisation(transaction, job.org_id)
    group = snapshot.rule_index.groups.get(job.scope.group_id)
    targets = [
        (group, target)
        for target in (group.targets if group is not None and group.active else ())
        if group is not None
        and target.id == job.scope.target_id
        and target.active
        and names_version(target, job.scope.version_id)
    ]
    if not targets:
        return Page((), 0)
    customers = await _next_customers(transaction, job, limit)
    standings = await log.lock_standings(transaction, customers)
    concerned = await enrol_members(
        runtime, transaction, caller_of(job), targets, standings, runtime.clock(), again=False
    )
    return Page(customers, concerned)


def caller_of(job: Job) -> Caller:
    """Return the caller on whose behalf a job runs: Milepost itself."""
    return caller_within(job.org_id)


def caller_within(org_id: int) -> Caller:
    """Return the caller for what Milepost itself does in an organisation."""
    return Caller(org_id=org_id, author=OURSELVES, till_id=None, role=Role.ADMIN)


async def _count_stored(runtime: Runtime, transaction: Transaction, job: Job, limit: int) -> Page:
    """Count stored events for the targets of a group that are open to all."""
    snapshot = await runtime.snapshots.of_organisation(transaction, job.org_id)
    group = snapshot.rule_index.groups.get(job.scope.group_id)
    if group is None or not group.active or not open_targets(group):
        return Page((), 0)
    customers = await _next_customers(transaction, job, limit)
    return Page(customers, await count_stored_for(runtime, transaction, caller_of(job), snapshot, group, customers))


async def _normalise_identifiers(_runtime: Runtime, transaction: Transaction, job: Job, limit: int) -> Page:
    """Rewrite stored identifiers into their form."""
    customers = await _next_customers(transaction, job, limit)
    return Page(customers, await rewrite_identifiers(transaction, job.org_id, customers))


async def _recover_messages(runtime: Runtime, transaction: Transaction, job: Job, limit: int) -> Page:
    """Write messages that a webhook never got."""
    page = await _next_customers(transaction, job, limit)
    return Page(page, await recover_customers(runtime, transaction, job, page))


async def _preview_change(runtime: Runtime, transaction: Transaction, job: Job, limit: int) -> Page:
    """Try a change on customers."""
    change = await changes.find(transaction, job.org_id, job.scope.version_id)
    if change is None or change.state is not ChangeState.PREVIEWING:
        return Page((), 0)
    return Page(await preview_page(runtime, transaction, change, job.after, limit), 0)


async def _revise_progress(runtime: Runtime, transaction: Transaction, job: Job, limit: int) -> Page:
    """Give customers the progress that a changed definition makes."""
    change = await changes.find(transaction, job.org_id, job.scope.version_id)
    if change is None or change.state is not ChangeState.RECOMPUTING:
        return Page((), 0)
    return Page(*await revise_page(runtime, transaction, change, job.after, limit))


WORKERS: Mapping[JobKind, Worker] = {
    JobKind.ENROL_AUDIENCE: _enrol_audience,
    JobKind.COUNT_STORED: _count_stored,
    JobKind.NORMALISE_IDENTIFIERS: _normalise_identifiers,
    JobKind.RECOVER_MESSAGES: _recover_messages,
    JobKind.PREVIEW_CHANGE: _preview_change,
    JobKind.REVISE_PROGRESS: _revise_progress,
}
