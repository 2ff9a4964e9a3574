"""What a condition may ask of the customer's way through the brand's groups, and who has not gone any.

Targets, groups, periods and levels are named as their authors named them, whatever the case; what nobody has heard of
has no progress. All answers are those before the event, and "now" is the time of the event.
"""

from decimal import Decimal
from typing import Protocol

ZERO = Decimal(0)


class ProgressLookup(Protocol):
    """How far a customer is in what the brand defines (facts 5.4)."""

    def value_in_period(self, target: str, period: str, /) -> Decimal:
        """Return the value of *target* in the period with this refCode."""

    def value_now(self, target: str, /) -> Decimal:
        """Return the value of *target* in the period that runs now; 0 if none does."""

    def mean_value(self, target: str, /) -> Decimal:
        """Return the mean of the values of *target* over the periods that have begun; 0 if none has."""

    def has_level(self, level: str, /) -> bool:
        """Return whether the customer has this streak level."""

    def streak_count(self, streak: str, /) -> Decimal:
        """Return the count that *streak*, named by its group, has now."""

    def achieved_in_period(self, group: str, period: str, /) -> Decimal:
        """Return how many targets of *group* are achieved in the period with this refCode."""

    def achieved_now(self, group: str, /) -> Decimal:
        """Return how many targets of *group* are achieved in the period that runs now; 0 if none does."""


class _Nothing:
    def value_in_period(self, _target: str, _period: str) -> Decimal:
        return ZERO

    def value_now(self, _target: str) -> Decimal:
        return ZERO

    def mean_value(self, _target: str) -> Decimal:
        return ZERO

    def has_level(self, _level: str) -> bool:
        return False

    def streak_count(self, _streak: str) -> Decimal:
        return ZERO

    def achieved_in_period(self, _group: str, _period: str) -> Decimal:
        return ZERO

    def achieved_now(self, _group: str) -> Decimal:
        return ZERO


NOTHING_REACHED: ProgressLookup = _Nothing()
"""How far one is who has not begun; also stands where no rule asks."""
