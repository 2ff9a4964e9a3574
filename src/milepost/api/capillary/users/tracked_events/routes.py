"""`GET /v3/users/{id}/trackedTargetEvents/{rule}`: the events behind a customer's progress (facts 2.10, 3.6)."""

from fastapi import APIRouter
from msgspec import Struct, field

from milepost.api.capillary.definitions.read_shapes import PaginationShape
from milepost.api.capillary.envelope import Json, paged
from milepost.api.capillary.query import number, target_id_of
from milepost.api.capillary.users.target_groups.answer import thousandths
from milepost.api.http.authentication import CurrentCaller, RunningRuntime
from milepost.api.http.body import JsonResponse, Number, id_of
from milepost.model.event import BILL, ENROL, RETURN, UNENROL
from milepost.model.problem import Problem, Refused
from milepost.rules.calendar import Calendar
from milepost.service.customers.tracked_events import TrackedEvent, TrackedPage
from milepost.service.customers.tracked_events import tracked_events as find_events
from milepost.service.definitions.participation import UNKNOWN_USER

PAGE_MAX = 200
PAGE_USUAL = 10
PAGES_MAX = 10_000_000

_WORDS = {BILL: "ADD_TRANSACTION", RETURN: "RETURN_BILL", ENROL: "ENROL", UNENROL: "UNENROL"}
OTHER = "GENERIC_EVENT"

router = APIRouter(tags=["users"])


class TrackedShape(Struct, forbid_unknown_fields=True, rename="camel"):
    """An event that concerned a progress."""

    event_log_id: int
    event_name: str
    customer_id: int
    event_display_name: str | None
    unique_id: str
    event_date: str
    event_date_iso: str = field(name="eventDateISO")
    event_processed_date: str
    event_processed_date_iso: str = field(name="eventProcessedDateISO")
    period_id: int
    target_group_id: int
    target_rule_id: int
    target_value: Number


class TrackedPageShape(Struct, forbid_unknown_fields=True):
    """A page of events."""

    pagination: PaginationShape
    data: list[TrackedShape]
    errors: list[None]
    warnings: list[None]


@router.get("/v3/users/{user_id}/trackedTargetEvents/{target_rule_id}", response_model=None)
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
    found = await find_events(runtime, caller.org_id, customer_id, target_id, period_id, (page, size))
    rows = [_row(one, target_id, found) for one in found.events]
    return JsonResponse(paged(rows, limit=size, offset=page, total=found.total))


def _row(tracked: TrackedEvent, target_id: int, page: TrackedPage) -> Json:
    event, calendar = tracked.event, page.calendar
    word = _WORDS.get(event.name, OTHER)
    return {
        "eventLogId": event.key.log_id,
        "eventName": word,
        "customerId": page.customer_id,
        "eventDisplayName": event.name if word == OTHER else None,
        "uniqueId": event.key.id if word == OTHER else str(event.key.log_id),
        "eventDate": _spaced(calendar, event.occurred_at),
        "eventDateISO": calendar.iso(event.occurred_at),
        "eventProcessedDate": _spaced(calendar, event.received_at),
        "eventProcessedDateISO": calendar.iso(event.received_at),
        "periodId": tracked.period_id,
        "targetGroupId": page.group_id,
        "targetRuleId": target_id,
        "targetValue": thousandths(tracked.worth),
    }


def _spaced(calendar: Calendar, instant: int) -> str:
    """Return the local time as `2025-01-09 12:00:12.0` (facts 2.8)."""
    return f"{calendar.iso(instant)[: len('2025-01-09T12:00:12')].replace('T', ' ')}.0"
