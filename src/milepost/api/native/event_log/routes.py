"""`GET /api/v1/events`: the events of a customer, and one event with all that it led to."""

from collections.abc import Mapping

from fastapi import APIRouter, HTTPException

from milepost.api.http.authentication import CurrentCaller, RunningRuntime
from milepost.api.http.body import ID_MAX, JsonResponse, holds_nul, id_of
from milepost.api.http.route import READ, READING, READING_ONE, Route
from milepost.api.native.answer import Page
from milepost.api.native.event_log.answer import (
    LoggedEventItem,
    ReceivedEventItem,
    RecentEventItem,
    event_item,
    logged_item,
    recent_item,
)
from milepost.api.native.paging import after_id, check_page, page_of
from milepost.api.native.webhooks.body import instant_or_refuse
from milepost.model.event import EventKey
from milepost.model.problem import Problem, Refused
from milepost.service.delivery.event_detail import EventQuery, find_event, list_events
from milepost.service.delivery.recent_events import recent_events

router = APIRouter(prefix="/api/v1", tags=["events"])

PARTS_MAX = 20
"""How many parts between strokes the source and the id of an event may have together in an address."""

CUSTOMER_MISSING = Problem("customer", "must be the id of a customer: events are found by their customer")


@router.get("/events", response_model=None)
async def get_customer_events(
    runtime: RunningRuntime,
    caller: CurrentCaller,
    customer: str = "",
    since: str = "",
    type: str = "",  # noqa: A002 - the name of the parameter
    store: str = "",
    cursor: str = "",
    limit: int = 50,
) -> JsonResponse:
    """List the events of a customer as they were received, latest first. `since` is about the date of the event."""
    before = after_id(cursor, limit, first=ID_MAX)
    customer_id = id_of(customer)
    problems = [] if customer_id else [CUSTOMER_MISSING]
    problems += [Problem(name, "holds the character U+0000") for name, text in _texts(type, store) if holds_nul(text)]
    if problems or customer_id is None:
        raise Refused(*problems)
    query = EventQuery(
        customer_id=customer_id,
        since=instant_or_refuse("since", since) if since else None,
        type=type or None,
        store=store or None,
        before=before,
    )
    found = await list_events(runtime, caller.org_id, query, limit + 1)
    if found is None:
        raise Refused(Problem("customer", f"there is no customer {customer_id}"))
    return JsonResponse(page_of(found, limit, logged_item, lambda one: one.seq))


@router.get("/events/recent", response_model=None)
async def get_recent_events(runtime: RunningRuntime, caller: CurrentCaller, limit: int = 50) -> JsonResponse:
    """List the latest events of all customers as they were received, latest first, with what each changed.

    It is a look at what comes in, and no way to read them all: events of the last 45 days, at most `limit` of them.
    Ends and beginnings of periods, of which Milepost tells each customer itself, are left out.
    """
    check_page(limit)
    found = await recent_events(runtime, caller.org_id, limit)
    return JsonResponse(Page([recent_item(one) for one in found], None))


def _keys(address: str) -> list[EventKey]:
    """Return what an address may name: a source and an id, each of which may hold strokes."""
    parts = address.split("/")
    places = range(1, min(len(parts), PARTS_MAX))
    return [EventKey("/".join(parts[:place]), "/".join(parts[place:])) for place in places]


def _texts(type_: str, store: str) -> tuple[tuple[str, str], ...]:
    return (("type", type_), ("store", store))


@router.get("/events/{source:path}/{event_id}", response_model=None)
async def get_received_event(
    source: str, event_id: str, runtime: RunningRuntime, caller: CurrentCaller, customer: str = ""
) -> JsonResponse:
    """Return an event with how it was judged and what it led to. `customer` is needed for events of our own."""
    customer_id = id_of(customer) if customer else None
    if customer and not customer_id:
        raise Refused(CUSTOMER_MISSING)
    is_storable = not holds_nul(source) and not holds_nul(event_id)
    keys = _keys(f"{source}/{event_id}") if is_storable else []
    detail = await find_event(runtime, caller.org_id, keys, customer_id) if keys else None
    if detail is None:
        raise HTTPException(404, f"there is no event {event_id!r} of the source {source!r}")
    return JsonResponse(event_item(detail))


ROUTES: Mapping[tuple[str, str], Route] = {
    ("get", "/api/v1/events"): Route(READ, Page[LoggedEventItem], statuses=READING),
    ("get", "/api/v1/events/recent"): Route(READ, Page[RecentEventItem], statuses=READING),
    ("get", "/api/v1/events/{source}/{event_id}"): Route(READ, ReceivedEventItem, statuses=READING_ONE),
}
