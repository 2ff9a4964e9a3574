"""What one event adds to a target (facts 4.2), read straight off the table of entities and types.

Everything is a fraction, so nothing is rounded but where the rules say so. None means: the event does not count.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from msgspec import structs

from milepost.model.event import BILL, CURRENCY, POINTS, Activity, Award, AwardKind, Bill, Event, Return, Scalar
from milepost.model.organisation import ReturnedBills, Settings
from milepost.model.target import AggregateFunction, Entity, Kpi, Target
from tests.oracle.reference_fields import in_units, number
from tests.oracle.reference_predicates import PREDICATES
from tests.oracle.reference_remaining import (
    Left,
    Remains,
    as_bill,
    as_line,
    in_bounds,
    is_purchase,
    remains,
    was_bought,
)

BILL_ENTITIES = {Entity.TRANSACTION, Entity.LINEITEM}
AWARD_KINDS = {
    Kpi.REGULAR_POINTS: {AwardKind.REGULAR},
    Kpi.REGULAR: {AwardKind.REGULAR},
    Kpi.PROMOTIONAL_POINTS: {AwardKind.PROMOTIONAL},
    Kpi.PROMOTION: {AwardKind.PROMOTIONAL},
    Kpi.PROMOTIONAL: {AwardKind.PROMOTIONAL},
    Kpi.ALL_POINTS: {AwardKind.REGULAR, AwardKind.PROMOTIONAL},
    Kpi.ALL: {AwardKind.REGULAR, AwardKind.PROMOTIONAL},
}


def weight(
    target: Target, event: Event, corrections: Sequence[Event], settings: Settings | None = None
) -> Fraction | None:
    """Return what *event* adds, once *corrections* are taken off it.

    The expression is asked of the event as it came; by JUDGE_AGAIN also of what is left of it.
    """
    if not name_fits(target, event):
        return None
    holds = PREDICATES[target.expression]
    if target.entity is not Entity.LINEITEM and not holds(event, None):
        return None
    payload = event.payload
    if isinstance(payload, Bill):
        left = remains(payload, [one.payload for one in corrections if isinstance(one.payload, Return)])
        if left is None:
            return None
        again = None
        if corrections and settings is not None and settings.returned_bills is ReturnedBills.JUDGE_AGAIN:
            again = structs.replace(event, payload=as_bill(left))
            if target.entity is not Entity.LINEITEM and not holds(again, None):
                return None
        amount = weight_of_bill(target, event, left, again)
        return None if amount is None else in_units(amount)
    if corrections:
        return None
    if isinstance(payload, Award) and target.entity is not Entity.EVENT:
        return in_units(Fraction(payload.amount)) if payload.kind in AWARD_KINDS[target.kpi] else None
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


def weight_of_bill(target: Target, event: Event, left: Remains, again: Event | None) -> Fraction | None:
    """Return what is left of a bill in the target's measure; *again* is the rest, if its lines are judged again."""
    if target.entity is Entity.LINEITEM:
        holds = PREDICATES[target.expression]
        weights = [
            weight_of_line(target, line)
            for line in left.lines
            if holds(event, line.line) and (again is None or holds(again, as_line(line)))
        ]
        counted = [weight for weight in weights if weight is not None]
        return sum(counted, Fraction(0)) if counted else None
    is_one = is_purchase(left.bill) and left.is_visit
    match target.kpi:
        case Kpi.SALES:
            return in_bounds(left.net, left.bill.net)
        case Kpi.GROSS_SALES:
            return in_bounds(left.gross, left.bill.gross)
        case Kpi.COUNT | Kpi.VISIT:
            return Fraction(1) if is_one else None
        case Kpi.QUANTITY:
            return sum((line.pieces or Fraction(0) for line in left.lines), Fraction(0))
        case _ if target.entity is Entity.EVENT:
            return None
        case kpi:
            assert kpi is Kpi.EXTENDED_FIELD
            return weight_of_fields(target, left.bill.extended_fields, left.fields, is_one=is_one)


def weight_of_line(target: Target, left: Left) -> Fraction | None:
    """Return what is left of one matching line in the target's measure."""
    is_there = left.pieces is not None
    match target.kpi:
        case Kpi.SALES:
            return left.own_net if is_there or left.own_net else None
        case Kpi.GROSS_SALES:
            return left.own_gross if is_there or left.own_gross else None
        case Kpi.QUANTITY:
            return left.pieces
        case Kpi.COUNT:
            return Fraction(1) if is_there and was_bought(left.line) else None
        case kpi:
            assert kpi is Kpi.EXTENDED_FIELD
            is_one = is_there and was_bought(left.line)
            return weight_of_fields(target, left.line.extended_fields, left.fields, is_one=is_one)


def weight_of_fields(
    target: Target, bought: Mapping[str, Scalar], left: Mapping[str, Fraction], *, is_one: bool
) -> Fraction | None:
    """Return what is left of the named number (SUM), or one if the field was there and the thing still counts."""
    assert target.metadata is not None
    name = target.metadata.name or ""
    if target.metadata.aggregate is AggregateFunction.COUNT:
        return Fraction(1) if is_one and bought.get(name) is not None else None
    return left.get(name)


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
