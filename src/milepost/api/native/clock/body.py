"""What requests about the clock of a sandbox hold."""

import re
from enum import Enum

from msgspec import Struct

from milepost.model.problem import Problem, Refused
from milepost.model.time import DAY_US, SECOND_US, Micros
from milepost.rules.calendar import Calendar, Unreadable

_SPAN = re.compile(r"([1-9][0-9]{0,5})([smhdw])", re.ASCII)
_UNITS = {"s": SECOND_US, "m": 60 * SECOND_US, "h": 3600 * SECOND_US, "d": DAY_US, "w": 7 * DAY_US}
LATEST = "2200-01-01"
"""No clock moves beyond this day."""


class NextInstant(Enum):
    """An instant at which something is due next: any boundary, or the end of a period."""

    BOUNDARY = "boundary"
    CLOSING = "closing"


class ClockBody(Struct, forbid_unknown_fields=True):
    """How a clock moves: to an instant, by a span such as `36h`, or to what is due next; or whether it stands."""

    to: str | None = None
    by: str | None = None
    next: NextInstant | None = None
    frozen: bool | None = None


class ResetBody(Struct, forbid_unknown_fields=True):
    """Where the clock of an emptied sandbox stands; without that it runs with real time."""

    clock: str | None = None


def check_single(body: ClockBody) -> None:
    """Raise Refused unless *body* says exactly one thing."""
    given = [name for name in ("to", "by", "next", "frozen") if getattr(body, name) is not None]
    if len(given) != 1:
        raise Refused(Problem("", "say exactly one of to, by, next and frozen"))


def instant_of(path: str, text: str, calendar: Calendar) -> Micros:
    """Return the instant that *text* names, in the organisation's zone without an offset. Raises Refused."""
    try:
        instant = calendar.read(text).instant
    except Unreadable as unreadable:
        raise Refused(Problem(path, str(unreadable))) from None
    return _within_years(path, instant, calendar)


def instant_after(path: str, text: str, now: Micros, calendar: Calendar) -> Micros:
    """Return the instant a span such as `90m`, `36h`, `2d` or `1w` after *now*. Raises Refused."""
    found = _SPAN.fullmatch(text)
    if found is None:
        raise Refused(Problem(path, "must be a number with s, m, h, d or w, such as 36h; a day is 24 hours"))
    return _within_years(path, Micros(now + int(found[1]) * _UNITS[found[2]]), calendar)


def _within_years(path: str, instant: Micros, calendar: Calendar) -> Micros:
    if instant > calendar.read(LATEST).instant:
        raise Refused(Problem(path, f"must not lie after {LATEST}"))
    return instant
