"""Definitions of an organisation whose time zone changes: the dates stay, the instants move."""

from collections.abc import Callable
from dataclasses import replace

from milepost.model.target import Evaluation, Period, TargetGroup
from milepost.model.time import SECOND_US, Micros
from milepost.rules.calendar import TZDB, Calendar, day_from

Move = Callable[[Micros], Micros]


def in_other_zone(group: TargetGroup, old: Calendar, new: Calendar) -> TargetGroup:
    """Return *group*, whose days were those of *old*, with the days of *new*.

    A period keeps its first and last day. The group's beginning and end follow where they are the first or the last
    second of a day; an instant that a request gave otherwise stays.
    """
    if old.zone == new.zone:
        return group
    if group.evaluation is Evaluation.FIXED_CALENDAR_WINDOW:
        periods = tuple(_by_days(period, new) for period in group.periods)
    else:
        periods = tuple(
            replace(period, opens_at=_moved(period.opens_at, old, new), closes_at=_moved(period.closes_at, old, new))
            for period in group.periods
        )
    opens, closes = _moved(group.cycle_opens_at, old, new), _moved(group.cycle_closes_at, old, new)
    return replace(group, periods=periods, cycle_opens_at=opens, cycle_closes_at=closes, tzdb=TZDB)


def _by_days(period: Period, calendar: Calendar) -> Period:
    first, last = day_from(period.starts_on), day_from(period.ends_on)
    return replace(period, opens_at=calendar.opens(first), closes_at=calendar.closes(last))


def _moved(instant: Micros, old: Calendar, new: Calendar) -> Micros:
    """Return the bound of a day of *new* for the same bound of a day of *old*; any other instant as it is."""
    day = old.day(instant)
    if instant == old.opens(day):
        return new.opens(day)
    if instant == old.closes(day) - SECOND_US:
        return Micros(new.closes(day) - SECOND_US)
    return instant
