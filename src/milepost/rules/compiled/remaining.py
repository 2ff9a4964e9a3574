"""What is left of a bill after returns (facts 8 #72 to #76): exact fractions, of which only what counts is rounded."""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple, assert_never

from milepost.model.event import Bill, Line, Return, ReturnedLine, ReturnKind, Scalar
from milepost.rules.compiled.money import Money, Taking, money_of

CENTS = 2
"""The decimals to which a stated worth is compared with the price of a line."""

_ONE = Fraction(1)
_WHOLLY = frozenset({ReturnKind.FULL, ReturnKind.CANCELLED})
"""The kinds of returns that leave nothing, so that nothing needs to be computed."""

_NO_FIELDS: Mapping[str, Scalar] = {}


class Loss(NamedTuple):
    """What one return took from the numeric fields of a bill or line: it leaves a share, or takes what it states."""

    left: Fraction
    fields: Mapping[str, Scalar]


class LineLeft(NamedTuple):
    """The rest of one line. `pieces` is None once no piece is left; `net` and `gross` are its own amounts."""

    line: Line
    pieces: Fraction | None
    net: Fraction
    gross: Fraction
    losses: tuple[Loss, ...]

    @property
    def is_bought(self) -> bool:
        """Whether pieces are left that the customer bought."""
        return self.pieces is not None and not self.line.is_given_back


class Remaining(NamedTuple):
    """A bill less its returns. `pieces` has one entry for each line of the bill, None once no piece is left."""

    bill: Bill
    net: Money
    gross: Money
    pieces: tuple[Fraction | None, ...]
    losses: tuple[Loss, ...]
    line_losses: tuple[tuple[Loss, ...], ...]

    @property
    def net_left(self) -> Fraction:
        """The net amount that is left: between nothing and what was paid."""
        return _between(self.net.total, Fraction(self.bill.net))

    @property
    def gross_left(self) -> Fraction:
        """The gross amount that is left."""
        return _between(self.gross.total, Fraction(self.bill.gross))

    @property
    def is_visit(self) -> bool:
        """Whether the bill still counts as one: something was bought, and not all pieces came back."""
        if self.bill.is_refund:
            return False
        return not self.bill.lines or any(line.is_bought for line in self.lines)

    @property
    def lines(self) -> tuple[LineLeft, ...]:
        """What is left of each line."""
        return tuple(
            LineLeft(
                line=line,
                pieces=pieces,
                net=Fraction(line.net) * self.net.parts[place],
                gross=Fraction(line.gross) * self.gross.parts[place],
                losses=self.line_losses[place],
            )
            for place, (line, pieces) in enumerate(zip(self.bill.lines, self.pieces, strict=True))
        )


def whole(bill: Bill) -> Remaining:
    """Return *bill* as it was bought."""
    return Remaining(
        bill=bill,
        net=money_of(bill.net, [line.net for line in bill.lines]),
        gross=money_of(bill.gross, [line.gross for line in bill.lines]),
        pieces=tuple(Fraction(line.quantity) for line in bill.lines),
        losses=(),
        line_losses=((),) * len(bill.lines),
    )


def remaining(bill: Bill, returns: Iterable[Return]) -> Remaining | None:
    """Return what is left of *bill* after *returns*, in this order; None if nothing is left."""
    returns = [*returns]
    if returns and returns[0].kind in _WHOLLY:
        return None
    rest: Remaining | None = whole(bill)
    for returned in returns:
        if rest is None:
            return None
        rest = less(rest, returned)
    return rest


def less(rest: Remaining, returned: Return) -> Remaining | None:
    """Return what is left after one more return; None if nothing is left.

    Nothing is left of a bill that was paid for once no money is left, and of a free bill once no piece is left.
    """
    match returned.kind:
        case ReturnKind.FULL | ReturnKind.CANCELLED:
            return None
        case ReturnKind.AMOUNT:
            amount = Fraction(returned.amount or 0)
            after = rest._replace(net=rest.net.less_amount(amount), gross=rest.gross.less_amount(amount))
        case ReturnKind.LINE_ITEM:
            after = rest
            for line in returned.lines:
                after = _less_line(after, line)
        case _ as never:
            assert_never(never)
    after = _with_losses(rest, after, returned)
    if rest.bill.net > 0:
        return after if after.net.total > 0 else None
    is_used_up = rest.bill.net == 0 and rest.bill.lines and all(pieces is None for pieces in after.pieces)
    return None if is_used_up else after


