"""What an event adds to a target, by the target's entity and type (facts 4.2)."""

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import assert_never

from milepost.model.amount import UNITS_PER_ONE, is_amount_text, to_units
from milepost.model.event import Activity, Award, AwardKind, Bill, Line, Payload, Scalar
from milepost.model.organisation import RULES_FIRST
from milepost.model.target import AggregateFunction, Entity, Kpi, Metadata, Target, WindowKind

Reading = Callable[[Payload], int | None]
"""A function that returns what a payload adds, in units, or None if it does not count."""

LineReading = Callable[[Line], int | None]
"""A function that returns what one line of a bill adds, in units, or None if the line does not count."""

SUMMED_DIGITS_MAX = 15
"""The largest number of digits before the point in a summed attribute. A larger number does not count."""


class Aggregate(Enum):
    """How the contributions of a period combine: all are added, or the extreme of each calendar day is added."""

    SUM = "SUM"
    DAY_MAX = "DAY_MAX"
    DAY_MIN = "DAY_MIN"


def _of_bill(read: Callable[[Bill], int | None]) -> Reading:
    def reading(payload: Payload) -> int | None:
        return read(payload) if isinstance(payload, Bill) else None

    return reading


# One function object for each simple measure: rules with equal functions share one evaluation of an event.
_BILL_READINGS: Mapping[Kpi, Reading] = {
    Kpi.SALES: _of_bill(lambda bill: to_units(bill.net)),
    Kpi.GROSS_SALES: _of_bill(lambda bill: to_units(bill.gross)),
    Kpi.COUNT: _of_bill(lambda bill: None if bill.is_refund else UNITS_PER_ONE),
    Kpi.VISIT: _of_bill(lambda bill: None if bill.is_refund else UNITS_PER_ONE),
    Kpi.QUANTITY: _of_bill(lambda bill: sum(to_units(line.quantity) for line in bill.lines)),
}
_FIRST_COUNTS: Mapping[Kpi, Reading] = {
    Kpi.COUNT: _of_bill(lambda _bill: UNITS_PER_ONE),
    Kpi.VISIT: _of_bill(lambda _bill: UNITS_PER_ONE),
}
"""How the first edition counts bills: refunds too (decision 0027)."""

_LINE_READINGS: Mapping[Kpi, LineReading] = {
    Kpi.SALES: lambda line: to_units(line.net),
    Kpi.GROSS_SALES: lambda line: to_units(line.gross),
    Kpi.QUANTITY: lambda line: to_units(line.quantity),
    Kpi.COUNT: lambda line: None if line.is_given_back else UNITS_PER_ONE,
}
_FIRST_LINE_COUNTS: Mapping[Kpi, LineReading] = {Kpi.COUNT: lambda _line: UNITS_PER_ONE}


def aggregate_of(target: Target) -> Aggregate:
    """Return how *target* combines contributions. VISIT takes the maximum of a day's ones, so each day adds one."""
    match target.kpi:
        case Kpi.VISIT:
            return Aggregate.DAY_MAX
        case Kpi.EXTENDED_FIELD | Kpi.EVENT_ATTRIBUTE:
            return _aggregate_in(None if target.metadata is None else target.metadata.window)
        case Kpi.SALES | Kpi.GROSS_SALES | Kpi.QUANTITY | Kpi.COUNT:
            return Aggregate.SUM
        case Kpi.REGULAR_POINTS | Kpi.PROMOTIONAL_POINTS | Kpi.ALL_POINTS:
            return Aggregate.SUM
        case Kpi.ALL | Kpi.REGULAR | Kpi.PROMOTION | Kpi.PROMOTIONAL:
            return Aggregate.SUM
        case _ as never:
            assert_never(never)


def _aggregate_in(window: WindowKind | None) -> Aggregate:
    match window:
        case None:
            return Aggregate.SUM
        case WindowKind.MAX:
            return Aggregate.DAY_MAX
        case WindowKind.MIN:
            return Aggregate.DAY_MIN
        case _ as never:
            assert_never(never)


def reading(target: Target, edition: int) -> Reading | None:
    """Return how *target* reads a payload by this edition of the rules.

    None if its measure has no meaning or is read line by line.
    """
    match target.entity:
        case Entity.TRANSACTION:
            return _bill_reading(target, edition)
        case Entity.LINEITEM:
            return None
        case Entity.EVENT:
            return _activity_reading(target, edition)
        case Entity.REWARDS | Entity.POINTS:
            return _points_reading(target.kpi)
        case Entity.ALTERNATE_CURRENCIES:
            return _currency_reading(target.kpi, target.metadata)
        case _ as never:
            assert_never(never)


