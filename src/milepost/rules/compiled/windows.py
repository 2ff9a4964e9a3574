"""Windows of a customer's own: how long they are, where they lie from an anchor on (facts 4.4, 8 #22 to #24)."""

from functools import lru_cache
from typing import NamedTuple, assert_never

from milepost.model.organisation import CyclicMonths
from milepost.model.target import Frequency
from milepost.model.time import DAY_US
from milepost.rules.calendar import calendar_of

BOUNDS_REMEMBERED_MAX = 10_000
"""How many customers' windows are remembered; each is at most a hundred instants."""

_DAYS_OF_MONTH = 30


class Length(NamedTuple):
    """How long a window is: calendar months, or where there are none microseconds."""

    months: int
    micros: int


def length_of(kind: Frequency | None, frequency: int | None, months: CyclicMonths) -> Length:
    """Return the length of *frequency* units of *kind*; a frequency of 0 or none is one, no kind at all means days."""
    units = frequency or 1
    match kind:
        case Frequency.DAILY | Frequency.CUSTOM | None:
            return Length(0, units * DAY_US)
        case Frequency.WEEKLY:
            return Length(0, units * 7 * DAY_US)
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
def bounds(zone: str, length: Length, anchor: int, count: int, end: int) -> tuple[int, ...]:
    """Return the *count* + 1 bounds of the windows that begin at *anchor*, none later than *end* (epoch microseconds).

    Each is reckoned from the anchor, so that the 31st comes back after a shorter month.
    """
    if not length.months:
        return tuple(min(anchor + number * length.micros, end) for number in range(count + 1))
    calendar = calendar_of(zone)
    found = [anchor]
    for number in range(1, count + 1):
        # Past the end there is nothing to reckon, nor may there be a date in the calendar.
        found.append(end if found[-1] >= end else min(calendar.later(anchor, months=number * length.months), end))
    return tuple(found)


def _of_months(number: int, months: CyclicMonths) -> Length:
    match months:
        case CyclicMonths.CALENDAR:
            return Length(number, 0)
        case CyclicMonths.DAYS_30:
            return Length(0, number * _DAYS_OF_MONTH * DAY_US)
        case _ as never:
            assert_never(never)
