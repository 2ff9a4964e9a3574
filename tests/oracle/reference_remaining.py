"""What remains of a bill after returns, computed plainly with fractions (docs/rules.md, Corrections).

A return never takes back more than the bill still has. Nothing is rounded here.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from msgspec import structs

from milepost.model.event import Bill, Line, Return, ReturnedLine, ReturnKind
from tests.oracle.reference_fields import less_fields, numbers

NOTHING = Fraction(0)


class Left(NamedTuple):
    """What is left of one line; *line* is the line as it was bought.

    *net* and *gross* are what the line still has of the bill's money, *own_net* and *own_gross* of its own amounts.
    *pieces* is None once none is left.
    """

    line: Line
    pieces: Fraction | None
    net: Fraction
    gross: Fraction
    own_net: Fraction
    own_gross: Fraction
    fields: Mapping[str, Fraction]


class Remains(NamedTuple):
    """What is left of a bill; *loose_net* and *loose_gross* is money that no line has."""

    bill: Bill
    lines: tuple[Left, ...]
    loose_net: Fraction
    loose_gross: Fraction
    fields: Mapping[str, Fraction]

    @property
    def net(self) -> Fraction:
        """Add up the net money."""
        return self.loose_net + sum((line.net for line in self.lines), NOTHING)

    @property
    def gross(self) -> Fraction:
        """Add up the gross money."""
        return self.loose_gross + sum((line.gross for line in self.lines), NOTHING)

    @property
    def is_visit(self) -> bool:
        """Return whether something that was bought is still with the customer."""
        if not self.bill.lines:
            return self.bill.net >= 0
        return any(line.pieces is not None and was_bought(line.line) for line in self.lines)


def was_bought(line: Line) -> bool:
    """Return whether a line sold something, and gave nothing back."""
    return line.quantity >= 0 and line.net >= 0


def is_purchase(bill: Bill) -> bool:
    """Return whether anything on the bill was bought; without lines, whether it is not below zero."""
    return any(was_bought(line) for line in bill.lines) if bill.lines else bill.net >= 0


def shares(amount: Decimal, own: Sequence[Decimal]) -> list[Fraction]:
    """Return the share of each line in the bill's amount."""
    total = sum(map(Fraction, own), NOTHING)
    if total <= 0 or amount < 0:
        return [Fraction(one) for one in own]
    return [Fraction(amount) * Fraction(one) / total for one in own]


def whole(bill: Bill) -> Remains:
    """Return the bill as it was bought."""
    nets = shares(bill.net, [line.net for line in bill.lines])
    grosses = shares(bill.gross, [line.gross for line in bill.lines])
    lines = tuple(
        Left(
            line=line,
            pieces=Fraction(line.quantity),
            net=net,
            gross=gross,
            own_net=Fraction(line.net),
            own_gross=Fraction(line.gross),
            fields=numbers(line.extended_fields),
        )
        for line, net, gross in zip(bill.lines, nets, grosses, strict=True)
    )
    return Remains(
        bill,
        lines,
        Fraction(bill.net) - sum(nets, NOTHING),
        Fraction(bill.gross) - sum(grosses, NOTHING),
        numbers(bill.extended_fields),
    )


def remains(bill: Bill, returns: Iterable[Return]) -> Remains | None:
    """Return what is left of *bill* after *returns*, one after the other; None for nothing."""
    left: Remains | None = whole(bill)
    for taken in returns:
        left = None if left is None else less(left, taken)
    return left


def less(left: Remains, taken: Return) -> Remains | None:
    """Take one return off; None when nothing is left."""
    if taken.kind in {ReturnKind.FULL, ReturnKind.CANCELLED}:
        return None
    after = left
    if taken.kind is ReturnKind.AMOUNT:
        after = less_amount(left, Fraction(taken.amount or 0))
    else:
        for wanted in taken.lines:
            after = less_pieces(after, wanted)
    stays = ratio(after.net, left.net) if left.net > 0 else Fraction(1)
    after = after._replace(fields=less_fields(left.fields, stays, taken.extended_fields))
    if left.bill.net > 0 and after.net <= 0:
        return None
    if left.bill.net == 0 and after.lines and all(line.pieces is None for line in after.lines):
        return None
    return after


def less_amount(left: Remains, amount: Fraction) -> Remains:
    """Take money off all that has some, in proportion."""
    net = max(1 - amount / left.net, NOTHING) if left.net > 0 else Fraction(1)
    gross = max(1 - amount / left.gross, NOTHING) if left.gross > 0 else Fraction(1)
    lines = tuple(
        line._replace(
            net=line.net * net,
            gross=line.gross * gross,
            own_net=line.own_net * net,
            own_gross=line.own_gross * gross,
            fields=less_fields(line.fields, net, {}),
        )
        for line in left.lines
    )
    return left._replace(lines=lines, loose_net=left.loose_net * net, loose_gross=left.loose_gross * gross)


