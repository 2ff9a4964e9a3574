"""The behavioural event in the body of a webhook call, in the vendor's flat shape (facts 3.8)."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from hashlib import blake2b
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from milepost.api.capillary.identifiers import KINDS
from milepost.api.http.body import ID_MAX, holds_nul, id_of, write_json
from milepost.model.customer import Identifier, IdentifierKind
from milepost.model.definitions.event_definition import EventDefinition, EventFieldType
from milepost.model.event import NOT_BEHAVIOURAL, Activity, EventKey
from milepost.model.problem import Problem, Refused
from milepost.model.time import Micros
from milepost.rules.calendar import Unreadable, calendar_of
from milepost.service.definitions.event_definitions import received_problems, unique_id
from milepost.service.ingest.incoming_event import IncomingEvent

NAME_CHARACTERS_MAX = 100
VALUE_CHARACTERS_MAX = 200
SOURCE = "webhook"

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


_KINDS = {name.lower(): kind for name, kind in KINDS.items()}

CustomerId = Annotated[int, Meta(ge=1, le=ID_MAX)]


class WebhookEvent(Struct):
    """A behavioural event: its name, one identifier of the customer, and its attributes beside them."""

    event_name: Annotated[str, Meta(min_length=1, max_length=NAME_CHARACTERS_MAX)]
    eventDateTime: str | UnsetType = UNSET  # noqa: N815 - the vendor's names, which follow no rule
    uniqueId: str | UnsetType = UNSET  # noqa: N815
    customerId: CustomerId | str | UnsetType = UNSET  # noqa: N815
    userId: CustomerId | str | UnsetType = UNSET  # noqa: N815
    externalId: str | UnsetType = UNSET  # noqa: N815
    mobile: str | UnsetType = UNSET
    email: str | UnsetType = UNSET
    cardnumber: str | UnsetType = UNSET
    cardExternalId: str | UnsetType = UNSET  # noqa: N815
    wechat: str | UnsetType = UNSET
    martjackId: str | UnsetType = UNSET  # noqa: N815
    fbId: str | UnsetType = UNSET  # noqa: N815


def read_event(
    value: Any, org_id: int, now: Micros, request_id: str, definitions: Mapping[str, EventDefinition]
) -> IncomingEvent:
    """Return the incoming event that a body describes; raises Refused with all its problems.

    *now* is the time of receipt (epoch microseconds); *definitions* are the organisation's events by name.
    """
    if not isinstance(value, dict):
        raise Refused(Problem("", "the body must be a JSON object"))
    problems: list[Problem] = []
    name = value.get("event_name")
    problems += _name_problems(name)
    definition = definitions.get(name) if isinstance(name, str) else None
    named_by, customer = _identifier(value, definition, problems)
    occurred_at = _instant(value.get("eventDateTime"), now, problems)
    attributes = {field: content for field, content in value.items() if field not in {"event_name", "eventDateTime"}}
    for field, content in attributes.items():
        if not isinstance(content, (str, int, Decimal, bool, type(None))):
            problems.append(Problem(field, "must be text, a number, true, false or null"))
    if holds_nul(value):
        problems.append(Problem("", "a text holds the character U+0000"))
    if not problems:
        problems += received_problems(definitions, str(name), attributes)
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
        registers=definition is not None
        and any(part.name == named_by and part.registers_customers for part in definition.fields),
    )


def _name_problems(name: object) -> Iterator[Problem]:
    if not isinstance(name, str) or not 0 < len(name) <= NAME_CHARACTERS_MAX:
        yield Problem("event_name", f"must be text of 1 to {NAME_CHARACTERS_MAX} characters")
    elif name in NOT_BEHAVIOURAL:
        yield Problem("event_name", f'"{name}" is no behavioural event; its data have a shape of their own')


def _event_id(value: dict[str, Any], request_id: str) -> str:
    """Return the id of an event: `uniqueId` if there is one, else a digest of a dated event, else the request's id.

    So an event without a date is never taken for a copy of an earlier one.
    """
    unique = value.get("uniqueId")
    if isinstance(unique, str) and 0 < len(unique) <= VALUE_CHARACTERS_MAX:
        return unique
    if value.get("eventDateTime") is None:
        return request_id
    return blake2b(write_json(dict(sorted(value.items()))), digest_size=16).hexdigest()


def _identifier(
    value: dict[str, Any], definition: EventDefinition | None, problems: list[Problem]
) -> tuple[str, Identifier | None]:
    """Return the field that names the customer, and the customer.

    It is a field called like an identifier, else the field of which the definition says that it names the customer.
    """
    fields = list(_IDENTIFIERS.items())
    if definition is not None:
        fields += [
            (field.name, _KINDS.get(field.setting("identifierType", "mobile").lower(), IdentifierKind.MOBILE))
            for field in definition.fields
            if field.type is EventFieldType.CUSTOMER
        ]
    for field, kind in fields:
        content = value.get(field)
        if content is None:
            continue
        text = str(content) if isinstance(content, (str, int)) and not isinstance(content, bool) else ""
        if not 0 < len(text) <= VALUE_CHARACTERS_MAX or (kind is IdentifierKind.ID and id_of(text) is None):
            problems.append(Problem(field, f"must be an identifier of 1 to {VALUE_CHARACTERS_MAX} characters"))
            return field, None
        return field, Identifier(kind, text.lower() if kind is IdentifierKind.EMAIL else text)
    problems.append(Problem("", f"one of {', '.join(field for field, _ in fields)} must name the customer"))
    return "", None


def _instant(text: object, now: Micros, problems: list[Problem]) -> Micros:
    """Return the event's own time, or *now*, the time of receipt, if it has none (epoch microseconds; facts 4.6)."""
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
