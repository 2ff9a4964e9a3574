"""What the rest of a bill adds to a target, by the target's entity and type (facts 8 #73 to #77)."""

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction

from milepost.model.amount import UNITS_PER_ONE
from milepost.model.event import Scalar
from milepost.model.organisation import RULES_LATEST
from milepost.model.target import Entity, Kpi, Target
from milepost.rules.compiled.measure import counts_fields, field_reading
from milepost.rules.compiled.remaining import LineLeft, Loss, Remaining

LeftReading = Callable[[Remaining], int | None]
"""A function that returns what the rest of a bill adds, in units, or None if it does not count."""

LeftLineReading = Callable[[LineLeft], Fraction | None]
"""A function that returns what the rest of a line adds, or None if the line does not count."""

_ONE = Fraction(1)

_BILLS: Mapping[Kpi, LeftReading] = {
    Kpi.SALES: lambda rest: to_units_exactly(rest.net_left),
    Kpi.GROSS_SALES: lambda rest: to_units_exactly(rest.gross_left),
    Kpi.COUNT: lambda rest: UNITS_PER_ONE if rest.is_visit else None,
    Kpi.VISIT: lambda rest: UNITS_PER_ONE if rest.is_visit else None,
    Kpi.QUANTITY: lambda rest: to_units_exactly(sum((pieces or Fraction(0) for pieces in rest.pieces), Fraction(0))),
}
_LINES: Mapping[Kpi, LeftLineReading] = {
    Kpi.SALES: lambda line: line.net if line.net or line.pieces is not None else None,
    Kpi.GROSS_SALES: lambda line: line.gross if line.gross or line.pieces is not None else None,
    Kpi.QUANTITY: lambda line: line.pieces,
    Kpi.COUNT: lambda line: _ONE if line.is_bought else None,
}


def to_units_exactly(amount: Fraction) -> int:
    """Return *amount* in ten-thousandths, rounded half to even."""
    return round(amount * UNITS_PER_ONE)


def left_reading(target: Target) -> LeftReading | None:
    """Return how *target* reads the rest of a bill, or None if it does not read bills, or reads them by line."""
    match target.entity:
        case Entity.TRANSACTION if target.kpi is Kpi.EXTENDED_FIELD:
            return _field_of_bill(target)
        case Entity.TRANSACTION:
            return _BILLS.get(target.kpi)
        case Entity.EVENT if target.kpi in {Kpi.COUNT, Kpi.VISIT}:
            return _BILLS[Kpi.COUNT]
        case _:
            return None


def left_line_reading(target: Target) -> LeftLineReading | None:
    """Return how a LINEITEM target reads the rest of a line; None for other targets."""
    if target.entity is not Entity.LINEITEM:
        return None
    if target.kpi is not Kpi.EXTENDED_FIELD:
        return _LINES.get(target.kpi)
    read = _field(target)
    if read is None:
        return None
    if counts_fields(target):
        return lambda line: read(line.line.extended_fields, ()) if line.is_bought else None
    return lambda line: read(line.line.extended_fields, line.losses)


def _field_of_bill(target: Target) -> LeftReading | None:
    read = _field(target)
    if read is None:
        return None
    is_count = counts_fields(target)

    def reading(rest: Remaining) -> int | None:
        if is_count and not rest.is_visit:
            return None
        amount = read(rest.bill.extended_fields, () if is_count else rest.losses)
        return None if amount is None else to_units_exactly(amount)

    return reading


def _field(target: Target) -> Callable[[Mapping[str, Scalar], Iterable[Loss]], Fraction | None] | None:
    """Return how the target's field is read: its number less the losses of each return."""
    field = field_reading(target.metadata, RULES_LATEST)
    if field is None:
        return None

    def reading(fields: Mapping[str, Scalar], losses: Iterable[Loss]) -> Fraction | None:
        units = field(fields)
        if units is None:
            return None
        left = Fraction(units, UNITS_PER_ONE)
        for loss in losses:
            stated = field(loss.fields)
            left = left * loss.left if stated is None else towards_nothing(left, Fraction(stated, UNITS_PER_ONE))
        return left

    return reading


def towards_nothing(amount: Fraction, by: Fraction) -> Fraction:
    """Return *amount* less *by*, which has its sign; never beyond nothing."""
    return (
        max(amount - max(by, Fraction(0)), Fraction(0))
        if amount > 0
        else min(amount - min(by, Fraction(0)), Fraction(0))
    )
