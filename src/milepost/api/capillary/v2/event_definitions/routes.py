"""`/v2/events`: which behavioural events there are, and finding those of a customer (facts 2.10, 2.11, 3.8)."""

import re
from typing import Any

from fastapi import APIRouter, Request

from milepost.api.capillary.envelope import Json
from milepost.api.capillary.identifiers import read_identifier
from milepost.api.capillary.query import boolean, number
from milepost.api.capillary.v2.event_definitions.answer import ACTIONS, definition_shown, event_shown
from milepost.api.http.authentication import CurrentCaller, RunningRuntime
from milepost.api.http.body import JsonResponse, holds_nul, read_body, read_json
from milepost.model.behaviour import EventField, EventFieldType
from milepost.model.problem import Problem, Refused
from milepost.rules.calendar import Unreadable, calendar_of
from milepost.service.customers.event_search import EventQuery, search_events
from milepost.service.definitions.event_definitions import (
    CODE_DEFINITION,
    DefinitionDraft,
    define_event,
    defined_event,
    disable_event,
    redefine_event,
)
from milepost.service.organisations.settings_changes import organisation_now

FIELDS_MAX = 20
FIELD_NAME_MAX = 50
EVENT_NAME_MAX = 100
TEXT_MAX = 255
LIMIT_USUAL, LIMIT_MAX = 10, 200
SKIPPED_MAX = 1_000_000

DONE: Json = {"warnings": [], "errors": []}
_NAME = re.compile(r"\w+", re.ASCII)
_TYPES = {kind.value.lower(): kind for kind in EventFieldType}
_ASKED = frozenset(
    {"fromDate", "tillDate", "eventName", "eventId", "userIdentifierType", "userIdentifierValue", "isDuplicate"}
    | {"includeSideEffects", "limit", "offset", "sortOrder", "userIdentifierSource", "userIdentifierAccountId"}
)
_USER_KINDS = {"userId": "id"}

router = APIRouter(tags=["events"])


