"""Long work over many customers, page by page: each page is one transaction that also says how far the work has come.

Any number of servers may work: a page locks its job, so none is done twice, and a server that dies leaves no trace of
the page it was at.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import structlog

from milepost.model.job import Job, JobKind
from milepost.model.problem import Unavailable
from milepost.model.role import Role
from milepost.model.target import Author
from milepost.service.enrolments.audience_enrolment import enrol_members, names_version
from milepost.service.enrolments.stored_events import count_for, open_targets
from milepost.service.runtime.runtime import Runtime
from milepost.service.snapshot.access import Caller
from milepost.store import audiences, jobs, log
from milepost.store.database import Transaction
from milepost.store.log import CustomerKey, key_of_customer

PAGE = 200
"""Customers looked at in one transaction, which locks their standings: events of theirs wait for it."""

OURSELVES = Author(id=0, code="milepost", name="milepost", kind="SYSTEM")
"""Who does what was asked for earlier."""

_log = structlog.get_logger()


class Page(NamedTuple):
    """What a page of work came to: the customers it looked at, in order, and how many of them it concerned."""

    looked_at: Sequence[CustomerKey]
    concerned: int


Worker = Callable[[Runtime, Transaction, Job, int], Awaitable[Page]]
"""Does at most so many customers of a job, after the customer where it stands."""


async def work_once(runtime: Runtime, *, page: int = PAGE) -> bool:
    """Do a page of the work that has waited longest; return whether there was any."""
    try:
        return await _page(runtime, page) is not None
    except Unavailable:
        raise
    except Exception:  # noqa: BLE001 - around one page, so that one customer cannot keep the others waiting
        _log.exception("job_page_failed")
    return await _singly(runtime, page)


async def find_job(runtime: Runtime, org_id: int, job_id: int) -> Job | None:
    """Return a piece of work of an organisation."""
    async with runtime.database.reading() as reading:
        return await jobs.find(reading, org_id, job_id)


async def _singly(runtime: Runtime, customers: int) -> bool:
    """Do as many customers one by one, and pass over whom our own mistake concerns."""
    for _ in range(customers):
        try:
            if await _page(runtime, 1) is None:
                break
        except Unavailable:
            raise
        except Exception:  # noqa: BLE001 - this is the customer
            await _page(runtime, 1, passing_over=True)
    return True


async def _page(runtime: Runtime, limit: int, *, passing_over: bool = False) -> Job | None:
    """Do the next *limit* customers of the next job; return how far it is then, None if there is no job."""

    async def work(transaction: Transaction) -> Job | None:
        job = await jobs.take_next(transaction)
        if job is None:
            return None
        if passing_over:
            found = Page(await _listed(transaction, job, limit), 0)
            _log.error(
                "job_passes_over", job=job.id, customers=[customer_key.customer_id for customer_key in found.looked_at]
            )
        else:
            found = await WORKERS[job.kind](runtime, transaction, job, limit)
        further = _further(job, found, limit, runtime.clock(), failed=passing_over)
        await jobs.save(transaction, further, runtime.clock())
        return further

    return await runtime.database.attempt(work)


def _further(job: Job, page: Page, limit: int, now: int, *, failed: bool) -> Job:
    """Return *job* as it stands after *page*; it is done when there were fewer customers than asked for."""
    last = page.looked_at[-1] if page.looked_at else None
    return replace(
        job,
        after=job.after if last is None else (last.bucket, last.customer_id),
        looked_at=job.looked_at + len(page.looked_at),
        concerned=job.concerned + page.concerned,
        failed=job.failed + (len(page.looked_at) if failed else 0),
        done_at=now if len(page.looked_at) < limit else None,
    )


async def _listed(transaction: Transaction, job: Job, limit: int) -> list[CustomerKey]:
    """Return the customers that a job looks at next."""
    match job.kind:
        case JobKind.ENROL_AUDIENCE:
            found = await audiences.read_members(transaction, job.org_id, job.scope.version_id, job.after, limit)
            return [key_of_customer(job.org_id, member.customer_id) for member in found]
        case JobKind.COUNT_STORED:
            return await jobs.customers_after(transaction, job.org_id, job.after, limit)


async def _enrol_audience(runtime: Runtime, transaction: Transaction, job: Job, limit: int) -> Page:
    """Enrol members of an audience in a target that came to name it, but for those who ever took part."""
    snapshot = await runtime.snapshots.one(transaction, job.org_id)
    group = snapshot.rule_index.groups.get(job.scope.group_id)
    aims = [
        (group, target)
        for target in (group.targets if group is not None and group.active else ())
        if group is not None
        and target.id == job.scope.target_id
        and target.active
        and names_version(target, job.scope.version_id)
    ]
    if not aims:
        return Page((), 0)
    customers = await _listed(transaction, job, limit)
    standings = await log.lock_standings(transaction, customers)
    concerned = await enrol_members(runtime, transaction, caller_of(job), aims, standings, runtime.clock(), anew=False)
    return Page(customers, concerned)


def caller_of(job: Job) -> Caller:
    """Return who does a job: nobody who could be asked."""
    return Caller(org_id=job.org_id, author=OURSELVES, till_id=None, role=Role.ADMIN)


async def _count_stored(runtime: Runtime, transaction: Transaction, job: Job, limit: int) -> Page:
    """Count what is stored for a group's targets that are open to all."""
    snapshot = await runtime.snapshots.one(transaction, job.org_id)
    group = snapshot.rule_index.groups.get(job.scope.group_id)
    if group is None or not group.active or not open_targets(group):
        return Page((), 0)
    customers = await _listed(transaction, job, limit)
    return Page(customers, await count_for(runtime, transaction, caller_of(job), snapshot, group, customers))


WORKERS: Mapping[JobKind, Worker] = {JobKind.ENROL_AUDIENCE: _enrol_audience, JobKind.COUNT_STORED: _count_stored}
