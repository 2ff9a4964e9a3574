"""The vocabulary: the attributes and functions of each profile, their types, and how each is read (facts 5.4).

Extended fields of the bill and of the line are `extField_<name>`, other attributes of a line `attr_<name>`. Their types
are known only when a rule is evaluated. `currentTxn.value` and `currentLineItem.value` are net amounts.
`docs/expressions.md` lists the whole vocabulary for users.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal

from milepost.language.dates import DATE_OPERATIONS
from milepost.language.operations import NUMBER_OPERATIONS, PRESENCE_OPERATIONS, TEXT_OPERATIONS, Operation
from milepost.language.profiles.bill_profile import (
    BASKET_FUNCTIONS,
    VALUES,
    field_has_value,
    field_lacks_value,
    line_has_value,
)
from milepost.language.profiles.customer_profile import CUSTOMER_PROFILE
from milepost.language.profiles.event_profile import AWARD_PROFILE, EVENT_ON_BILL_PROFILE, EVENT_PROFILE
from milepost.language.profiles.profile import Fact, Function, Profile, Stamp, bill_of, extended_field
from milepost.language.syntax import Operator
from milepost.language.values import EvaluationContext, Kind, Scope, Value, calculate, total, value_of
from milepost.model.event import Bill, Line, Place
from milepost.model.time import Micros

LINE_ATTRIBUTE = "attr_"


def _of_bill(kind: Kind, read: Callable[[Bill], Value]) -> Fact:
    def value(context: EvaluationContext) -> Value:
        payload = context.event.payload
        return read(payload) if isinstance(payload, Bill) else None

    return Fact(kind, value)


def _of_line(kind: Kind, read: Callable[[Line], Value]) -> Fact:
    return Fact(kind, lambda context: None if context.line is None else read(context.line))


def _of_place(kind: Kind, read: Callable[[Place], str | int | None]) -> Fact:
    return Fact(kind, lambda context: value_of(read(context.event.place)))


def _bill_unlisted(name: str) -> Fact | None:
    key = extended_field(name)
    return _of_bill(Kind.DYNAMIC, lambda bill: value_of(bill.extended_fields.get(key))) if key else None


def _line_unlisted(name: str) -> Fact | None:
    key = extended_field(name)
    if key:
        return _of_line(Kind.DYNAMIC, lambda line: value_of(line.extended_fields.get(key)))
    key = name.removeprefix(LINE_ATTRIBUTE)
    if key not in {name, ""}:
        return _of_line(Kind.DYNAMIC, lambda line: value_of(line.attributes.get(key)))
    return None


def _discount_percentage(line: Line) -> Value:
    return calculate(Operator.OVER, calculate(Operator.TIMES, line.discount, Decimal(100)), line.gross)


def _billed_at(context: EvaluationContext) -> Micros | None:
    return None if bill_of(context) is None else context.event.occurred_at


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
        # S3 shows the name only. We read "non-discounted" as: the lines without a discount.
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
    absent={"points": "points are awarded after the bill, in an event of their own"},
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

PROFILES: Mapping[str, Profile] = {
    BILL: _BILL,
    LINE: _LINE,
    EVENT: EVENT_PROFILE,
    CUSTOMER: CUSTOMER_PROFILE,
    STORE: _STORE,
}
"""All profiles for the compiler; `currentEvent` has the attributes of every kind of event."""

UNSUPPORTED: Mapping[str, str] = {
    "tenderProfile": "a bill comes without its payments",
    "currentTrackerCondition": "trackers are kept by a points engine",
    "returnBill": "a return takes back what its bill had counted",
    "groupPrimaryCustomer": "customers are counted one by one",
    "referrerCode": "referrals arrive in events of their own",
}
"""Profiles of the vendor that milestones cannot use (facts 5.2), each with the reason."""

_EVERYWHERE = {CUSTOMER: CUSTOMER_PROFILE, STORE: _STORE}

IN_SCOPE: Mapping[Scope, Mapping[str, Profile]] = {
    Scope.BILL: {BILL: _BILL, **_EVERYWHERE},
    Scope.LINE: {BILL: _BILL, LINE: _LINE, **_EVERYWHERE},
    Scope.EVENT: {EVENT: EVENT_PROFILE, **_EVERYWHERE},
    Scope.EVENT_ON_BILL: {BILL: _BILL, EVENT: EVENT_ON_BILL_PROFILE, **_EVERYWHERE},
    Scope.AWARD: {EVENT: AWARD_PROFILE, **_EVERYWHERE},
}
"""The profiles that a condition may name, by its scope."""

OPERATIONS: Mapping[str, Operation] = {
    **TEXT_OPERATIONS,
    **NUMBER_OPERATIONS,
    **DATE_OPERATIONS,
    **PRESENCE_OPERATIONS,
}
"""All operations by name. A name means the same operation after every type of value."""
