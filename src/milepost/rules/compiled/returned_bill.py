"""The rest of a bill as a bill, for conditions that are asked again after a return (facts 8 #78)."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction

from msgspec.structs import replace

from milepost.model.amount import to_decimal
from milepost.model.event import Bill, Line, Scalar
from milepost.rules.compiled.remaining import LineLeft, Loss, Remaining
from milepost.rules.compiled.remaining_measure import to_units_exactly, towards_nothing


def left_bill(rest: Remaining) -> Bill:
    """Return the bill with the amounts, lines and numeric fields that are left of it."""
    net, gross = _decimal(rest.net_left), _decimal(rest.gross_left)
    return replace(
        rest.bill,
        net=net,
        gross=gross,
        discount=min(rest.bill.discount, max(gross - net, Decimal(0))),
        lines=tuple(left_line(line) for line in rest.lines if line.pieces is not None),
        extended_fields=_fields(rest.bill.extended_fields, rest.losses),
    )


def left_line(line: LineLeft) -> Line:
    """Return the line with the pieces, amounts and numeric fields that are left of it."""
    net, gross = _decimal(line.net), _decimal(line.gross)
    return replace(
        line.line,
        quantity=_decimal(line.pieces or Fraction(0)),
        net=net,
        gross=gross,
        discount=min(line.line.discount, max(gross - net, Decimal(0))),
        extended_fields=_fields(line.line.extended_fields, line.losses),
    )


def _fields(fields: Mapping[str, Scalar], losses: Iterable[Loss]) -> Mapping[str, Scalar]:
    """Return the fields with what is left of those that are numbers."""
    return {name: _field_left(name, value, losses) for name, value in fields.items()}


def _field_left(name: str, value: Scalar, losses: Iterable[Loss]) -> Scalar:
    losses = tuple(losses)
    if not losses or isinstance(value, bool) or not isinstance(value, int | Decimal):
        return value
    left = Fraction(value)
    for loss in losses:
        stated = loss.fields.get(name)
        if isinstance(stated, int | Decimal) and not isinstance(stated, bool):
            left = towards_nothing(left, Fraction(stated))
        else:
            left *= loss.left
    return _decimal(left)


def _decimal(amount: Fraction) -> Decimal:
    return to_decimal(to_units_exactly(amount))
