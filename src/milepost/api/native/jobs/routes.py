"""Long work that a request asked for: how far it has come."""

from fastapi import APIRouter
from msgspec import Struct

from milepost.api.http.authentication import CurrentCaller, RunningRuntime
from milepost.api.http.body import JsonResponse, id_of
from milepost.model.job import Job
from milepost.model.problem import Problem, Refused
from milepost.rules.calendar import calendar_of
from milepost.service.scheduled.jobs import find_job

router = APIRouter(prefix="/api/v1/jobs", tags=["jobs"])


class JobItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """Work over many customers: how many were looked at, how many of them it concerned, how many were passed over.

    `doneAt` is null until all were looked at.
    """

    id: int
    kind: str
    target_group_id: int
    looked_at: int
    concerned: int
    failed: int
    asked_at: str
    done_at: str | None


@router.get("/{job_id}", response_model=None)
async def get_job(job_id: str, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Tell how far long work has come."""
    known = id_of(job_id)
    found = None if known is None else await find_job(runtime, caller.org_id, known)
    if found is None:
        raise Refused(Problem("jobId", "there is no work with this id"))
    return JsonResponse(job_item(found))


def job_item(job: Job) -> JobItem:
    """Return a piece of work as our face tells it."""
    utc = calendar_of("UTC")
    return JobItem(
        job.id,
        job.kind.value,
        job.scope.group_id,
        job.looked_at,
        job.concerned,
        job.failed,
        utc.iso(job.asked_at),
        None if job.done_at is None else utc.iso(job.done_at),
    )