def line_reading(target: Target, edition: int) -> LineReading | None:
    """Return how a LINEITEM target reads one line, or None if its measure has no meaning."""
    assert target.entity is Entity.LINEITEM
    if target.kpi is not Kpi.EXTENDED_FIELD:
        first = _FIRST_LINE_COUNTS.get(target.kpi) if edition == RULES_FIRST else None
        return first or _LINE_READINGS.get(target.kpi)
    field = field_reading(target.metadata, edition)
    if field is None:
        return None
    if edition != RULES_FIRST and counts_fields(target):
        return lambda line: None if line.is_given_back else field(line.extended_fields)
    return lambda line: field(line.extended_fields)


def counts_fields(target: Target) -> bool:
    """Whether *target* counts the bills or lines that have a field, not the sum of what they hold."""
    return target.metadata is not None and target.metadata.aggregate is AggregateFunction.COUNT


def event_name_of(target: Target) -> str:
    """Return the name of the events that *target* counts."""
    match target.entity:
        case Entity.TRANSACTION | Entity.LINEITEM:
            return "TransactionAdd"
        case Entity.EVENT:
            return target.event_name
        case Entity.REWARDS | Entity.POINTS:
            return "PointsAwarded"
        case Entity.ALTERNATE_CURRENCIES:
            return "CurrencyAwarded"
        case _ as never:
            assert_never(never)


def _bill_reading(target: Target, edition: int) -> Reading | None:
    if target.kpi is not Kpi.EXTENDED_FIELD:
        first = _FIRST_COUNTS.get(target.kpi) if edition == RULES_FIRST else None
        return first or _BILL_READINGS.get(target.kpi)
    field = field_reading(target.metadata, edition)
    if field is None:
        return None
    if edition != RULES_FIRST and counts_fields(target):
        return _of_bill(lambda bill: None if bill.is_refund else field(bill.extended_fields))
    return _of_bill(lambda bill: field(bill.extended_fields))


def _count_of_one(payload: Payload) -> int | None:
    return None if isinstance(payload, Bill) and payload.is_refund else UNITS_PER_ONE


def _first_count_of_one(_payload: Payload) -> int | None:
    return UNITS_PER_ONE


def _activity_reading(target: Target, edition: int) -> Reading | None:
    match target.kpi:
        case Kpi.COUNT | Kpi.VISIT:
            return _first_count_of_one if edition == RULES_FIRST else _count_of_one
        case Kpi.EVENT_ATTRIBUTE:
            field = field_reading(target.metadata, edition)
            if field is None:
                return None
            return lambda payload: field(payload.attributes) if isinstance(payload, Activity) else None
        case _:
            return None


def field_reading(metadata: Metadata | None, edition: int) -> Callable[[Mapping[str, Scalar]], int | None] | None:
    """Return how a named field is read, in units, by this edition of the rules; None if no field is named."""
    if metadata is None or metadata.name is None:
        return None
    name = metadata.name
    if metadata.aggregate is AggregateFunction.COUNT:
        return lambda fields: UNITS_PER_ONE if fields.get(name) is not None else None
    if edition == RULES_FIRST:
        return lambda fields: _number(fields.get(name))
    return lambda fields: _written_number(fields.get(name))


def _written_number(value: Scalar) -> int | None:
    """Return *value* in units as `_number` does; a text must write its number as JSON does, without an exponent."""
    return None if isinstance(value, str) and not is_amount_text(value) else _number(value)


def _number(value: Scalar) -> int | None:
    """Return *value* in units if it is or spells a number that is not too large to be summed, else None."""
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        return None
    try:
        number = value if isinstance(value, Decimal) else Decimal(value)
    except InvalidOperation:
        return None
    if not number.is_finite() or number.adjusted() >= SUMMED_DIGITS_MAX:
        return None
    return to_units(number)


def _points_reading(kpi: Kpi) -> Reading | None:
    match kpi:
        case Kpi.ALL_POINTS:
            return _award_reading(None)
        case Kpi.REGULAR_POINTS:
            return _award_reading(AwardKind.REGULAR)
        case Kpi.PROMOTIONAL_POINTS:
            return _award_reading(AwardKind.PROMOTIONAL)
        case _:
            return None


def _currency_reading(kpi: Kpi, metadata: Metadata | None) -> Reading | None:
    if metadata is None:
        return None
    match kpi:
        case Kpi.ALL:
            read = _award_reading(None)
        case Kpi.REGULAR:
            read = _award_reading(AwardKind.REGULAR)
        case Kpi.PROMOTION | Kpi.PROMOTIONAL:
            read = _award_reading(AwardKind.PROMOTIONAL)
        case _:
            return None
    currency = (metadata.program_id, metadata.currency)

    def reading(payload: Payload) -> int | None:
        if isinstance(payload, Award) and (payload.program_id, payload.currency) == currency:
            return read(payload)
        return None

    return reading


def _award_reading(kind: AwardKind | None) -> Reading:
    def reading(payload: Payload) -> int | None:
        if isinstance(payload, Award) and (kind is None or payload.kind is kind):
            return to_units(payload.amount)
        return None

    return reading
