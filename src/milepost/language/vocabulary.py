"""The catalogue: which attributes and functions each profile has, their types, and how each is read (semantics 5.4).

Extended fields of the bill and of the line are `extField_<name>`, other attributes of a line `attr_<name>`, attributes
of a behavioural event are named as they are; what they hold is known only when an event is there. `currentTxn.value`
and `currentLineItem.value` are net amounts. Facts of the customer are those before the event.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import NamedTuple

from milepost.language.basket import (
    BASKET_FUNCTIONS,
    VALUES,
    Function,
    bill_of,
    field_has_value,
    field_lacks_value,
    line_has_value,
)
from milepost.language.later import BILL_LATER, CUSTOMER_LATER, EVENT_LATER
from milepost.language.syntax import Operator
from milepost.language.values import Evaluate, Kind, Occasion, Scope, Value, calculate, plain, total
from milepost.model.amount import to_decimal
from milepost.model.event import Activity, Award, Bill, Line, Member, Place

EXTENDED_FIELD = "extField_"
LINE_ATTRIBUTE = "attr_"


class Fact(NamedTuple):
    """An attribute that has a value on each occasion."""

    kind: Kind
    read: Evaluate


class Stamp(NamedTuple):
    """An attribute that is an instant, in epoch microseconds; its calendar parts need a zone."""

    read: Callable[[Occasion], int | None]


Attribute = Fact | Stamp


class Profile(NamedTuple):
    """One word before the dot; `later` names what the vendor has and we do not have yet."""

    attributes: Mapping[str, Attribute]
    functions: Mapping[str, Function] = {}
    unlisted: Callable[[str], Fact | None] = lambda _name: None
    later: frozenset[str] = frozenset()


def _of_bill(kind: Kind, read: Callable[[Bill], Value]) -> Fact:
    def value(occasion: Occasion) -> Value:
        payload = occasion.event.payload
        return read(payload) if isinstance(payload, Bill) else None

    return Fact(kind, value)


def _of_line(kind: Kind, read: Callable[[Line], Value]) -> Fact:
    return Fact(kind, lambda occasion: None if occasion.line is None else read(occasion.line))


def _of_member(read: Callable[[Member], str]) -> Fact:
    def value(occasion: Occasion) -> Value:
        member = occasion.event.member
        return None if member is None else read(member)

    return Fact(Kind.STRING, value)


def _of_place(kind: Kind, read: Callable[[Place], str | int | None]) -> Fact:
    return Fact(kind, lambda occasion: plain(read(occasion.event.place)))


def _of_award(kind: Kind, read: Callable[[Award], str | int | Decimal | None]) -> Fact:
    def value(occasion: Occasion) -> Value:
        payload = occasion.event.payload
        return plain(read(payload)) if isinstance(payload, Award) else None

    return Fact(kind, value)


def _bill_unlisted(name: str) -> Fact | None:
    key = name.removeprefix(EXTENDED_FIELD)
    if key in {name, ""}:
        return None
    return _of_bill(Kind.DYNAMIC, lambda bill: plain(bill.extended_fields.get(key)))


def _line_unlisted(name: str) -> Fact | None:
    key = name.removeprefix(EXTENDED_FIELD)
    if key not in {name, ""}:
        return _of_line(Kind.DYNAMIC, lambda line: plain(line.extended_fields.get(key)))
    key = name.removeprefix(LINE_ATTRIBUTE)
    if key not in {name, ""}:
        return _of_line(Kind.DYNAMIC, lambda line: plain(line.attributes.get(key)))
    return None


def _activity_attribute(name: str) -> Fact:
    award = AWARD_ATTRIBUTES.get(name)

    def value(occasion: Occasion) -> Value:
        payload = occasion.event.payload
        if isinstance(payload, Activity):
            return plain(payload.attributes.get(name))
        return None if award is None else award.read(occasion)

    return Fact(Kind.DYNAMIC, value)


def _discount_percentage(line: Line) -> Value:
    return calculate(Operator.OVER, calculate(Operator.TIMES, line.discount, Decimal(100)), line.gross)


def _full_name(member: Member) -> str:
    return f"{member.first_name} {member.last_name}".strip()


def _joined_at(occasion: Occasion) -> int | None:
    member = occasion.event.member
    return None if member is None else member.registered_at


def _billed_at(occasion: Occasion) -> int | None:
    return None if bill_of(occasion) is None else occasion.event.occurred_at


_NOTE = _of_bill(Kind.STRING, lambda bill: bill.note)

_BILL = Profile(
    attributes={
        "value": _of_bill(Kind.NUMBER, lambda bill: bill.net),
        "grossAmount": _of_bill(Kind.NUMBER, lambda bill: bill.gross),
        "discount": _of_bill(Kind.NUMBER, lambda bill: bill.discount),
        "date": Stamp(_billed_at),
        "number": _of_bill(Kind.STRING, lambda bill: bill.number),
        "note": _NOTE,
        "notes": _NOTE,
        "totalQty": _of_bill(Kind.NUMBER, lambda bill: total(line.quantity for line in bill.lines)),
        "basketSize": _of_bill(Kind.NUMBER, lambda bill: Decimal(len(bill.lines))),
        # S3 shows the name; we take "non-discounted" per line.
        "basketAmountSumNonDiscounted": _of_bill(
            Kind.NUMBER, lambda bill: total(line.net for line in bill.lines if line.discount.is_zero())
        ),
    },
    functions={
        **BASKET_FUNCTIONS,
        "customFieldValueIncludes": Function(VALUES, Kind.BOOLEAN, field_has_value, open_ended=True),
        "customFieldValueExcludes": Function(VALUES, Kind.BOOLEAN, field_lacks_value, open_ended=True),
    },
    unlisted=_bill_unlisted,
    later=BILL_LATER,
)

_LINE = Profile(
    attributes={
        "code": _of_line(Kind.STRING, lambda line: line.code),
        "description": _of_line(Kind.STRING, lambda line: line.description),
        "qty": _of_line(Kind.NUMBER, lambda line: line.quantity),
        "rate": _of_line(Kind.NUMBER, lambda line: line.rate),
        "value": _of_line(Kind.NUMBER, lambda line: line.net),
        "grossAmount": _of_line(Kind.NUMBER, lambda line: line.gross),
        "discount": _of_line(Kind.NUMBER, lambda line: line.discount),
        "discPercentage": _of_line(Kind.NUMBER, _discount_percentage),
    },
    functions={"doesItemMatch": Function(VALUES, Kind.BOOLEAN, line_has_value, open_ended=True)},
    unlisted=_line_unlisted,
)

_EVENT_TYPE = {"eventType": Fact(Kind.STRING, lambda occasion: occasion.event.name)}

AWARD_ATTRIBUTES = {
    "amount": _of_award(Kind.NUMBER, lambda award: award.amount),
    "kind": _of_award(Kind.STRING, lambda award: award.kind.value),
    "currency": _of_award(Kind.STRING, lambda award: award.currency),
    "programId": _of_award(Kind.NUMBER, lambda award: award.program_id),
}

_EVENT = Profile(_EVENT_TYPE, unlisted=_activity_attribute, later=EVENT_LATER)
_EVENT_ON_BILL = Profile(_EVENT_TYPE, later=EVENT_LATER)
_AWARD = Profile({**_EVENT_TYPE, **AWARD_ATTRIBUTES}, later=EVENT_LATER)

_MEMBER_ATTRIBUTES: dict[str, Attribute] = {
    "name": _of_member(_full_name),
    "firstname": _of_member(lambda member: member.first_name),
    "lastname": _of_member(lambda member: member.last_name),
    "email": _of_member(lambda member: member.email),
    "mobile": _of_member(lambda member: member.mobile),
    "externalId": _of_member(lambda member: member.external_id),
    "joinDate": Stamp(_joined_at),
}

MEMBER_NAMES = frozenset(_MEMBER_ATTRIBUTES)
"""Attributes of the customer that need the profile kept with the event."""

_CUSTOMER = Profile(
    attributes={
        **_MEMBER_ATTRIBUTES,
        "lifetimePurchase": Fact(Kind.NUMBER, lambda occasion: to_decimal(occasion.standing.purchases)),
        "numberOfTxns": Fact(Kind.NUMBER, lambda occasion: Decimal(occasion.standing.bills)),
    },
    later=CUSTOMER_LATER,
)

_STORE = Profile(
    {
        "code": _of_place(Kind.STRING, lambda place: place.store_code),
        "name": _of_place(Kind.STRING, lambda place: place.store_name),
        "id": _of_place(Kind.NUMBER, lambda place: place.store_id),
        "zoneId": _of_place(Kind.NUMBER, lambda place: place.zone_id),
        "conceptId": _of_place(Kind.NUMBER, lambda place: place.concept_id),
    }
)

BILL, LINE, EVENT, CUSTOMER, STORE = "currentTxn", "currentLineItem", "currentEvent", "currentCustomer", "currentStore"

PROFILES: Mapping[str, Profile] = {BILL: _BILL, LINE: _LINE, EVENT: _EVENT, CUSTOMER: _CUSTOMER, STORE: _STORE}
"""All profiles, as the compiler reads them: `currentEvent` at its widest."""

UNSUPPORTED = frozenset(
    {"tenderProfile", "currentTrackerCondition", "returnBill", "groupPrimaryCustomer", "referrerCode"}
)
"""Profiles that the vendor has and that no milestone may use (semantics 5.2)."""

_EVERYWHERE = {CUSTOMER: _CUSTOMER, STORE: _STORE}

IN_SCOPE: Mapping[Scope, Mapping[str, Profile]] = {
    Scope.BILL: {BILL: _BILL, **_EVERYWHERE},
    Scope.LINE: {BILL: _BILL, LINE: _LINE, **_EVERYWHERE},
    Scope.EVENT: {EVENT: _EVENT, **_EVERYWHERE},
    Scope.EVENT_ON_BILL: {BILL: _BILL, EVENT: _EVENT_ON_BILL, **_EVERYWHERE},
    Scope.AWARD: {EVENT: _AWARD, **_EVERYWHERE},
}
"""The profiles that a condition may name, by what it is asked on."""


def attribute(profile: Profile, name: str) -> Attribute | None:
    """Give the attribute *name* of *profile*, if it has it."""
    return profile.attributes.get(name) or profile.unlisted(name)
