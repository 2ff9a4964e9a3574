"""Long work that is done page by page."""

from collections.abc import Sequence

from milepost.model.job import Job, JobKind, JobScope
from milepost.model.target import TargetGroup
from milepost.store.database import Row, Transaction
from milepost.store.log import CustomerKey, key_of_customer


async def ask(transaction: Transaction, org_id: int, kind: JobKind, scope: JobScope, now: int) -> int:
    """Write down work to be done; return its id, also where it was asked for already and is not done."""
    values = {"org_id": org_id, "kind": kind.value, "subject": _subject(scope)}
    row = await transaction.row("ask_for_job", values | {"now": now})
    if row is None:
        row = await transaction.row("open_job", values)
    assert row is not None
    return int(row[0])


async def follow_audiences(transaction: Transaction, org_id: int, group: TargetGroup) -> None:
    """Ask that those who are in audiences already be enrolled in what *group* says now; the organisation is locked.

    Each target asks once for each version that it names; what it named before and does not name now is forgotten, so
    that a target that is put in force again asks anew.
    """
    kind = JobKind.ENROL_AUDIENCE
    targets = [target for target in group.targets if group.active and target.active]
    scopes = [JobScope(group.id, target.id, one.version_id) for target in targets for one in target.audiences]
    subjects = [_subject(scope) for scope in scopes]
    values = {"org_id": org_id, "kind": kind.value, "subjects": subjects}
    await transaction.run("forget_jobs", values | {"prefix": f"{group.id}/"})
    if not scopes:
        return
    known = {subject for (subject,) in await transaction.rows("jobs_about", values)}
    for scope in scopes:
        if _subject(scope) not in known:
            await ask(transaction, org_id, kind, scope, group.attribution.updated_at)


async def take_next(transaction: Transaction) -> Job | None:
    """Return the work that has waited longest, if any; nobody else is at it until *transaction* ends."""
    row = await transaction.row("next_job")
    return None if row is None else _job(row)


async def one(transaction: Transaction, org_id: int, job_id: int) -> Job | None:
    """Return a piece of work."""
    row = await transaction.row("job", {"org_id": org_id, "job_id": job_id})
    return None if row is None else _job(row)


async def keep(transaction: Transaction, job: Job, now: int) -> None:
    """Write how far *job* has come."""
    bucket, customer_id = job.after
    await transaction.run(
        "keep_job",
        {
            "org_id": job.org_id,
            "job_id": job.id,
            "after_bucket": bucket,
            "after_customer": customer_id,
            "looked_at": job.looked_at,
            "concerned": job.concerned,
            "failed": job.failed,
            "now": now,
            "done_at": job.done_at,
        },
    )


async def customers_after(
    transaction: Transaction, org_id: int, after: tuple[int, int], limit: int
) -> list[CustomerKey]:
    """Return at most *limit* customers of an organisation after one, in the order of buckets."""
    bucket, customer_id = after
    values = {"org_id": org_id, "bucket": bucket, "customer_id": customer_id, "limit": limit}
    return [key_of_customer(org_id, found) for _, found in await transaction.rows("standings_after", values)]


async def who_did(
    transaction: Transaction,
    org_id: int,
    customer_keys: Sequence[CustomerKey],
    names: Sequence[str],
    span: tuple[int, int],
) -> set[int]:
    """Return the ids of those who did something of these *names* from the first instant of *span* up to its second."""
    since, until = span
    values = {
        "buckets": [one.bucket for one in customer_keys],
        "customers": [one.customer_id for one in customer_keys],
        "org_id": org_id,
        "names": list(names),
        "since": since,
        "until": until,
    }
    return {customer_id for (customer_id,) in await transaction.rows("who_did", values)}


def _subject(scope: JobScope) -> str:
    return "/".join(map(str, scope))


def _job(row: Row) -> Job:
    org_id, job_id, kind, subject, bucket, customer_id, looked_at, concerned, failed, asked_at, done_at = row
    return Job(
        org_id=org_id,
        id=job_id,
        kind=JobKind(kind),
        scope=JobScope(*map(int, subject.split("/"))),
        after=(bucket, customer_id),
        looked_at=looked_at,
        concerned=concerned,
        failed=failed,
        asked_at=asked_at,
        done_at=done_at,
    )
