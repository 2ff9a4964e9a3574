"""What our own face adds to target groups: counting what is stored."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Request
from msgspec import Meta, Struct

from milepost.api.http.authentication import CurrentCaller, RunningRuntime
from milepost.api.http.body import ID_MAX, JsonResponse, id_of, read_body, read_json
from milepost.api.native.structure import structure_problems
from milepost.model.problem import Refused
from milepost.service.definitions.participation import UNKNOWN_GROUP
from milepost.service.enrolments.stored_events import count_stored

router = APIRouter(prefix="/api/v1/targetGroups", tags=["target groups"])


class CountingBody(Struct, forbid_unknown_fields=True):
    """For whom to count what is stored: these customers, by id, or all."""

    customers: list[Annotated[int, Meta(ge=1, le=ID_MAX)]] | None = None


class CountingItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """For how many of the customers named something counted; for all, the job at `/api/v1/jobs` that counts."""

    job_id: int | None
    concerned: int | None


@router.post("/{group_id}/countStored", response_model=None)
async def post_count_stored(
    group_id: str, request: Request, runtime: RunningRuntime, caller: CurrentCaller
) -> JsonResponse:
    """Count events heard before the group was made, for its targets that everybody takes part in."""
    group = group_id_of(group_id)
    body = await read_body(request)
    value = read_json(body) if body.strip() else {}
    problems = structure_problems(value, CountingBody)
    if problems:
        raise Refused(*problems)
    counting = await count_stored(runtime, caller, group, msgspec.convert(value, CountingBody).customers)
    return JsonResponse(CountingItem(counting.job_id, counting.concerned))


def group_id_of(text: str) -> int:
    """Return the id of a group in a path; raises Refused."""
    found = id_of(text)
    if not found:
        raise Refused(UNKNOWN_GROUP)
    return found
