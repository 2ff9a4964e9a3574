"""The money of a bill, divided among its lines; what returns leave of it (facts 8 #73, #74, #76)."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

_NOTHING, _ONE = Fraction(0), Fraction(1)


class Taking(NamedTuple):
    """A line from which pieces are taken: its place on the bill, and which part of the line's present pieces."""

    place: int
    part: Fraction


class Money(NamedTuple):
    """An amount of a bill. `shares` says how much each line has of it, the last entry how much is no line's.

    `parts` says how much of each share is left, from 1 to 0.
    """

    shares: tuple[Fraction, ...]
    parts: tuple[Fraction, ...]

    @property
    def total(self) -> Fraction:
        """The amount that is left."""
        return sum(self._left(), _NOTHING)

    def less_amount(self, amount: Fraction) -> "Money":
        """Return the money less *amount*, which all lines lose in proportion; never more than there is."""
        total = self.total
        if total <= 0:
            return self
        left = max(_ONE - amount / total, _NOTHING)
        return self._replace(parts=tuple(part * left for part in self.parts))

    def less_pieces(self, takings: Sequence[Taking], stated: Decimal | None, article: Sequence[int]) -> "Money":
        """Return the money without the pieces of *takings*, which are worth their part of the line, or what is stated.

        A stated worth is taken from the pieces in proportion to what they are worth; what they do not have, from the
        other lines of the *article*. Lines that have no share of the bill lose their part in any case.
        """
        parts = list(self.parts)
        for place, part in takings:
            if stated is None or not self.shares[place]:
                parts[place] *= _ONE - part
        if stated is not None:
            for place, loss in self._taken(takings, Fraction(stated), article).items():
                parts[place] -= loss / self.shares[place]
        return self._replace(parts=tuple(parts))

    def _taken(self, takings: Sequence[Taking], stated: Fraction, article: Sequence[int]) -> dict[int, Fraction]:
        """Return what each line, and what is no line's, loses of a *stated* worth."""
        left = self._left()
        if not any(self.shares[:-1]):
            last = len(self.shares) - 1
            return {last: min(stated, left[last])} if left[last] > 0 else {}
        worth = {place: left[place] * part for place, part in takings if left[place] > 0}
        losses = _spread(stated, worth, {place: left[place] for place in worth})
        rest = {place: left[place] - losses.get(place, _NOTHING) for place in article if left[place] > 0}
        more = _spread(stated - sum(losses.values(), _NOTHING), rest, rest)
        for place, loss in more.items():
            losses[place] = losses.get(place, _NOTHING) + loss
        return losses

    def _left(self) -> tuple[Fraction, ...]:
        return tuple(share * part for share, part in zip(self.shares, self.parts, strict=True))


def money_of(amount: Decimal, lines: Sequence[Decimal]) -> Money:
    """Return the money of a bill: each line has a share of *amount* in proportion to its own.

    The lines keep their own amounts where they have no proportion: if they sum to nothing or less, or if the bill is
    below zero. The difference to the bill is then no line's.
    """
    worths, total = [Fraction(line) for line in lines], Fraction(amount)
    together = sum(worths, _NOTHING)
    if together > 0 and total >= 0:
        worths = [worth * total / together for worth in worths]
    shares = (*worths, total - sum(worths, _NOTHING))
    return Money(shares, (_ONE,) * len(shares))


def _spread(amount: Fraction, weights: dict[int, Fraction], most: dict[int, Fraction]) -> dict[int, Fraction]:
    """Return *amount* in proportion to *weights*, of each place no more than *most*."""
    together = sum(weights.values(), _NOTHING)
    if amount <= 0 or together <= 0:
        return {}
    return {place: min(amount * weight / together, most[place]) for place, weight in weights.items()}
