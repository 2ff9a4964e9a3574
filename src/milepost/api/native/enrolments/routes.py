"""`POST /api/v1/targetGroups/{id}/enrolments`: enrolling many customers, with goals of their own, from a CSV file."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from msgspec import Struct

from milepost.api.http.authentication import CurrentCaller, RunningRuntime
from milepost.api.http.body import JsonResponse, read_body
from milepost.api.native.enrolments.file import FILE_BYTES_MAX, EnrolmentFile, refused_table
from milepost.api.native.target_groups.routes import group_id_of
from milepost.service.definitions.participation import first_period
from milepost.service.enrolments.bulk_enrolment import RowStatus, group_in_force

Period = Annotated[str | None, Query(alias="periodName")]

router = APIRouter(prefix="/api/v1/targetGroups", tags=["enrolment"])


class RefusedItem(Struct, forbid_unknown_fields=True):
    """A row as it came, by its columns, where it stood, and why it was refused."""

    line: int
    row: dict[str, str]
    reasons: list[str]


class EnrolmentsItem(Struct, forbid_unknown_fields=True):
    """What became of a file: rows that enrolled, changed goals, said what is so already, or were refused."""

    rows: int
    enrolled: int
    changed: int
    already: int
    refused: list[RefusedItem]


@router.post("/{group_id}/enrolments", response_model=None)
async def post_enrolments(
    group_id: str, request: Request, runtime: RunningRuntime, caller: CurrentCaller, period: Period = None
) -> Response:
    """Enrol customers from a CSV file of up to 25 MiB, from the period named, else the running, else the next one.

    The answer is CSV of the refused rows, with reasons, for those who accept `text/csv`, else JSON with all counts. A
    file may be sent again: what it says already is so is left alone.
    """
    group = await group_in_force(runtime, caller, group_id_of(group_id))
    body = await read_body(request, FILE_BYTES_MAX)
    # Looking through a large file takes a while, in which others are answered.
    file = await asyncio.to_thread(EnrolmentFile, body, group)
    done = await file.enrol(runtime, caller, first_period(group, period, runtime.clock()))
    if "text/csv" in request.headers.get("accept", ""):
        return Response(refused_table(file, done), media_type="text/csv; charset=utf-8")
    refused = [
        RefusedItem(row.line, dict(zip(file.columns, row.cells, strict=False)), list(row.reasons))
        for row in done.refused
    ]
    counts = done.counts
    return JsonResponse(
        EnrolmentsItem(
            file.length, counts[RowStatus.ENROLLED], counts[RowStatus.CHANGED], counts[RowStatus.ALREADY], refused
        )
    )
