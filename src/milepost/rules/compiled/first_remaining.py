"""What is left of a bill after returns, by the first edition of the rules (decision 0027)."""

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import NamedTuple, assert_never

from msgspec.structs import replace

from milepost.model.amount import PLACES
from milepost.model.event import Bill, Line, Return, ReturnedLine, ReturnKind

_EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)
_UNIT = Decimal(1).scaleb(-PLACES)
_NOTHING = Decimal(0)


class Remaining(NamedTuple):
    """A bill less its returns.

    `lines` has one entry for each line of the original bill, None if nothing is left of it.
    """

    bill: Bill
    lines: tuple[Line | None, ...]


def remaining(bill: Bill, returns: Iterable[Return]) -> Remaining | None:
    """Return what is left of *bill* after *returns* in the order of arrival, or None if nothing is left."""
    remainder: Remaining | None = Remaining(bill, bill.lines)
    for returned in returns:
        if remainder is None:
            return None
        remainder = _less(remainder, returned)
    return remainder


def _less(remainder: Remaining, returned: Return) -> Remaining | None:
    match returned.kind:
        case ReturnKind.FULL | ReturnKind.CANCELLED:
            return None
        case ReturnKind.AMOUNT:
            amount = returned.amount if returned.amount is not None else _NOTHING
            return _with_totals(remainder, net=amount, gross=amount, lines=remainder.lines)
        case ReturnKind.LINE_ITEM:
            return _less_lines(remainder, returned.lines)
        case _ as never:
            assert_never(never)


def _less_lines(remainder: Remaining, returned: tuple[ReturnedLine, ...]) -> Remaining | None:
    lines = list(remainder.lines)
    net = gross = _NOTHING
    for piece in returned:
        quantity = piece.quantity
        for position, line in enumerate(lines):
            if line is None or line.code != piece.code or quantity <= 0:
                continue
            rest = _less_line(line, piece, quantity)
            net += line.net - (rest.net if rest else _NOTHING)
            gross += line.gross - (rest.gross if rest else _NOTHING)
            quantity -= line.quantity - (rest.quantity if rest else _NOTHING)
            lines[position] = rest
    return _with_totals(remainder, net=net, gross=gross, lines=tuple(lines))


def _less_line(line: Line, returned: ReturnedLine, quantity: Decimal) -> Line | None:
    """Return *line* less *quantity* of the returned pieces, or None if no piece is left, whatever its amount."""
    if quantity >= line.quantity:
        return None
    share = (quantity, line.quantity)
    net = _part(line.net, share) if returned.net is None else _part(returned.net, (quantity, returned.quantity))
    gross = _part(line.gross, share) if returned.gross is None else _part(returned.gross, (quantity, returned.quantity))
    return replace(
        line,
        quantity=line.quantity - quantity,
        net=max(line.net - net, min(line.net, _NOTHING)),
        gross=max(line.gross - gross, min(line.gross, _NOTHING)),
    )


def _part(amount: Decimal, share: tuple[Decimal, Decimal]) -> Decimal:
    """Return *amount* × part / whole, rounded to four decimals, half to even; *share* is (part, whole)."""
    part, whole = share
    if part == whole:
        return amount
    return _EXACT.divide(_EXACT.multiply(amount, part), whole).quantize(_UNIT, context=_EXACT)


def _with_totals(
    remainder: Remaining, *, net: Decimal, gross: Decimal, lines: tuple[Line | None, ...]
) -> Remaining | None:
    bill = remainder.bill
    bill = replace(
        bill,
        net=max(bill.net - net, min(bill.net, _NOTHING)),
        gross=max(bill.gross - gross, min(bill.gross, _NOTHING)),
        lines=tuple(line for line in lines if line is not None),
    )
    if not bill.lines and bill.net <= 0:
        return None
    return Remaining(bill, lines)