def _less_line(rest: Remaining, returned: ReturnedLine) -> Remaining:
    """Return the rest without the pieces of one returned line, and without what they are worth."""
    wanted = Fraction(returned.quantity)
    pieces, takings = list(rest.pieces), list[Taking]()
    for place in _places(rest, returned):
        there = pieces[place]
        if there is None or there < 0 or wanted <= 0:
            continue
        taken = min(wanted, there)
        takings.append(Taking(place, taken / there if there else _ONE))
        pieces[place] = None if taken == there else there - taken
        wanted -= taken
    if not takings:
        return rest
    codes = {rest.bill.lines[taking.place].code for taking in takings}
    article = [place for place, line in enumerate(rest.bill.lines) if line.code in codes]
    fields = _NO_FIELDS if not returned.extended_fields else returned.extended_fields
    net = rest.net.less_pieces(takings, returned.net, article)
    return rest._replace(
        net=net,
        gross=rest.gross.less_pieces(takings, returned.gross, article),
        pieces=tuple(pieces),
        line_losses=_line_losses(rest, net, [taking.place for taking in takings], fields),
    )


def _places(rest: Remaining, returned: ReturnedLine) -> Sequence[int]:
    """Return the places of the lines that a returned line may mean, in the order in which pieces are taken from them.

    The line that it names by id; else the lines of the article, first those whose price is the stated one.
    """
    lines = rest.bill.lines
    if returned.id:
        named = [place for place, line in enumerate(lines) if line.id == returned.id]
        if named:
            return named
    of_article = [place for place, line in enumerate(lines) if line.code == returned.code]
    if returned.net is None or len(of_article) < 2:
        return of_article
    return sorted(of_article, key=lambda place: not _has_price(rest, place, returned))


def _has_price(rest: Remaining, place: int, returned: ReturnedLine) -> bool:
    """Whether as many pieces of a line cost what the return states, to the cent: by the line, or by its share."""
    line = rest.bill.lines[place]
    if line.quantity <= 0 or returned.net is None:
        return False
    share = Fraction(returned.quantity) / Fraction(line.quantity)
    prices = {round(worth * share, CENTS) for worth in (Fraction(line.net), rest.net.shares[place])}
    return round(Fraction(returned.net), CENTS) in prices


def _line_losses(
    rest: Remaining, net: Money, taken_at: Sequence[int], fields: Mapping[str, Scalar]
) -> tuple[tuple[Loss, ...], ...]:
    """Return the losses of each line: what the return states of fields is of the first line that it takes from."""
    losses = list(rest.line_losses)
    for place, before in enumerate(rest.net.parts[:-1]):
        stated = fields if place == taken_at[0] else _NO_FIELDS
        if net.parts[place] != before or stated:
            losses[place] = (*losses[place], Loss(net.parts[place] / before if before else _ONE, stated))
    return tuple(losses)


def _with_losses(before: Remaining, after: Remaining, returned: Return) -> Remaining:
    """Add what the return takes from the fields of the bill, and an amount from those of the lines."""
    had, has = before.net.total, after.net.total
    share = min(max(has / had, Fraction(0)), _ONE) if had > 0 else _ONE
    after = after._replace(losses=(*after.losses, Loss(share, returned.extended_fields)))
    if returned.kind is not ReturnKind.AMOUNT:
        return after
    return after._replace(line_losses=tuple((*losses, Loss(share, _NO_FIELDS)) for losses in after.line_losses))


def _between(amount: Fraction, bought: Fraction) -> Fraction:
    return min(max(amount, min(bought, Fraction(0))), max(bought, Fraction(0)))
