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
from milepost.service.access import Caller
from milepost.service.counting_stored import count_for, open_targets
from milepost.service.entering import enrol_entered, names_version
from milepost.service.installation import Installation
from milepost.store import audiences, jobs, log
from milepost.store.database import Transaction
from milepost.store.log import Who, who_is

PAGE = 200
"""Customers looked at in one transaction, which locks their standings: events of theirs wait for it."""

OURSELVES = Author(id=0, code="milepost", name="milepost", kind="SYSTEM")
"""Who does what was asked for earlier."""

_log = structlog.get_logger()


class Page(NamedTuple):
    """What a page of work came to: the customers it looked at, in order, and how many of them it concerned."""

    looked_at: Sequence[Who]
    concerned: int


Worker = Callable[[Installation, Transaction, Job, int], Awaitable[Page]]
"""Does at most so many customers of a job, after the customer where it stands."""


async def work_once(here: Installation, *, page: int = PAGE) -> bool:
    """Do a page of the work that has waited longest; tell whether there was any."""
    try:
        return await _page(here, page) is not None
    except Unavailable:
        raise
    except Exception:  # noqa: BLE001 - around one page, so that one customer cannot keep the others waiting
        _log.exception("job_page_failed")
    return await _singly(here, page)


async def find_job(here: Installation, org_id: int, job_id: int) -> Job | None:
    """Give a piece of work of an organisation."""
    async with here.database.reading() as reading:
        return await jobs.one(reading, org_id, job_id)


async def _singly(here: Installation, customers: int) -> bool:
    """Do as many customers one by one, and pass over whom our own mistake concerns."""
    for _ in range(customers):
        try:
            if await _page(here, 1) is None:
                break
        except Unavailable:
            raise
        except Exception:  # noqa: BLE001 - this is the customer
            await _page(here, 1, passing_over=True)
    return True


async def _page(here: Installation, limit: int, *, passing_over: bool = False) -> Job | None:
    """Do the next *limit* customers of the next job; give how far it is then, None if there is no job."""

    async def work(transaction: Transaction) -> Job | None:
        job = await jobs.take_next(transaction)
        if job is None:
            return None
        if passing_over:
            found = Page(await _listed(transaction, job, limit), 0)
            _log.error("job_passes_over", job=job.id, customers=[who.customer_id for who in found.looked_at])
        else:
            found = await WORKERS[job.kind](here, transaction, job, limit)
        further = _further(job, found, limit, here.clock(), failed=passing_over)
        await jobs.keep(transaction, further, here.clock())
        return further

    return await here.database.attempt(work)


def _further(job: Job, page: Page, limit: int, now: int, *, failed: bool) -> Job:
    """Give *job* as it stands after *page*; it is done when there were fewer customers than asked for."""
    last = page.looked_at[-1] if page.looked_at else None
    return replace(
        job,
        after=job.after if last is None else (last.bucket, last.customer_id),
        looked_at=job.looked_at + len(page.looked_at),
        concerned=job.concerned + page.concerned,
        failed=job.failed + (len(page.looked_at) if failed else 0),
        done_at=now if len(page.looked_at) < limit else None,
    )


async def _listed(transaction: Transaction, job: Job, limit: int) -> list[Who]:
    """Give the customers that a job looks at next."""
    match job.kind:
        case JobKind.ENROL_AUDIENCE:
            found = await audiences.members(transaction, job.org_id, job.scope.version_id, job.after, limit)
            return [who_is(job.org_id, member.customer_id) for member in found]
        case JobKind.COUNT_STORED:
            return await jobs.customers_after(transaction, job.org_id, job.after, limit)


async def _enrol_audience(here: Installation, transaction: Transaction, job: Job, limit: int) -> Page:
    """Enrol members of an audience in a target that came to name it, but for those who ever took part."""
    brand = await here.brands.one(transaction, job.org_id)
    group = brand.catalogue.groups.get(job.scope.group_id)
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
    who = await _listed(transaction, job, limit)
    standings = await log.lock_standings(transaction, who)
    concerned = await enrol_entered(here, transaction, caller_of(job), aims, standings, here.clock(), anew=False)
    return Page(who, concerned)


def caller_of(job: Job) -> Caller:
    """Give who does a job: nobody who could be asked."""
    return Caller(org_id=job.org_id, author=OURSELVES, till_id=None, role=Role.ADMIN)


async def _count_stored(here: Installation, transaction: Transaction, job: Job, limit: int) -> Page:
    """Count what is stored for a group's targets that are open to all."""
    brand = await here.brands.one(transaction, job.org_id)
    group = brand.catalogue.groups.get(job.scope.group_id)
    if group is None or not group.active or not open_targets(group):
        return Page((), 0)
    who = await _listed(transaction, job, limit)
    return Page(who, await count_for(here, transaction, caller_of(job), brand, group, who))


WORKERS: Mapping[JobKind, Worker] = {JobKind.ENROL_AUDIENCE: _enrol_audience, JobKind.COUNT_STORED: _count_stored}