def less_pieces(left: Remains, wanted: ReturnedLine) -> Remains:
    """Take pieces off the lines that are meant, and what they are worth off these, or off others of the article."""
    still, gone = Fraction(wanted.quantity), dict[int, Fraction]()
    for place in meant(left, wanted):
        pieces = left.lines[place].pieces
        if pieces is not None and pieces >= 0 and still > 0:
            gone[place] = min(still / pieces, Fraction(1)) if pieces else Fraction(1)
            still -= min(still, pieces)
    if not gone:
        return left
    codes = {left.lines[place].line.code for place in gone}
    article = [place for place, line in enumerate(left.lines) if line.line.code in codes]
    nets = worths_after([line.net for line in left.lines], left.loose_net, gone, wanted.net, article)
    grosses = worths_after([line.gross for line in left.lines], left.loose_gross, gone, wanted.gross, article)
    lines = []
    for place, line in enumerate(left.lines):
        part = gone.get(place, NOTHING)
        first = shares(left.bill.net, [one.net for one in left.bill.lines])[place]
        first_gross = shares(left.bill.gross, [one.gross for one in left.bill.lines])[place]
        own_net = line.own_net * (1 - part) if not first else Fraction(line.line.net) * nets[place] / first
        own_gross = (
            line.own_gross * (1 - part)
            if not first_gross
            else (Fraction(line.line.gross) * grosses[place] / first_gross)
        )
        stays = ratio(nets[place], line.net) if first else 1 - part
        stated = (wanted.extended_fields or {}) if place == next(iter(gone)) else {}
        lines.append(
            Left(
                line=line.line,
                pieces=None if part == 1 or line.pieces is None else line.pieces * (1 - part),
                net=nets[place],
                gross=grosses[place],
                own_net=own_net,
                own_gross=own_gross,
                fields=less_fields(line.fields, stays, stated),
            )
        )
    return left._replace(lines=tuple(lines), loose_net=nets[-1], loose_gross=grosses[-1])


def meant(left: Remains, wanted: ReturnedLine) -> list[int]:
    """Return the places of the lines that a returned line means, the likeliest first."""
    lines = [line.line for line in left.lines]
    named = [place for place, line in enumerate(lines) if wanted.id and line.id == wanted.id]
    if named:
        return named
    fitting: list[int] = []
    others: list[int] = []
    first = shares(left.bill.net, [line.net for line in lines])
    for place, line in enumerate(lines):
        if line.code != wanted.code:
            continue
        is_fitting = False
        if wanted.net is not None and line.quantity > 0:
            for worth in (Fraction(line.net), first[place]):
                piece = worth / Fraction(line.quantity)
                is_fitting |= round(piece * Fraction(wanted.quantity), 2) == round(Fraction(wanted.net), 2)
        (fitting if is_fitting else others).append(place)
    return fitting + others


def worths_after(
    worths: Sequence[Fraction],
    loose: Fraction,
    gone: Mapping[int, Fraction],
    stated: Decimal | None,
    article: list[int],
) -> list[Fraction]:
    """Return what each line has after pieces went; the last entry is what no line has."""
    after = [*worths, loose]
    if stated is None:
        for place, part in gone.items():
            after[place] -= after[place] * part
        return after
    due = Fraction(stated)
    if not any(worths) and loose > 0:
        after[-1] -= min(due, loose)
        return after
    going = {place: worths[place] * part for place, part in gone.items() if worths[place] > 0}
    total = sum(going.values(), NOTHING)
    for place, worth in going.items():
        after[place] -= min(worths[place], due * worth / total)
    due -= sum(worths, NOTHING) - sum(after[:-1], NOTHING)
    having = {place: after[place] for place in article if after[place] > 0}
    total = sum(having.values(), NOTHING)
    for place, worth in having.items():
        after[place] -= min(due, total) * worth / total
    return after


def ratio(after: Fraction, before: Fraction) -> Fraction:
    """Return what stays of an amount, between nothing and all of it."""
    return min(max(after / before, NOTHING), Fraction(1)) if before else Fraction(1)


def in_bounds(amount: Fraction, bought: Decimal) -> Fraction:
    """Keep what is left of an amount between nothing and all of it."""
    low, high = sorted((NOTHING, Fraction(bought)))
    return min(max(amount, low), high)


def decimal(amount: Fraction) -> Decimal:
    """Write an amount as a decimal."""
    return Decimal(round(amount * 10_000)) / 10_000


def as_line(left: Left) -> Line:
    """Write what is left of a line as a line."""
    net, gross = decimal(left.own_net), decimal(left.own_gross)
    discount = min(left.line.discount, max(gross - net, Decimal(0)))
    return structs.replace(left.line, quantity=decimal(left.pieces or NOTHING), net=net, gross=gross, discount=discount)


def as_bill(left: Remains) -> Bill:
    """Write what is left of a bill as a bill."""
    net, gross = decimal(in_bounds(left.net, left.bill.net)), decimal(in_bounds(left.gross, left.bill.gross))
    lines = tuple(as_line(line) for line in left.lines if line.pieces is not None)
    discount = min(left.bill.discount, max(gross - net, Decimal(0)))
    return structs.replace(left.bill, net=net, gross=gross, discount=discount, lines=lines)
