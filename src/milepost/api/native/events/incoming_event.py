"""From the body of `POST /api/v1/events` to offers: what is wrong with an event, all at once, or its values."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache

import msgspec
from msgspec import UNSET, Raw, UnsetType

from milepost.api.http.body import holds_nul
from milepost.api.native.events.body import (
    PAYLOAD_BODIES,
    AwardBody,
    BillBody,
    EventBody,
    Fields,
    LineBody,
    PlaceBody,
    ReturnBody,
)
from milepost.api.native.events.numbers import check_amount, check_fields, check_number, check_positive, wrong_amount
from milepost.model.amount import fits
from milepost.model.customer import Identifier, IdentifierKind
from milepost.model.event import (
    COMMANDS,
    CURRENCY,
    POINTS,
    Activity,
    Award,
    Bill,
    EventKey,
    Line,
    Payload,
    Return,
    ReturnedLine,
    ReturnKind,
)
from milepost.model.problem import Problem, Refused
from milepost.model.time import DAY_US, SECOND_US
from milepost.service.ingest.incoming_event import IncomingEvent
from milepost.service.snapshot.organisation_snapshot import PlaceName

PLACES_REMEMBERED_MAX = 10_000

Placed = PlaceBody | UnsetType

_event = msgspec.json.Decoder(EventBody)
_fields = msgspec.json.Decoder(Fields, float_hook=Decimal)
_data = {name: msgspec.json.Decoder(kind, float_hook=Decimal) for name, kind in PAYLOAD_BODIES.items()}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def offer_of(raw: bytes | Raw, *, org_id: int, till_id: int | None, now: int) -> IncomingEvent:
    """Return the offer that *raw*, one event's JSON, makes; raises Refused with everything that is wrong with it."""
    text = bytes(raw)
    body = _event.decode(text)
    problems: list[Problem] = []
    customer = _customer(body, problems)
    place = place_of(body.store, body.till, problems)
    occurred_at = instant_of("time", body.time, problems)
    payload = _payload(body, problems)
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
    )


def _customer(body: EventBody, problems: list[Problem]) -> Identifier | None:
    customer = body.customer
    if (
        customer is not UNSET
        and customer.external_id is not UNSET
        and customer.id is customer.mobile is customer.email is UNSET
    ):
        return Identifier(IdentifierKind.EXTERNAL_ID, customer.external_id)
    named: list[Identifier] = []
    if customer is UNSET and body.specversion is not UNSET and body.subject is not UNSET:
        return Identifier(IdentifierKind.EXTERNAL_ID, body.subject)
    if customer is not UNSET:
        if customer.id is not UNSET:
            named.append(Identifier(IdentifierKind.ID, str(customer.id)))
        if customer.external_id is not UNSET:
            named.append(Identifier(IdentifierKind.EXTERNAL_ID, customer.external_id))
        if customer.mobile is not UNSET:
            named.append(Identifier(IdentifierKind.MOBILE, customer.mobile))
        if customer.email is not UNSET:
            named.append(Identifier(IdentifierKind.EMAIL, customer.email.lower()))
    if len(named) != 1:
        problems.append(Problem("customer", "must hold exactly one of id, externalId, mobile, email"))
        return None
    return named[0]


def instant_of(path: str, time: datetime, problems: list[Problem]) -> int:
    """Return the instant (epoch microseconds) that was written at *path*; one before 1970 is added to *problems*."""
    since = time - _EPOCH
    instant = since.days * DAY_US + since.seconds * SECOND_US + since.microseconds
    if instant < 0:
        problems.append(Problem(path, "lies before 1970"))
    return instant


def place_of(store: Placed, till: Placed, problems: list[Problem]) -> PlaceName | None:
    """Return how a body names its place; what is wrong with it is added to *problems*."""
    if store is UNSET and till is UNSET:
        return None
    if till is UNSET and store is not UNSET and store.id is UNSET and store.code is not UNSET:
        return _place_name("store", None, store.code)
    named: list[PlaceName] = []
    for path, place in (("store", store), ("till", till)):
        if place is UNSET:
            continue
        if (place.id is UNSET) == (place.code is UNSET):
            problems.append(Problem(path, "must hold exactly one of id, code"))
            continue
        id_ = None if place.id is UNSET else place.id
        named.append(_place_name(path, id_, None if place.code is UNSET else place.code))
    if len(named) > 1:
        problems.append(Problem("store", "give a store or a till, not both"))
    return named[0] if named else None


@lru_cache(maxsize=PLACES_REMEMBERED_MAX)
def _place_name(path: str, id_: int | None, code: str | None) -> PlaceName:
    """Return one and the same name for all events of a place."""
    return PlaceName(path, id_, code)


def _payload(body: EventBody, problems: list[Problem]) -> Payload | None:
    if body.type in COMMANDS:
        problems.append(Problem("type", f'"{body.type}" is kept for Milepost itself'))
        return None
    if body.type not in _data:
        attributes = _fields.decode(body.data)
        check_fields("data", attributes, problems)
        return Activity(attributes)
    data = _data[body.type].decode(body.data)
    match data:
        case BillBody():
            return bill_of(data, problems)
        case ReturnBody():
            return return_of(data, problems)
        case AwardBody():
            return _award(body.type, data, problems)
        case _:
            raise AssertionError(body.type)


