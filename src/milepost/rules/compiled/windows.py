"""Customers' own windows: their length, and their bounds from an anchor on (facts 4.4, 8 #22 to #24)."""

from functools import lru_cache
from typing import NamedTuple, assert_never

from milepost.model.organisation import CyclicMonths
from milepost.model.target import Frequency
from milepost.model.time import DAY_US, Micros
from milepost.rules.calendar import calendar_of

BOUNDS_REMEMBERED_MAX = 10_000
"""The number of customers whose window bounds are cached; each has about a hundred instants at most."""

_DAYS_OF_MONTH = 30


class Length(NamedTuple):
    """The length of a window: calendar months, or microseconds if `months` is 0."""

    months: int
    micros: Micros


def length_of(kind: Frequency | None, frequency: int | None, months: CyclicMonths) -> Length:
    """Return the length of *frequency* units of *kind*.

    A frequency of 0 or None means one unit, a kind of None days.
    """
    units = frequency or 1
    match kind:
        case Frequency.DAILY | Frequency.CUSTOM | None:
            return Length(0, Micros(units * DAY_US))
        case Frequency.WEEKLY:
            return Length(0, Micros(units * 7 * DAY_US))
        case Frequency.MONTHLY:
            return _of_months(units, months)
        case Frequency.QUARTERLY:
            return _of_months(3 * units, months)
        case Frequency.HALF_YEARLY:
            return _of_months(6 * units, months)
        case Frequency.YEARLY:
            return _of_months(12 * units, months)
        case _ as never:
            assert_never(never)


@lru_cache(maxsize=BOUNDS_REMEMBERED_MAX)
def bounds(zone: str, length: Length, anchor: Micros, count: int, end: Micros) -> tuple[Micros, ...]:
    """Return the *count* + 1 bounds of the windows from *anchor* on, each at most *end* (all in epoch microseconds).

    Each bound is computed from the anchor, so that windows from the 31st return to it after a shorter month: 31
    January, 28 February, 31 March.
    """
    if not length.months:
        return tuple(min(Micros(anchor + number * length.micros), end) for number in range(count + 1))
    calendar = calendar_of(zone)
    instants = [anchor]
    for number in range(1, count + 1):
        # Beyond the end nothing changes, and the calendar may have no such date.
        instants.append(end if instants[-1] >= end else min(calendar.later(anchor, months=number * length.months), end))
    return tuple(instants)


def _of_months(number: int, months: CyclicMonths) -> Length:
    match months:
        case CyclicMonths.CALENDAR:
            return Length(number, Micros(0))
        case CyclicMonths.DAYS_30:
            return Length(0, Micros(number * _DAYS_OF_MONTH * DAY_US))
        case _ as never:
            assert_never(never)
