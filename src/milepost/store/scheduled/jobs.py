"""The table of jobs: long work that is done page by page."""

from collections.abc import Sequence

from milepost.model.scheduled.job import Job, JobKind, JobScope
from milepost.model.target import TargetGroup
from milepost.model.time import Micros
from milepost.store.database import Row, Transaction
from milepost.store.log import CustomerKey, key_of_customer


async def request(transaction: Transaction, org_id: int, kind: JobKind, scope: JobScope, now: Micros) -> int:
    """Request a job and return its id. If the same job is already open, return the id of that job."""
    values = {"org_id": org_id, "kind": kind.value, "subject": _subject(scope)}
    row = await transaction.row("request_job", values | {"now": now})
    if row is None:
        row = await transaction.row("open_job", values)
    assert row is not None
    return int(row[0])


async def position(transaction: Transaction, org_id: int, kind: JobKind, scope: JobScope) -> tuple[int, int] | None:
    """Return the bucket and id of the last customer whom an open job has visited; None if it is not open."""
    row = await transaction.row("job_position", {"org_id": org_id, "kind": kind.value, "subject": _subject(scope)})
    return None if row is None else (row[0], row[1])


async def request_enrolments(transaction: Transaction, org_id: int, group: TargetGroup) -> None:
    """Request jobs that enrol the present members of the audiences that *group* names.

    Each active target requests one job for each audience version that it names. Jobs for versions that it no longer
    names are deleted, so that a target that is activated again requests its jobs again. The caller has locked the
    organisation.
    """
    kind = JobKind.ENROL_AUDIENCE
    targets = [target for target in group.targets if group.active and target.active]
    scopes = [JobScope(group.id, target.id, audience.version_id) for target in targets for audience in target.audiences]
    subjects = [_subject(scope) for scope in scopes]
    values = {"org_id": org_id, "kind": kind.value, "subjects": subjects}
    await transaction.run("delete_jobs", values | {"prefix": f"{group.id}/"})
    if not scopes:
        return
    requested = {subject for (subject,) in await transaction.rows("subjects_requested", values)}
    for scope in scopes:
        if _subject(scope) not in requested:
            await request(transaction, org_id, kind, scope, group.attribution.updated_at)


async def take_next(transaction: Transaction) -> Job | None:
    """Return the open job that has waited longest, locked until *transaction* ends; None if none is open and free."""
    row = await transaction.row("next_job")
    return None if row is None else _job(row)


async def find(transaction: Transaction, org_id: int, job_id: int) -> Job | None:
    """Return the job with this id, None if there is none."""
    row = await transaction.row("job", {"org_id": org_id, "job_id": job_id})
    return None if row is None else _job(row)


async def save(transaction: Transaction, job: Job, now: Micros) -> None:
    """Store the state of *job*; it was touched at *now* (epoch microseconds)."""
    bucket, customer_id = job.after
    await transaction.run(
        "save_job",
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
    """Return at most *limit* customers of an organisation behind *after* (bucket and customer id), in that order."""
    bucket, customer_id = after
    values = {"org_id": org_id, "bucket": bucket, "customer_id": customer_id, "limit": limit}
    return [
        key_of_customer(org_id, customer_id) for _, customer_id in await transaction.rows("standings_after", values)
    ]


async def customers_with_events(
    transaction: Transaction,
    org_id: int,
    customer_keys: Sequence[CustomerKey],
    names: Sequence[str],
    span: tuple[int, int],
) -> set[int]:
    """Return the ids of customers with an event of one of these *names* in a half-open *span* (epoch microseconds)."""
    since, until = span
    values = {
        "buckets": [key.bucket for key in customer_keys],
        "customers": [key.customer_id for key in customer_keys],
        "org_id": org_id,
        "names": list(names),
        "since": since,
        "until": until,
    }
    return {customer_id for (customer_id,) in await transaction.rows("customers_with_events", values)}


def _subject(scope: JobScope) -> str:
    return "/".join(map(str, scope if scope.webhook_id else scope[:3]))


def _scope(subject: str) -> JobScope:
    group_id, target_id, version_id, webhook_id, since, until = (*map(int, subject.split("/")), 0, 0, 0)[:6]
    return JobScope(
        group_id=group_id,
        target_id=target_id,
        version_id=version_id,
        webhook_id=webhook_id,
        since=Micros(since),
        until=Micros(until),
    )


def _job(row: Row) -> Job:
    org_id, job_id, kind, subject, bucket, customer_id, looked_at, concerned, failed, asked_at, done_at = row
    return Job(
        org_id=org_id,
        id=job_id,
        kind=JobKind(kind),
        scope=_scope(subject),
        after=(bucket, customer_id),
        looked_at=looked_at,
        concerned=concerned,
        failed=failed,
        asked_at=asked_at,
        done_at=done_at,
    )
