"""The last activity on a leaderboard: the latest date of an event that ever counted for the row.

A row in which nothing has counted yet has a value by a balance or an enrolment. It shows the date of that, but any
activity comes later in the order. So its date is kept some thousand years early.
"""

from milepost.model.time import DAY_US, Micros

_EARLY_US = 4_000 * 365 * DAY_US
_EARLIEST_ACTIVITY = -62_135_596_800_000_000
"""The first instant of the year 1, the earliest date that an event can have."""


def without_activity(at: Micros) -> Micros:
    """Return what is kept for a row that was made at the instant *at* and in which nothing has counted."""
    return Micros(at - _EARLY_US)


def shown_activity(kept: Micros) -> Micros:
    """Return the instant that a leaderboard shows for what is *kept* of a row (epoch microseconds)."""
    return Micros(kept + _EARLY_US) if kept < _EARLIEST_ACTIVITY else kept
