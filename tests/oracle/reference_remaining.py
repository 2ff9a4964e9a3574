"""What remains of a bill after returns, computed plainly with fractions.

A return never takes back more than the bill still has (facts 8.1, `returns: SUBTRACT`).
"""

from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple

from milepost.model.event import Bill, Line, Return, ReturnedLine, ReturnKind


class Left(NamedTuple):
    """What is left of one line; *line* is the line as it was bought."""

    line: Line
    quantity: Fraction
    net: Fraction
    gross: Fraction


class Remains(NamedTuple):
    """What is left of a bill; *lines* holds only lines of which something is left."""

    bill: Bill
    net: Fraction
    gross: Fraction
    lines: tuple[Left, ...]


def whole(bill: Bill) -> Remains:
    """Return the bill as it was bought."""
    lines = tuple(Left(line, Fraction(line.quantity), Fraction(line.net), Fraction(line.gross)) for line in bill.lines)
    return Remains(bill, Fraction(bill.net), Fraction(bill.gross), lines)


def remains(bill: Bill, returns: Iterable[Return]) -> Remains | None:
    """Return what is left of *bill* after *returns*, in the order in which they took effect; None for nothing."""
    left = whole(bill)
    for taken in returns:
        after = less(left, taken)
        if after is None:
            return None
        left = after
    return left


def less(left: Remains, taken: Return) -> Remains | None:
    """Take one return off; None when nothing is left."""
    if taken.kind in {ReturnKind.FULL, ReturnKind.CANCELLED}:
        return None
    if taken.kind is ReturnKind.AMOUNT:
        amount = Fraction(taken.amount or 0)
        after = left._replace(net=reduced(left.net, amount), gross=reduced(left.gross, amount))
    else:
        after = less_lines(left, taken.lines)
    return None if not after.lines and after.net <= 0 else after


def less_lines(left: Remains, returned: Iterable[ReturnedLine]) -> Remains:
    """Take the pieces that came back off the lines of the same article, and their worth off the bill."""
    lines: list[Left | None] = list(left.lines)
    for wanted in returned:
        pieces = Fraction(wanted.quantity)
        for position, line in enumerate(lines):
            if line is not None and line.line.code == wanted.code and pieces > 0:
                lines[position] = less_pieces(line, pieces, wanted)
                pieces -= min(pieces, line.quantity)
    kept = tuple(line for line in lines if line is not None)
    net = worth([line.net for line in left.lines]) - worth([line.net for line in kept])
    gross = worth([line.gross for line in left.lines]) - worth([line.gross for line in kept])
    return left._replace(net=reduced(left.net, net), gross=reduced(left.gross, gross), lines=kept)


def less_pieces(line: Left, pieces: Fraction, wanted: ReturnedLine) -> Left | None:
    """Take *pieces* off a line; None if that is all of it.

    They take along the worth that the return states for as many of its pieces, else their share of the line.
    """
    if pieces >= line.quantity:
        return None
    stated, share = pieces / Fraction(wanted.quantity), pieces / line.quantity
    net = line.net * share if wanted.net is None else Fraction(wanted.net) * stated
    gross = line.gross * share if wanted.gross is None else Fraction(wanted.gross) * stated
    return line._replace(
        quantity=line.quantity - pieces,
        net=reduced(line.net, in_units(net)),
        gross=reduced(line.gross, in_units(gross)),
    )


def reduced(amount: Fraction, by: Fraction) -> Fraction:
    """Lower an amount, not below nothing."""
    return amount - min(by, max(amount, Fraction(0)))


def worth(amounts: Iterable[Fraction]) -> Fraction:
    """Add up."""
    return sum(amounts, Fraction(0))


def in_units(amount: Fraction) -> Fraction:
    """Round to ten-thousandths, half to even."""
    return Fraction(round(amount * 10_000), 10_000)
