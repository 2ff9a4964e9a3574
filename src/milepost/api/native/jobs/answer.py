"""What is answered about a job."""

from msgspec import Struct

from milepost.api.native.answer import iso, iso_or_null
from milepost.model.scheduled.job import Job


class JobItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """Work over many customers: how many it has looked at, how many of them it changed, and how many failed.

    `doneAt` is null until it has looked at all of them.
    """

    id: int
    kind: str
    target_group_id: int
    looked_at: int
    concerned: int
    failed: int
    asked_at: str
    done_at: str | None


def job_item(job: Job) -> JobItem:
    """Return a job and how far it has come."""
    return JobItem(
        id=job.id,
        kind=job.kind.value,
        target_group_id=job.scope.group_id,
        looked_at=job.looked_at,
        concerned=job.concerned,
        failed=job.failed,
        asked_at=iso(job.asked_at),
        done_at=iso_or_null(job.done_at),
    )
