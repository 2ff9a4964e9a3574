"""`POST /webhooks/{id}`: behavioural events in the vendor's flat shape (facts 3.8); the address is the login."""

from collections.abc import Mapping
from decimal import Decimal
from hashlib import blake2b
from typing import Any
from uuid import uuid4

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException

from milepost.api.capillary.identifiers import KINDS
from milepost.api.http.authentication import RunningRuntime
from milepost.api.http.body import JsonResponse, holds_nul, id_of, read_body, read_json, write_json
from milepost.model.behaviour import EventDefinition, EventFieldType
from milepost.model.customer import Identifier, IdentifierKind
from milepost.model.event import COMMANDS, Activity, EventKey, Scalar
from milepost.model.problem import Problem, Refused
from milepost.rules.calendar import Unreadable, calendar_of
from milepost.service.definitions.event_definitions import defined_events, received_problems, unique_id
from milepost.service.ingest.incoming_event import IncomingEvent, Status
from milepost.service.organisations.webhooks import organisation_of_webhook

NAME_CHARACTERS_MAX = 100
VALUE_CHARACTERS_MAX = 200
SOURCE = "webhook"
ACCEPTED = {"code": 1100, "message": "Event is pushed to transformation state"}

_IDENTIFIERS = {
    "customerId": IdentifierKind.ID,
    "userId": IdentifierKind.ID,
    "externalId": IdentifierKind.EXTERNAL_ID,
    "mobile": IdentifierKind.MOBILE,
    "email": IdentifierKind.EMAIL,
    "cardnumber": IdentifierKind.CARD,
    "cardExternalId": IdentifierKind.CARD_EXTERNAL_ID,
    "wechat": IdentifierKind.WECHAT,
    "martjackId": IdentifierKind.MARTJACK,
    "fbId": IdentifierKind.FACEBOOK,
}

router = APIRouter(tags=["events"])


@router.post("/webhooks/{webhook_id}", response_model=None)
async def post_event(webhook_id: str, request: Request, runtime: RunningRuntime) -> JsonResponse:
    """Receive one behavioural event: `event_name`, an identifier, attributes, and `eventDateTime` if it was not now."""
    org_id = await organisation_of_webhook(runtime.database, webhook_id)
    if org_id is None:
        raise HTTPException(404, "Not Found")
    request_id = uuid4().hex
    known = await defined_events(runtime, org_id)
    incoming_event = _incoming_event(read_json(await read_body(request)), org_id, runtime.clock(), request_id, known)
    (answer,) = await runtime.lanes.receive([incoming_event])
    # Where the brand says what makes events the same, another one of the same is a duplicate, whatever else it says.
    is_repeat = (
        answer.status is Status.CONFLICT
        and unique_id(known.get(incoming_event.name), _attributes(incoming_event)) is not None
    )
    if answer.status in {Status.REFUSED, Status.CONFLICT} and not is_repeat:
        raise Refused(*answer.problems)
    return JsonResponse({"status": ACCEPTED, "requestId": request_id})


def _attributes(incoming_event: IncomingEvent) -> Mapping[str, Scalar]:
    return incoming_event.payload.attributes if isinstance(incoming_event.payload, Activity) else {}


def _incoming_event(
    value: Any, org_id: int, now: int, request_id: str, known: Mapping[str, EventDefinition]
) -> IncomingEvent:
    """Return what the request offers, or refuse with everything that is wrong with it."""
    if not isinstance(value, dict):
        raise Refused(Problem("", "the body must be a JSON object"))
    problems: list[Problem] = []
    name = value.get("event_name")
    if not isinstance(name, str) or not 0 < len(name) <= NAME_CHARACTERS_MAX or name in COMMANDS:
        problems.append(Problem("event_name", f"must be text of 1 to {NAME_CHARACTERS_MAX} characters"))
    definition = known.get(name) if isinstance(name, str) else None
    customer = _identifier(value, definition, problems)
    occurred_at = _instant(value.get("eventDateTime"), now, problems)
    attributes = {field: content for field, content in value.items() if field not in {"event_name", "eventDateTime"}}
    for field, content in attributes.items():
        if not isinstance(content, (str, int, Decimal, bool, type(None))):
            problems.append(Problem(field, "must be text, a number, true, false or null"))
    if holds_nul(value):
        problems.append(Problem("", "a text holds the character U+0000"))
    if not problems:
        problems += received_problems(known, str(name), attributes)
    if problems or customer is None:
        raise Refused(*problems)
    return IncomingEvent(
        org_id=org_id,
        customer=customer,
        key=EventKey(SOURCE, unique_id(definition, attributes) or _event_id(value, request_id)),
        name=str(name),
        occurred_at=occurred_at,
        received_at=now,
        place=None,
        till_id=None,
        payload=Activity(attributes),
    )


def _event_id(value: dict[str, Any], request_id: str) -> str:
    """Return what identifies this event: `uniqueId` if given, else the content of a dated event; else each is new."""
    unique = value.get("uniqueId")
    if isinstance(unique, str) and 0 < len(unique) <= VALUE_CHARACTERS_MAX:
        return unique
    if value.get("eventDateTime") is None:
        return request_id
    return blake2b(write_json(dict(sorted(value.items()))), digest_size=16).hexdigest()


def _identifier(
    value: dict[str, Any], definition: EventDefinition | None, problems: list[Problem]
) -> Identifier | None:
    """Return who did it: by a field of our own words, else by the one that the definition says names the customer."""
    named = list(_IDENTIFIERS.items())
    if definition is not None:
        named += [
            (field.name, KINDS.get(field.setting("identifierType", "mobile"), IdentifierKind.MOBILE))
            for field in definition.fields
            if field.type is EventFieldType.CUSTOMER
        ]
    for field, kind in named:
        given = value.get(field)
        if given is None:
            continue
        text = str(given) if isinstance(given, (str, int)) and not isinstance(given, bool) else ""
        if not 0 < len(text) <= VALUE_CHARACTERS_MAX or (kind is IdentifierKind.ID and id_of(text) is None):
            problems.append(Problem(field, f"must be an identifier of 1 to {VALUE_CHARACTERS_MAX} characters"))
            return None
        return Identifier(kind, text.lower() if kind is IdentifierKind.EMAIL else text)
    problems.append(Problem("", f"one of {', '.join(field for field, _ in named)} must say who did it"))
    return None


def _instant(text: object, now: int, problems: list[Problem]) -> int:
    """Return the event's own time, as given; without one it is the time of receipt (facts 4.6)."""
    if text is None:
        return now
    try:
        instant = calendar_of("UTC").read(text if isinstance(text, str) else "").instant
    except Unreadable as error:
        problems.append(Problem("eventDateTime", str(error)))
        return now
    if instant < 0:
        problems.append(Problem("eventDateTime", "lies before 1970"))
    return instant
