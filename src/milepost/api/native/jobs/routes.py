"""Jobs: how far the long work of an earlier request has come."""

from collections.abc import Mapping

from fastapi import APIRouter

from milepost.api.http.authentication import CurrentCaller, RunningRuntime
from milepost.api.http.body import JsonResponse
from milepost.api.http.route import READ, READING, Route
from milepost.api.native.jobs.answer import JobItem, job_item
from milepost.api.native.path import id_or_refuse
from milepost.model.problem import Problem, Refused
from milepost.service.scheduled.jobs import find_job

UNKNOWN_JOB = Problem("jobId", "there is no job with this id")

router = APIRouter(prefix="/api/v1/jobs", tags=["jobs"])


@router.get("/{job_id}", response_model=None)
async def get_job(job_id: str, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Return how far a job has come."""
    job = await find_job(runtime, caller.org_id, id_or_refuse(job_id, UNKNOWN_JOB))
    if job is None:
        raise Refused(UNKNOWN_JOB)
    return JsonResponse(job_item(job))


ROUTES: Mapping[tuple[str, str], Route] = {("get", "/api/v1/jobs/{job_id}"): Route(READ, JobItem, statuses=READING)}
