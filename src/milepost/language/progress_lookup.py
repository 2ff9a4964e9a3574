"""The interface through which a condition reads the customer's progress, and its answers for no progress.

Targets, groups, periods and levels are found by name, in any case; an unknown name has no progress. All answers are as
of before the event, and "now" is the time of the event.
"""

from decimal import Decimal
from typing import Protocol

ZERO = Decimal(0)


class ProgressLookup(Protocol):
    """A customer's progress in the organisation's groups, as conditions read it (facts 5.4)."""

    def value_in_period(self, target: str, period: str, /) -> Decimal:
        """Return the value of *target* in the period with this refCode."""

    def value_now(self, target: str, /) -> Decimal:
        """Return the value of *target* in the running period; 0 if no period is running."""

    def mean_value(self, target: str, /) -> Decimal:
        """Return the mean of the values of *target* over the periods that have begun; 0 if no period has."""

    def has_level(self, level: str, /) -> bool:
        """Return whether the customer has earned this streak level."""

    def streak_count(self, streak: str, /) -> Decimal:
        """Return the present count of the streak of the group named *streak*."""

    def achieved_in_period(self, group: str, period: str, /) -> Decimal:
        """Return how many targets of *group* are achieved in the period with this refCode."""

    def achieved_now(self, group: str, /) -> Decimal:
        """Return how many targets of *group* are achieved in the running period; 0 if no period is running."""


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
"""The progress of a customer who has none; also used where no rule reads progress."""
