"""`GET /v3/users/{id}/trackedTargetEvents/{rule}`: the events behind a customer's progress (facts 2.10, 3.6)."""

from collections.abc import Mapping

from fastapi import APIRouter

from milepost.api.capillary.query import number, target_id_of
from milepost.api.capillary.users.tracked_events.answer import TrackedPageAnswer, tracked_page
from milepost.api.http.authentication import CurrentCaller, RunningRuntime
from milepost.api.http.body import JsonResponse, id_of
from milepost.api.http.route import READ, READING, Route
from milepost.model.problem import Problem, Refused
from milepost.service.customers.tracked_events import tracked_events
from milepost.service.definitions.participation import UNKNOWN_USER

PAGE_MAX = 200
PAGE_USUAL = 10
PAGES_MAX = 10_000_000

TRACKED_EVENTS = "/v3/users/{user_id}/trackedTargetEvents/{target_rule_id}"

router = APIRouter(tags=["users"])

ROUTES: Mapping[tuple[str, str], Route] = {
    ("get", TRACKED_EVENTS): Route(READ, TrackedPageAnswer, statuses=READING),
}


@router.get(TRACKED_EVENTS, response_model=None)
async def get_tracked_events(
    user_id: str,
    target_rule_id: str,
    runtime: RunningRuntime,
    caller: CurrentCaller,
    periodId: str | None = None,
    limit: str | None = None,
    offset: str | None = None,
) -> JsonResponse:
    """Return the events that concerned a target of a customer, earliest first; `offset` is a page's number from 0."""
    problems: list[Problem] = []
    size = number("limit", limit, 1, PAGE_MAX, PAGE_USUAL, problems)
    page = number("offset", offset, 0, PAGES_MAX, 0, problems)
    period_id = None if periodId is None else id_of(periodId)
    if periodId is not None and period_id is None:
        problems.append(Problem("periodId", "must be a period's id"))
    if problems:
        raise Refused(*problems)
    customer_id = id_of(user_id)
    if customer_id is None:
        raise Refused(UNKNOWN_USER)
    target_id = target_id_of(target_rule_id)
    events = await tracked_events(runtime, caller.org_id, customer_id, target_id, period_id, (page, size))
    return JsonResponse(tracked_page(events, target_id, limit=size, offset=page))
