"""`/v2/events`: define behavioural events, and find those of a customer (facts 2.10, 2.11, 3.8)."""

from collections.abc import Mapping

from fastapi import APIRouter, Request

from milepost.api.capillary.identifiers import read_identifier
from milepost.api.capillary.query import boolean, number
from milepost.api.capillary.v2.event_definitions.answer import (
    DefinedAnswer,
    EventMetaAnswer,
    EventPageAnswer,
    defined_answer,
    event_answer,
    event_page,
    meta_answer,
)
from milepost.api.capillary.v2.event_definitions.body import EventDefinitionBody, read_definition
from milepost.api.http.authentication import CurrentCaller, RunningRuntime
from milepost.api.http.body import JsonResponse, read_body, read_json
from milepost.api.http.route import ADMIN, READ, READING, Body, Route
from milepost.model.problem import Problem, Refused
from milepost.model.time import Micros
from milepost.rules.calendar import Unreadable, calendar_of
from milepost.service.customers.event_search import EventQuery, search_events
from milepost.service.definitions.event_definitions import (
    define_event,
    defined_event,
    disable_event,
    redefine_event,
)
from milepost.service.organisations.settings_changes import organisation_now

LIMIT_USUAL, LIMIT_MAX = 10, 200
SKIPPED_MAX = 1_000_000

DEFINITIONS = "/v2/events"
DISABLING = "/v2/events/disable"
META = "/v2/events/meta"
SEARCH = "/v2/events/search"

DOCUMENTED_PARAMETERS = (
    *("userIdentifierType", "userIdentifierValue", "eventName", "eventId", "fromDate", "tillDate"),
    *("isDuplicate", "includeSideEffects", "sortOrder", "limit", "offset"),
)
SEARCH_PARAMETERS = frozenset({*DOCUMENTED_PARAMETERS, "userIdentifierSource", "userIdentifierAccountId"})
"""Every other parameter of a search names an attribute of events."""

_IDENTIFIER_NAMES = {"userId": "id"}

_DEFINITION = Route(ADMIN, DefinedAnswer, Body((EventDefinitionBody,)))

router = APIRouter(tags=["events"])

ROUTES: Mapping[tuple[str, str], Route] = {
    ("post", DEFINITIONS): _DEFINITION,
    ("put", DEFINITIONS): _DEFINITION,
    ("put", DISABLING): Route(ADMIN, DefinedAnswer, statuses=READING),
    ("get", META): Route(READ, EventMetaAnswer, statuses=READING),
    ("get", SEARCH): Route(READ, EventPageAnswer, query=DOCUMENTED_PARAMETERS, any_query=True, statuses=READING),
}


@router.post(DEFINITIONS, response_model=None)
async def post_definition(request: Request, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Define a behavioural event: name, consumers, attributes; an organisation may have 10 active definitions."""
    await define_event(runtime, caller.org_id, read_definition(read_json(await read_body(request))))
    return JsonResponse(defined_answer())


@router.put(DEFINITIONS, response_model=None)
async def put_definition(request: Request, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Replace the whole definition of a behavioural event; a disabled event is active again."""
    await redefine_event(runtime, caller.org_id, read_definition(read_json(await read_body(request))))
    return JsonResponse(defined_answer())


@router.put(DISABLING, response_model=None)
async def disable_definition(runtime: RunningRuntime, caller: CurrentCaller, event_name: str = "") -> JsonResponse:
    """Disable a behavioural event: such events are refused until it is defined anew."""
    await disable_event(runtime, caller.org_id, event_name)
    return JsonResponse(defined_answer())


@router.get(META, response_model=None)
async def get_definition(runtime: RunningRuntime, caller: CurrentCaller, event_name: str = "") -> JsonResponse:
    """Return the definition of a behavioural event."""
    definition = await defined_event(runtime, caller.org_id, event_name)
    return JsonResponse(meta_answer(definition, caller.org_id))


@router.get(SEARCH, response_model=None)
async def get_events(request: Request, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Return behavioural events of the customer that userIdentifierType and -Value name, latest first.

    Each parameter that is not listed here restricts the search to events whose attribute of that name has the value.
    """
    query = dict(request.query_params)
    organisation, _ = await organisation_now(runtime, caller.org_id)
    problems: list[Problem] = []
    only_duplicates = boolean("isDuplicate", query.get("isDuplicate", "false"), problems)
    with_effects = boolean("includeSideEffects", query.get("includeSideEffects", "false"), problems)
    search = _search(query, organisation.zone, problems)
    found = await search_events(runtime, caller.org_id, search)
    # An event that is sent again is not stored a second time, so there are no duplicates to answer.
    events, total = ([], 0) if only_duplicates else (found.events, found.total)
    shown = (event_answer(event, caller.org_id, found.customer_id, with_effects=with_effects) for event in events)
    return JsonResponse(event_page(shown, limit=search.limit, offset=search.skipped, total=total))


def _search(query: dict[str, str], zone: str, problems: list[Problem]) -> EventQuery:
    """Return the search that the parameters describe; raises Refused with *problems* and those of the parameters."""
    order = query.get("sortOrder", "desc").lower()
    if order not in {"asc", "desc"}:
        problems.append(Problem("sortOrder", "must be asc or desc"))
    kind = query.get("userIdentifierType", "")
    fields = ("userIdentifierType", "userIdentifierValue")
    customer = read_identifier(_IDENTIFIER_NAMES.get(kind, kind), query.get(fields[1]), problems, fields)
    limit = number("limit", query.get("limit"), 1, LIMIT_MAX, LIMIT_USUAL, problems)
    skipped = number("offset", query.get("offset"), 0, SKIPPED_MAX, 0, problems)
    since, until = (_instant(name, query.get(name), zone, problems) for name in ("fromDate", "tillDate"))
    if problems or customer is None:
        raise Refused(*problems)
    return EventQuery(
        customer=customer,
        name=query.get("eventName"),
        event_id=query.get("eventId"),
        since=since,
        until=until,
        attributes={name: text for name, text in query.items() if name not in SEARCH_PARAMETERS},
        is_ascending=order == "asc",
        skipped=skipped,
        limit=limit,
    )


def _instant(name: str, text: str | None, zone: str, problems: list[Problem]) -> Micros | None:
    if text is None:
        return None
    try:
        return calendar_of(zone).read(text).instant
    except Unreadable as error:
        problems.append(Problem(name, str(error)))
        return None
