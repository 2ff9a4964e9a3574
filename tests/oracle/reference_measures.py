"""What one event adds to a target (facts 4.2), read straight off the table of entities and types.

Everything is a fraction, so nothing is rounded but where the rules say so. None means: the event does not count.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from milepost.model.event import BILL, CURRENCY, POINTS, Activity, Award, AwardKind, Bill, Event, Return, Scalar
from milepost.model.target import AggregateFunction, Entity, Kpi, Target
from tests.oracle.reference_predicates import PREDICATES
from tests.oracle.reference_remaining import Left, in_units, remains

BILL_ENTITIES = {Entity.TRANSACTION, Entity.LINEITEM}
TOO_LARGE = 10**15
"""A field of this size or more does not count."""

AWARD_KINDS = {
    Kpi.REGULAR_POINTS: {AwardKind.REGULAR},
    Kpi.REGULAR: {AwardKind.REGULAR},
    Kpi.PROMOTIONAL_POINTS: {AwardKind.PROMOTIONAL},
    Kpi.PROMOTION: {AwardKind.PROMOTIONAL},
    Kpi.PROMOTIONAL: {AwardKind.PROMOTIONAL},
    Kpi.ALL_POINTS: {AwardKind.REGULAR, AwardKind.PROMOTIONAL},
    Kpi.ALL: {AwardKind.REGULAR, AwardKind.PROMOTIONAL},
}


def weight(target: Target, event: Event, returns: Sequence[Return]) -> Fraction | None:
    """Return what *event* adds, once *returns* are taken off it; the expression is asked of the event as it came."""
    if not name_fits(target, event):
        return None
    holds = PREDICATES[target.expression]
    if target.entity is not Entity.LINEITEM and not holds(event, None):
        return None
    match event.payload:
        case Bill() as bill if target.entity in BILL_ENTITIES:
            return weight_of_bill(target, event, bill, returns)
        case Award(kind=kind, amount=amount):
            return in_units(Fraction(amount)) if kind in AWARD_KINDS[target.kpi] else None
        case Bill() as bill if remains(bill, returns) is None:
            return None
        case payload:
            return weight_of_activity(target, payload.attributes if isinstance(payload, Activity) else {})


def name_fits(target: Target, event: Event) -> bool:
    """Return whether the target listens to events of this name, and for currencies to this one."""
    match target.entity:
        case Entity.TRANSACTION | Entity.LINEITEM:
            return event.name == BILL
        case Entity.EVENT:
            return event.name == target.event_name
        case Entity.REWARDS | Entity.POINTS:
            return event.name == POINTS
        case Entity.ALTERNATE_CURRENCIES:
            award, wanted = event.payload, target.metadata
            assert wanted is not None
            return (
                event.name == CURRENCY
                and isinstance(award, Award)
                and (award.program_id, award.currency) == (wanted.program_id, wanted.currency)
            )


def weight_of_bill(target: Target, event: Event, bill: Bill, returns: Sequence[Return]) -> Fraction | None:
    """Return what is left of a bill in the target's measure."""
    left = remains(bill, returns)
    if left is None:
        return None
    if target.entity is Entity.LINEITEM:
        holds = PREDICATES[target.expression]
        weights = [weight_of_line(target, line) for line in left.lines if holds(event, line.line)]
        counted = [weight for weight in weights if weight is not None]
        return sum(counted, Fraction(0)) if counted else None
    match target.kpi:
        case Kpi.SALES:
            return left.net
        case Kpi.GROSS_SALES:
            return left.gross
        case Kpi.COUNT | Kpi.VISIT:
            return Fraction(1)
        case Kpi.QUANTITY:
            return sum((line.quantity for line in left.lines), Fraction(0))
        case kpi:
            assert kpi is Kpi.EXTENDED_FIELD
            return weight_of_field(target, bill.extended_fields)


def weight_of_line(target: Target, left: Left) -> Fraction | None:
    """Return what is left of one matching line in the target's measure."""
    match target.kpi:
        case Kpi.SALES:
            return left.net
        case Kpi.GROSS_SALES:
            return left.gross
        case Kpi.QUANTITY:
            return left.quantity
        case Kpi.COUNT:
            return Fraction(1)
        case kpi:
            assert kpi is Kpi.EXTENDED_FIELD
            return weight_of_field(target, left.line.extended_fields)


def weight_of_activity(target: Target, attributes: Mapping[str, Scalar]) -> Fraction | None:
    """Return one for an event that is counted, its attribute's number for EVENT_ATTRIBUTE."""
    if target.kpi in {Kpi.COUNT, Kpi.VISIT}:
        return Fraction(1)
    assert target.kpi is Kpi.EVENT_ATTRIBUTE
    return weight_of_field(target, attributes)


def weight_of_field(target: Target, fields: Mapping[str, Scalar]) -> Fraction | None:
    """Return the number that the named field holds (SUM), or one if it holds anything (COUNT)."""
    assert target.metadata is not None
    value = fields.get(target.metadata.name or "")
    if target.metadata.aggregate is AggregateFunction.COUNT:
        return None if value is None else Fraction(1)
    return number(value)


def is_plain(text: str) -> bool:
    """Whether a text holds the digits 0 to 9 alone, but for a minus before and a point between them."""
    whole, point, rest = text.removeprefix("-").partition(".")
    digits = whole + rest
    return bool(whole) and (not point or bool(rest)) and all(character in "0123456789" for character in digits)


def number(value: Scalar) -> Fraction | None:
    """Read a number or a numeric text, to ten-thousandths; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return None
    try:
        if isinstance(value, str) and not is_plain(value):
            return None
        amount = value if isinstance(value, Decimal) else Decimal(value)
    except InvalidOperation:
        return None
    return in_units(Fraction(amount)) if amount.is_finite() and abs(amount) < TOO_LARGE else None
