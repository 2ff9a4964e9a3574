"""From an event's JSON to an incoming event, or to everything that is wrong with it."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from milepost.api.http.body import DEPTH_MAX, holds_nul
from milepost.api.http.json_list import broken_texts
from milepost.api.native.events.body import (
    PAYLOAD_BODIES,
    AwardBody,
    BillBody,
    EventBody,
    Fields,
    PlaceBody,
    ReturnBody,
    ReversalBody,
)
from milepost.api.native.events.numbers import check_fields
from milepost.api.native.events.payload import award_of, bill_of, return_of, reversal_of
from milepost.api.native.structure import structure_problems, text_amount_problems
from milepost.model.customer import Identifier, IdentifierKind
from milepost.model.event import Activity, EventKey, Payload
from milepost.model.problem import Problem, Refused
from milepost.model.time import DAY_US, SECOND_US, Micros
from milepost.rules.event_names import is_own_name, misspelt, refusal_of_own_name, resembled
from milepost.service.ingest.incoming_event import IncomingEvent
from milepost.service.snapshot.current_request import current_request_id
from milepost.service.snapshot.organisation_snapshot import PlaceName

EVENT_BYTES_MAX = 1024 * 1024
PLACES_REMEMBERED_MAX = 10_000

MaybePlace = PlaceBody | UnsetType

_event_decoder = msgspec.json.Decoder(EventBody)
_fields_decoder = msgspec.json.Decoder(Fields, float_hook=Decimal)
_data_decoders: dict[str, msgspec.json.Decoder[Any]] = {
    name: msgspec.json.Decoder(kind, float_hook=Decimal) for name, kind in PAYLOAD_BODIES.items()
}
ODD_AMOUNT = re.compile(
    rb'"(?:netAmount|grossAmount|discount|quantity|rate|amount)"\s*:\s*"(?!-?[0-9]+(?:\.[0-9]+)?")',
)
"""An amount as text of another form than JSON's numbers have. It is looked for in the bytes, because few events have
one and most have many amounts; where it is found, the data are looked through."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read_event(raw: bytes, *, org_id: int, till_id: int | None, now: Micros) -> IncomingEvent | tuple[Problem, ...]:
    """Return the incoming event that *raw*, one event's JSON, is, or everything that is wrong with it.

    *till_id* is the till that sent it, if a till did; *now* is when it was received (epoch microseconds).
    """
    if len(raw) > EVENT_BYTES_MAX:
        return (Problem("", f"an event may have at most {EVENT_BYTES_MAX} bytes"),)
    try:
        return incoming_event_of(raw, org_id=org_id, till_id=till_id, now=now)
    except Refused as refused:
        return refused.problems
    except RecursionError:
        return (Problem("", f"the JSON is deeper than {DEPTH_MAX} levels"),)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError, ArithmeticError) as error:
        return tuple(_structure_problems(raw)) or (Problem("", str(error)),)


class EventHeading(NamedTuple):
    """Whose event it is, what it is called, and when it happened."""

    customer: Identifier
    key: EventKey
    time: datetime


def heading_of(raw: bytes) -> EventHeading | None:
    """Return the heading of *raw*, one event's JSON; None if it has none that can be read, so that it is refused."""
    try:
        body = _event_decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError, RecursionError):
        return None
    customer = customer_of(body, [])
    return None if customer is None else EventHeading(customer, EventKey(body.source, body.id), body.time)


def _structure_problems(raw: bytes) -> list[Problem]:
    """Return every problem in the structure of an event; the decoder stopped at the first."""
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError, RecursionError) as error:
        return broken_texts(raw) or [Problem("", f"is not valid JSON: {error}")]
    problems = structure_problems(value, EventBody)
    name = value.get("type") if isinstance(value, dict) else None
    data = PAYLOAD_BODIES.get(name) if isinstance(name, str) else None
    if data is not None:
        problems += structure_problems(value.get("data", {}), data, "data")
    elif isinstance(value, dict) and not isinstance(value.get("data", {}), dict):
        problems.append(Problem("data", "must be a JSON object"))
    return problems


def incoming_event_of(raw: bytes | Raw, *, org_id: int, till_id: int | None, now: Micros) -> IncomingEvent:
    """Return the incoming event that *raw*, one event's JSON, is.

    Raises Refused with every problem of its values, or what msgspec raises for its structure.
    """
    text = bytes(raw)
    body = _event_decoder.decode(text)
    problems: list[Problem] = []
    warnings: list[Problem] = []
    customer = customer_of(body, problems)
    place = place_of(body.store, body.till, problems)
    occurred_at = instant_of("time", body.time, problems)
    if ODD_AMOUNT.search(text) is not None or b"\\u" in text:
        problems += _amount_problems(body)
    odd_paths = {problem.path for problem in problems}
    known = len(problems)
    payload = _payload(body, problems, warnings)
    if odd_paths:
        problems[known:] = [problem for problem in problems[known:] if problem.path not in odd_paths]
    if b"\\u0000" in text and holds_nul(msgspec.json.decode(text)):
        problems.append(Problem("", "a text holds the character U+0000"))
    if problems or customer is None or payload is None:
        raise Refused(*problems)
    return IncomingEvent(
        org_id=org_id,
        customer=customer,
        key=EventKey(body.source, body.id),
        name=body.type,
        occurred_at=occurred_at,
        received_at=now,
        place=place,
        till_id=till_id,
        payload=payload,
        warnings=tuple(warnings),
        request_id=current_request_id.get(),
    )