@router.post("/v2/events", response_model=None)
async def post_definition(request: Request, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Define a behavioural event: its name, who listens, its attributes; an organisation may have 10 active ones."""
    await define_event(runtime, caller.org_id, _draft(read_json(await read_body(request))))
    return JsonResponse(DONE)


@router.put("/v2/events", response_model=None)
async def put_definition(request: Request, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Define a known behavioural event anew, whole; a disabled one is active again."""
    await redefine_event(runtime, caller.org_id, _draft(read_json(await read_body(request))))
    return JsonResponse(DONE)


@router.put("/v2/events/disable", response_model=None)
async def disable_definition(runtime: RunningRuntime, caller: CurrentCaller, event_name: str = "") -> JsonResponse:
    """Let a behavioural event come in no more; it can be defined anew."""
    await disable_event(runtime, caller.org_id, event_name)
    return JsonResponse(DONE)


@router.get("/v2/events/meta", response_model=None)
async def get_definition(runtime: RunningRuntime, caller: CurrentCaller, event_name: str = "") -> JsonResponse:
    """Return the definition of a behavioural event."""
    definition = await defined_event(runtime, caller.org_id, event_name)
    return JsonResponse(definition_shown(definition, caller.org_id))


@router.get("/v2/events/search", response_model=None)
async def get_events(request: Request, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Return behavioural events of the customer that userIdentifierType and -Value name, latest first.

    Every parameter that is not of the search itself asks for an attribute with that value.
    """
    query = dict(request.query_params)
    organisation, _ = await organisation_now(runtime, caller.org_id)
    problems: list[Problem] = []
    repeated = boolean("isDuplicate", query.get("isDuplicate", "false"), problems)
    with_effects = boolean("includeSideEffects", query.get("includeSideEffects", "false"), problems)
    question = _question(query, organisation.zone, problems)
    found = await search_events(runtime, caller.org_id, question)
    # What is sent again is not kept a second time, so there are no duplicates to give.
    events, total = ([], 0) if repeated else (found.events, found.total)
    pagination = {"limit": question.limit, "offset": question.skipped, "total": total}
    told = [event_shown(one, caller.org_id, found.customer_id, with_effects=with_effects) for one in events]
    return JsonResponse({"pagination": pagination, "data": told, "errors": [], "warnings": []})


def _question(query: dict[str, str], zone: str, problems: list[Problem]) -> EventQuery:
    """Return what a search asks for; raises Refused with everything that is wrong with it."""
    order = query.get("sortOrder", "desc").lower()
    if order not in {"asc", "desc"}:
        problems.append(Problem("sortOrder", "must be asc or desc"))
    kind = query.get("userIdentifierType", "")
    fields = ("userIdentifierType", "userIdentifierValue")
    customer = read_identifier(_USER_KINDS.get(kind, kind), query.get(fields[1]), problems, fields)
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
        attributes={name: text for name, text in query.items() if name not in _ASKED},
        is_ascending=order == "asc",
        skipped=skipped,
        limit=limit,
    )


def _instant(name: str, text: str | None, zone: str, problems: list[Problem]) -> int | None:
    if text is None:
        return None
    try:
        return calendar_of(zone).read(text).instant
    except Unreadable as error:
        problems.append(Problem(name, str(error)))
        return None


def _draft(value: Any) -> DefinitionDraft:
    """Return what a body defines, or refuse with everything that is wrong with it."""
    if not isinstance(value, dict):
        raise Refused(_problem("", "the body must be a JSON object"))
    problems: list[Problem] = []
    name = value.get("eventName")
    if not isinstance(name, str) or len(name) > EVENT_NAME_MAX or not _NAME.fullmatch(name):
        problems.append(_problem("eventName", f"must have 1 to {EVENT_NAME_MAX} letters, digits or underscores"))
    actions = value.get("actions")
    if not isinstance(actions, list) or not actions or any(action not in ACTIONS for action in actions):
        problems.append(_problem("actions", f"must be a list of {' and '.join(ACTIONS)}"))
    problems += [
        _problem(text, f"must be text of at most {TEXT_MAX} characters")
        for text in ("label", "description")
        if not isinstance(value.get(text), str | None) or len(value.get(text) or "") > TEXT_MAX
    ]
    fields = _fields(value.get("fields") or [], problems)
    if holds_nul(value):
        problems.append(_problem("", "a text holds the character U+0000"))
    if problems:
        raise Refused(*problems)
    return DefinitionDraft(
        name=str(name),
        actions=list(actions or ()),
        fields=fields,
        label=value.get("label"),
        description=value.get("description"),
    )


def _fields(value: Any, problems: list[Problem]) -> list[EventField]:
    if not isinstance(value, list) or len(value) > FIELDS_MAX:
        problems.append(_problem("fields", f"must be a list of at most {FIELDS_MAX} attributes"))
        return []
    found: list[EventField] = []
    for place, item in enumerate(value):
        field = _field(f"fields[{place}]", item, problems)
        if field is not None and any(field.name == known.name for known in found):
            problems.append(_problem(f"fields[{place}].name", f'"{field.name}" is the name of two attributes'))
        elif field is not None:
            found.append(field)
    return found


def _field(path: str, item: Any, problems: list[Problem]) -> EventField | None:
    given = item if isinstance(item, dict) else {}
    name, word, attributes = given.get("name"), given.get("type"), given.get("attributes") or {}
    kind = _TYPES.get(word.lower()) if isinstance(word, str) else None
    before = len(problems)
    if not isinstance(name, str) or not 0 < len(name) <= FIELD_NAME_MAX:
        problems.append(_problem(f"{path}.name", f"must be text of 1 to {FIELD_NAME_MAX} characters"))
    if kind is None:
        known = ", ".join(one.value for one in EventFieldType)
        problems.append(_problem(f"{path}.type", f"must be one of {known}"))
    if not isinstance(attributes, dict) or not all(isinstance(one, dict) for one in attributes.values()):
        problems.append(_problem(f"{path}.attributes", "must be an object of objects with valueType and value"))
    if len(problems) > before or kind is None:
        return None
    return EventField(name=str(name), type=kind, attributes=attributes)


def _problem(path: str, reason: str) -> Problem:
    return Problem(path, f"{path}: {reason}" if path else reason, CODE_DEFINITION)