def bill_of(data: BillBody, problems: list[Problem], path: str = "data") -> Bill:
    """Return the bill of *data*; what is wrong with its numbers is added to *problems*."""
    if not fits(data.net_amount):
        problems.append(wrong_amount(f"{path}.netAmount"))
    if not fits(data.discount):
        problems.append(wrong_amount(f"{path}.discount"))
    # What follows from a bad amount is not a second mistake, and an amount without bounds cannot be reckoned with.
    derived = data.net_amount + data.discount if not problems else Decimal(0)
    gross = derived if data.gross_amount is UNSET else data.gross_amount
    if not fits(gross):
        problems.append(wrong_amount(f"{path}.grossAmount"))
    if data.extended_fields:
        check_fields(f"{path}.extendedFields", data.extended_fields, problems)
    lines = tuple([_line_at(path, place, line, problems) for place, line in enumerate(data.lines)])
    return Bill(
        number=data.number,
        net=data.net_amount,
        gross=gross,
        discount=data.discount,
        lines=lines,
        extended_fields=data.extended_fields,
        note=data.note,
        decision=None if data.decision is UNSET else data.decision,
    )


def _line_at(path: str, place: int, data: LineBody, problems: list[Problem]) -> Line:
    """Return the line at *place*; paths are written out only where something is wrong."""
    wrong: list[Problem] = []
    line = _line(data, wrong)
    if wrong:
        at = f"{path}.lines[{place}]"
        problems += [replace(one, path=f"{at}.{one.path}" if one.path else at) for one in wrong]
    return line


def _line(data: LineBody, problems: list[Problem]) -> Line:
    if not fits(data.quantity):
        problems.append(wrong_amount("quantity"))
    if not (data.rate and fits(data.rate)):
        check_number("rate", data.rate, problems)
    if not fits(data.discount):
        problems.append(wrong_amount("discount"))
    gross, net = _totals(data, problems)
    if data.attributes:
        check_fields("attributes", data.attributes, problems)
    if data.extended_fields:
        check_fields("extendedFields", data.extended_fields, problems)
    return Line(
        code=data.code,
        quantity=data.quantity,
        rate=data.rate,
        gross=gross,
        discount=data.discount,
        net=net,
        description=data.description,
        attributes=data.attributes,
        extended_fields=data.extended_fields,
    )


def _totals(data: LineBody, problems: list[Problem]) -> tuple[Decimal, Decimal]:
    """Return gross and net amount of a line; one that is left out follows from the other and the discount."""
    gross, net = data.gross_amount, data.net_amount
    if gross is not UNSET and not fits(gross):
        problems.append(wrong_amount("grossAmount"))
    if net is not UNSET and not fits(net):
        problems.append(wrong_amount("netAmount"))
    if gross is not UNSET and net is not UNSET:
        return gross, net
    if gross is UNSET and net is UNSET:
        problems.append(Problem("", "must hold netAmount or grossAmount"))
    if problems:
        return Decimal(0), Decimal(0)
    if gross is UNSET:
        assert net is not UNSET
        gross = net + data.discount
        check_amount("grossAmount", gross, problems)
        return gross, net
    net = gross - data.discount
    check_amount("netAmount", net, problems)
    return gross, net


def return_of(data: ReturnBody, problems: list[Problem], path: str = "data") -> Return:
    """Return the return of *data*; what is wrong with it is added to *problems*."""
    amount = None if data.amount is UNSET else data.amount
    if data.return_type is ReturnKind.AMOUNT and amount is None:
        problems.append(Problem(f"{path}.amount", "is needed when returnType is AMOUNT"))
    if data.return_type is ReturnKind.LINE_ITEM and not data.lines:
        problems.append(Problem(f"{path}.lines", "is needed when returnType is LINE_ITEM"))
    if amount is not None:
        check_positive(f"{path}.amount", amount, problems)
    check_fields(f"{path}.extendedFields", data.extended_fields, problems)
    lines: list[ReturnedLine] = []
    for place, line in enumerate(data.lines):
        net = None if line.net_amount is UNSET else line.net_amount
        gross = None if line.gross_amount is UNSET else line.gross_amount
        check_positive(f"{path}.lines[{place}].quantity", line.quantity, problems)
        for name, value in (("netAmount", net), ("grossAmount", gross)):
            if value is not None:
                check_amount(f"{path}.lines[{place}].{name}", value, problems)
        lines.append(ReturnedLine(code=line.code, quantity=line.quantity, net=net, gross=gross))
    return Return(
        kind=data.return_type,
        original=data.original,
        lines=tuple(lines),
        amount=amount,
        extended_fields=data.extended_fields,
    )


def _award(name: str, data: AwardBody, problems: list[Problem]) -> Award:
    currency = None if data.currency is UNSET else data.currency
    program_id = None if data.program_id is UNSET else data.program_id
    if name == CURRENCY and (currency is None or program_id is None):
        problems.append(Problem("data", "CurrencyAwarded needs programId and currency"))
    if name == POINTS and currency is not None:
        problems.append(Problem("data.currency", "PointsAwarded has no currency; CurrencyAwarded has"))
    check_amount("data.amount", data.amount, problems)
    return Award(
        program_id=program_id,
        currency=currency,
        kind=data.kind,
        amount=data.amount,
        decision=None if data.decision is UNSET else data.decision,
    )
