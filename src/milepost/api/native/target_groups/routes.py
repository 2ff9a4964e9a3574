"""What our own API adds to target groups: counting events that are stored already."""

from collections.abc import Mapping

from fastapi import APIRouter, Request

from milepost.api.http.authentication import CurrentCaller, RunningRuntime
from milepost.api.http.body import JsonResponse, read_body, read_json
from milepost.api.http.route import ADMIN, Body, Route
from milepost.api.native.path import id_or_refuse
from milepost.api.native.structure import struct_of
from milepost.api.native.target_groups.answer import CountingItem
from milepost.api.native.target_groups.body import CountingBody
from milepost.service.definitions.participation import UNKNOWN_GROUP
from milepost.service.enrolments.stored_events import count_stored

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


ROUTES: Mapping[tuple[str, str], Route] = {
    ("post", "/api/v1/targetGroups/{group_id}/countStored"): Route(ADMIN, CountingItem, Body((CountingBody,))),
}
