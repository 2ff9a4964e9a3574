"""`GET /api/v1/requests`: the last requests of an organisation, for whoever looks for the one that failed."""

from collections.abc import Mapping

from fastapi import APIRouter

from milepost.api.http.authentication import CurrentCaller, RunningRuntime
from milepost.api.http.body import JsonResponse
from milepost.api.http.route import ADMIN, READING, Route
from milepost.api.native.answer import Page
from milepost.api.native.paging import PAGE_MAX, after_id, page_of
from milepost.api.native.requests.answer import RequestItem, request_item
from milepost.model.problem import Problem, Refused

LATEST = 2**63 - 1

router = APIRouter(prefix="/api/v1/requests", tags=["operation"])


@router.get("", response_model=None)
async def get_requests(
    runtime: RunningRuntime, caller: CurrentCaller, cursor: str = "", limit: int = PAGE_MAX, statusFrom: int = 0
) -> JsonResponse:
    """List the requests of the last day, latest first; `statusFrom` of 400 lists those that failed.

    Of the requests that succeeded at most 50 of each second are kept.
    """
    before = after_id(cursor, limit, first=LATEST)
    if not 0 <= statusFrom <= 599:
        raise Refused(Problem("statusFrom", "must be from 0 to 599"))
    rows = await runtime.requests.of_organisation(caller.org_id, before=before, status=statusFrom, limit=limit + 1)
    return JsonResponse(page_of(rows, limit, request_item, lambda row: row.number))


ROUTES: Mapping[tuple[str, str], Route] = {
    ("get", "/api/v1/requests"): Route(ADMIN, Page[RequestItem], statuses=READING),
}
