"""`/api/v1/outcomes`: outcomes of an organisation, to be fetched with a cursor, by those who cannot be called."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from msgspec import Raw, Struct

from milepost.api.http.authentication import CurrentCaller, RunningRuntime
from milepost.api.http.body import JsonResponse
from milepost.api.http.route import READ, READING, Route
from milepost.service.delivery.feed import read_feed

router = APIRouter(prefix="/api/v1/outcomes", tags=["outcomes"])


class FeedAnswer(Struct, forbid_unknown_fields=True):
    """Messages in the order in which they were committed; `cursor` asks for those after them."""

    items: list[Any]
    cursor: str


@router.get("", response_model=None)
async def get_outcomes(
    runtime: RunningRuntime, caller: CurrentCaller, after: str = "", limit: int = 100, wait: int = 0
) -> JsonResponse:
    """Return outcomes after a cursor; with `wait` the answer waits so many seconds for the first one."""
    page = await read_feed(runtime, caller.org_id, after, limit, wait)
    return JsonResponse(FeedAnswer([Raw(message.encode()) for message in page.messages], page.cursor))


ROUTES: Mapping[tuple[str, str], Route] = {("get", "/api/v1/outcomes"): Route(READ, FeedAnswer, statuses=READING)}