def _amount_problems(body: EventBody) -> list[Problem]:
    """Return the problems of amounts in the data that are texts of a form that only Python reads."""
    kind = PAYLOAD_BODIES.get(body.type)
    return [] if kind is None else [*text_amount_problems(msgspec.json.decode(body.data), kind, "data")]


def customer_of(body: EventBody, problems: list[Problem]) -> Identifier | None:
    """Return the name of the customer of an event; None, and a problem more, without exactly one."""
    customer = body.customer
    # Most events name their customer by the external id alone.
    if (
        customer is not UNSET
        and customer.external_id is not UNSET
        and customer.id is customer.mobile is customer.email is UNSET
    ):
        return Identifier(IdentifierKind.EXTERNAL_ID, customer.external_id)
    identifiers: list[Identifier] = []
    if customer is UNSET and body.specversion is not UNSET and body.subject is not UNSET:
        return Identifier(IdentifierKind.EXTERNAL_ID, body.subject)
    if customer is not UNSET:
        if customer.id is not UNSET:
            identifiers.append(Identifier(IdentifierKind.ID, str(customer.id)))
        if customer.external_id is not UNSET:
            identifiers.append(Identifier(IdentifierKind.EXTERNAL_ID, customer.external_id))
        if customer.mobile is not UNSET:
            identifiers.append(Identifier(IdentifierKind.MOBILE, customer.mobile))
        if customer.email is not UNSET:
            identifiers.append(Identifier(IdentifierKind.EMAIL, customer.email.lower()))
    if len(identifiers) != 1:
        problems.append(Problem("customer", "must hold exactly one of id, externalId, mobile, email"))
        return None
    return identifiers[0]


def instant_of(path: str, time: datetime, problems: list[Problem]) -> Micros:
    """Return *time* in epoch microseconds; a time before 1970 is added to *problems* as that of the field *path*."""
    since = time - _EPOCH
    instant = Micros(since.days * DAY_US + since.seconds * SECOND_US + since.microseconds)
    if instant < 0:
        problems.append(Problem(path, "lies before 1970"))
    return instant


def place_of(store: MaybePlace, till: MaybePlace, problems: list[Problem]) -> PlaceName | None:
    """Return the name of the place where an event happened, None without one; problems are added to *problems*."""
    if store is UNSET and till is UNSET:
        return None
    if till is UNSET and store is not UNSET and store.id is UNSET and store.code is not UNSET:
        return _place_name("store", None, store.code)
    places: list[PlaceName] = []
    for path, place in (("store", store), ("till", till)):
        if place is UNSET:
            continue
        if (place.id is UNSET) == (place.code is UNSET):
            problems.append(Problem(path, "must hold exactly one of id, code"))
            continue
        id_ = None if place.id is UNSET else place.id
        places.append(_place_name(path, id_, None if place.code is UNSET else place.code))
    if len(places) > 1:
        problems.append(Problem("store", "give a store or a till, not both"))
    return places[0] if places else None


@lru_cache(maxsize=PLACES_REMEMBERED_MAX)
def _place_name(path: str, id_: int | None, code: str | None) -> PlaceName:
    """Return the name of a place. It is cached, because places are looked up by it for every event."""
    return PlaceName(path, id_, code)


def _payload(body: EventBody, problems: list[Problem], warnings: list[Problem]) -> Payload | None:
    if is_own_name(body.type):
        problems.append(Problem("type", refusal_of_own_name(body.type)))
        return None
    return payload_of(body.type, _data_decoders.get(body.type, _fields_decoder).decode(body.data), problems, warnings)


def payload_of(name: str, data: Struct | Fields, problems: list[Problem], warnings: list[Problem]) -> Payload:
    """Return the payload of an event called *name* from its decoded *data*, with its problems and warnings."""
    match data:
        case BillBody():
            return bill_of(data, problems, warnings)
        case ReturnBody():
            return return_of(data, problems, warnings)
        case AwardBody():
            return award_of(name, data, problems, warnings)
        case ReversalBody():
            return reversal_of(data)
        case dict():
            return _activity(name, data, problems)
        case _:
            raise AssertionError(name)


def _activity(name: str, attributes: Fields, problems: list[Problem]) -> Activity:
    check_fields("data", attributes, problems)
    meant = resembled(attributes) or misspelt(name) if problems else None
    if meant is not None:
        problems.append(Problem("type", f'did you mean "{meant}"?'))
    return Activity(attributes)
