"""Moving a definition to another time, to try it on the past."""

from calendar import monthrange
from dataclasses import replace
from datetime import date, timedelta

from milepost.model.organisation import Organisation
from milepost.model.target import Period, TargetGroup
from milepost.model.time import Micros
from milepost.rules.calendar import Calendar, day_from
from milepost.rules.definition.schedule import ruling_calendar

MONTHS = 12


def shifted(group: TargetGroup, organisation: Organisation, since: Micros) -> TargetGroup:
    """Return *group* with its first active period opening on the day of *since* (epoch microseconds).

    Periods that begin on one day of the month as *since* move by whole months: a calendar month stays one, and the
    target of January and February may be tried in March and April. Others move by as many days as the first.
    """
    calendar = ruling_calendar(organisation, group.time_zone_name)
    # A draft beside a live group also has, switched off, the live periods that it does not list.
    first = min((date.fromisoformat(period.starts_on) for period in group.periods if period.active), default=None)
    if first is None:
        return group
    day = date.fromisoformat(calendar.date_text(since))
    periods = tuple(_moved(period, first, day, calendar) for period in group.periods)
    return replace(
        group,
        periods=periods,
        cycle_opens_at=min(period.opens_at for period in periods),
        cycle_closes_at=max(period.closes_at for period in periods),
    )


def _moved(period: Period, first: date, day: date, calendar: Calendar) -> Period:
    starts, after = date.fromisoformat(period.starts_on), date.fromisoformat(period.ends_on) + timedelta(days=1)
    if first.day == day.day:
        months = (day.year - first.year) * MONTHS + day.month - first.month
        starts, after = _by_months(starts, months), _by_months(after, months)
    else:
        starts, after = starts + (day - first), after + (day - first)
    last = after - timedelta(days=1)
    return replace(
        period,
        starts_on=starts.isoformat(),
        ends_on=last.isoformat(),
        opens_at=calendar.opens(day_from(starts.isoformat())),
        closes_at=calendar.opens(day_from(after.isoformat())),
    )


def _by_months(day: date, months: int) -> date:
    """Return the same day so many months later, or the last day of a month that is too short."""
    year, month = divmod(day.year * MONTHS + day.month - 1 + months, MONTHS)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
