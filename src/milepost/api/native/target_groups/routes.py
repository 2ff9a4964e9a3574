"""What our own API adds to target groups: a summary of all customers, and counting events that are stored already."""

from collections.abc import Mapping

from fastapi import APIRouter, HTTPException, Request

from milepost.api.http.authentication import CurrentCaller, RunningRuntime
from milepost.api.http.body import JsonResponse, read_body, read_json
from milepost.api.http.route import ADMIN, READ, READING_ONE, Body, Route
from milepost.api.native.path import id_or_refuse, path_id
from milepost.api.native.structure import struct_of
from milepost.api.native.target_groups.answer import CountingItem, GroupSummaryItem, summary_item
from milepost.api.native.target_groups.body import CountingBody
from milepost.model.problem import Problem, Refused
from milepost.service.definitions.participation import UNKNOWN_GROUP
from milepost.service.enrolments.stored_events import count_stored
from milepost.service.explanations.group_summary import summarise

router = APIRouter(prefix="/api/v1/targetGroups", tags=["target groups"])


@router.post("/{group_id}/countStored", response_model=None)
async def post_count_stored(
    group_id: str, request: Request, runtime: RunningRuntime, caller: CurrentCaller
) -> JsonResponse:
    """Count events that were received before the group was created, for targets in which every customer takes part."""
    group = id_or_refuse(group_id, UNKNOWN_GROUP)
    body = await read_body(request)
    customers = struct_of(read_json(body) if body.strip() else {}, CountingBody).customers
    counting = await count_stored(runtime, caller, group, customers)
    return JsonResponse(CountingItem(counting.job_id, counting.concerned))


@router.get("/{group_id}/summary", response_model=None)
async def get_summary(group_id: str, runtime: RunningRuntime, caller: CurrentCaller, period: str = "") -> JsonResponse:
    """Return how far all customers are with a group: how many take part, have begun, are half way and have achieved.

    It is counted exactly and may be some seconds old (`madeAt`). Without `period`, a refCode or an id, it has them all.
    """
    id_ = path_id(group_id, "target group")
    summary = await summarise(runtime, caller.org_id, id_)
    if summary is None:
        raise HTTPException(404, f"there is no target group {id_}")
    periods = [one for one in summary.group.periods if not period or period in {one.ref_code, str(one.id)}]
    if not periods:
        raise Refused(Problem("period", "the target group has no such period"))
    return JsonResponse(summary_item(summary, periods))


ROUTES: Mapping[tuple[str, str], Route] = {
    ("post", "/api/v1/targetGroups/{group_id}/countStored"): Route(ADMIN, CountingItem, Body((CountingBody,))),
    ("get", "/api/v1/targetGroups/{group_id}/summary"): Route(READ, GroupSummaryItem, statuses=READING_ONE),
}
