"""`POST /api/v1/targetGroups/{id}/enrolments`: enrolling many customers, with goals of their own, from a CSV file."""

import asyncio
from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from milepost.api.http.authentication import CurrentCaller, RunningRuntime
from milepost.api.http.body import JsonResponse, read_body
from milepost.api.http.route import EVENTS, Body, Route
from milepost.api.native.enrolments.answer import EnrolmentsItem, enrolments_item
from milepost.api.native.enrolments.file import FILE_BYTES_MAX, EnrolmentFile, refused_table
from milepost.api.native.path import id_or_refuse
from milepost.api.native.table import body_options
from milepost.service.definitions.participation import UNKNOWN_GROUP, first_period
from milepost.service.enrolments.bulk_enrolment import group_in_force

Period = Annotated[str | None, Query(alias="periodName")]

router = APIRouter(prefix="/api/v1/targetGroups", tags=["enrolment"])


@router.post("/{group_id}/enrolments", response_model=None)
async def post_enrolments(
    group_id: str, request: Request, runtime: RunningRuntime, caller: CurrentCaller, period: Period = None
) -> Response:
    """Enrol customers from a CSV file of up to 25 MiB, from the period `periodName` on.

    Without `periodName` they are enrolled from the running period on, or from the next one if none runs.

    A client that accepts `text/csv` gets the refused rows as CSV, with the reasons; other clients get JSON with all
    counts. A file may be sent again: rows that change nothing are counted as `already`.
    """
    group = await group_in_force(runtime, caller, id_or_refuse(group_id, UNKNOWN_GROUP))
    body = await read_body(request, FILE_BYTES_MAX)
    # In a thread, because reading a large file would keep other requests waiting.
    options = body_options(request.headers.get("content-type", ""), fill_short_rows=True)
    file = await asyncio.to_thread(EnrolmentFile, body, group, options)
    result = await file.enrol(runtime, caller, first_period(group, period, runtime.clock()))
    if "text/csv" in request.headers.get("accept", ""):
        return Response(refused_table(file, result), media_type="text/csv; charset=utf-8")
    return JsonResponse(enrolments_item(file, result))


_FILE = Body(
    (),
    alone=False,
    types=(),
    table="An identifier, TargetName, CreatedBy, UpdatedBy, and one column for each period, named by its refCode.",
    table_example="externalId,TargetName,Nov\nanna,Spend,500\n",
)

ROUTES: Mapping[tuple[str, str], Route] = {
    ("post", "/api/v1/targetGroups/{group_id}/enrolments"): Route(EVENTS, EnrolmentsItem, _FILE),
}
