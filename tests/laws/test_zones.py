"""Zones: a period begins and ends at the right instant in every zone, whatever its clocks do (2015 to 2037).

The second opinion is the standard library's zones, asked for the first instant whose local date has come.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from whenever import available_timezones

from milepost.model.organisation import CyclicMonths
from milepost.model.target import Frequency
from milepost.model.time import DAY_US, Micros
from milepost.rules.calendar import calendar_of, iso_date
from milepost.rules.compiled.windows import bounds, length_of
from milepost.rules.definition.draft import PeriodDraft
from milepost.rules.definition.recurring import expand_periods
from milepost.rules.definition.schedule import span_of
from tests.core.sample_drafts import group
from tests.laws.law_settings import law
from tests.laws.test_calendar_laws import NOTABLE
from tests.oracle.reference_windows import months_later
from tests.oracle.reference_zones import zone_of as zone_named

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_YEAR, LAST_YEAR = 2015, 2037
HOUR_US = 3_600_000_000
FAR = 20 * HOUR_US
"""Further from midnight in UTC no zone's midnight lies."""

ALL = sorted(available_timezones())
SAMPLE = (*NOTABLE, *ALL[::60])
LAST = 2**60


def local(instant: int, zone: ZoneInfo) -> datetime:
    """Return the local time of *instant* (epoch microseconds)."""
    return (EPOCH + timedelta(microseconds=instant)).astimezone(zone)


def instant_of(text: str) -> Micros:
    """Return the instant of an ISO date and time with offset."""
    return Micros((datetime.fromisoformat(text) - EPOCH) // timedelta(microseconds=1))


def first_instant(day: date, zone: ZoneInfo) -> int:
    """Return the first instant whose local date is *day* or later, found by halving."""
    midnight = (datetime(day.year, day.month, day.day, tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)
    before, there = midnight - FAR, midnight + FAR
    while there - before > 1:
        middle = (before + there) // 2
        before, there = (before, middle) if local(middle, zone).date() >= day else (middle, there)
    return there


def bounds_of_years(first: int, last: int) -> Iterable[date]:
    """Return days on which months, quarters, half years and ISO weeks begin, and 29 February with its neighbours."""
    day = date(first, 1, 1)
    while day.year <= last:
        is_leap_day = (day.month, day.day) in {(2, 28), (2, 29), (3, 1)}
        if day.day == 1 or day.isoweekday() == 1 or is_leap_day:
            yield day
        day += timedelta(days=1)


def disagreements(zone_name: str, days: Iterable[date]) -> list[date]:
    """Return the days on which the calendar and the standard library do not agree when a day begins."""
    calendar, zone = calendar_of(zone_name), zone_named(zone_name)
    return [day for day in days if calendar.opens(day.toordinal()) != first_instant(day, zone)]


@pytest.mark.parametrize("zone", SAMPLE)
def test_bounds_are_those_of_the_standard_library(zone: str) -> None:
    """Zones R22, in small: notable zones and each sixtieth other one, over three years."""
    assert disagreements(zone, bounds_of_years(2022, 2024)) == []


@pytest.mark.slow
@pytest.mark.timeout(7_200)
def test_all_bounds_of_all_zones_are_those_of_the_standard_library() -> None:
    """Zones R22: every zone of the database, every bound from 2015 to 2037."""
    days = list(bounds_of_years(FIRST_YEAR, LAST_YEAR))
    assert {zone: wrong for zone in ALL if (wrong := disagreements(zone, days))} == {}


@pytest.mark.parametrize("zone", SAMPLE)
def test_months_and_weeks_tile_the_years(zone: str) -> None:
    """Each period closes at the very instant at which the next one opens; none lasts less than nothing."""
    calendar = calendar_of(zone)
    for days in (months_of(2022, 2024), weeks_of(2022, 2024)):
        drafts = [
            PeriodDraft(starts=first.isoformat(), ends=(after - timedelta(days=1)).isoformat())
            for first, after in pairwise(days)
        ]
        spans = [span for draft in drafts if (span := span_of(draft, calendar)) is not None]
        assert len(spans) == len(drafts)
        assert [one.closes_at for one in spans[:-1]] == [one.opens_at for one in spans[1:]]
        assert all(one.opens_at < one.closes_at for one in spans)


def months_of(first: int, last: int) -> list[date]:
    """Return the first days of all months."""
    return [date(year, month, 1) for year in range(first, last + 1) for month in range(1, 13)]


def weeks_of(first: int, last: int) -> list[date]:
    """Return the Mondays of all ISO weeks."""
    monday = date.fromisocalendar(first, 1, 1)
    return [monday + timedelta(weeks=number) for number in range((last - first + 1) * 52)]


@pytest.mark.parametrize(
    "zone, day, hours",
    [
        pytest.param("Europe/Berlin", "2017-03-26", 23, id="an hour is skipped"),
        pytest.param("Europe/Berlin", "2017-10-29", 25, id="an hour comes twice"),
        pytest.param("Australia/Lord_Howe", "2017-10-01", 23.5, id="half an hour is skipped"),
        pytest.param("Australia/Lord_Howe", "2017-04-02", 24.5, id="half an hour comes twice"),
        pytest.param("America/Sao_Paulo", "2017-10-15", 23, id="midnight is skipped"),
        pytest.param("America/Havana", "2017-11-05", 25, id="midnight comes twice"),
        pytest.param("Pacific/Apia", "2011-12-30", 0, id="the day is skipped"),
        pytest.param("Pacific/Apia", "2011-12-29", 24, id="the day before it"),
        pytest.param("UTC", "2016-02-29", 24, id="29 February"),
    ],
)
def test_a_day_is_as_long_as_its_clocks_say(zone: str, day: str, hours: float) -> None:
    """A period of one day lasts so many hours."""
    span = span_of(PeriodDraft(starts=day, ends=day), calendar_of(zone))
    assert span is not None
    assert span.closes_at - span.opens_at == hours * HOUR_US


@pytest.mark.parametrize(
    "kind, anchor, expected",
    [
        pytest.param(
            Frequency.MONTHLY, "2015-01-31T10:00+00:00", ["2015-02-28", "2015-03-31", "2015-04-30"], id="31st"
        ),
        pytest.param(
            Frequency.MONTHLY, "2016-01-31T10:00+00:00", ["2016-02-29", "2016-03-31", "2016-04-30"], id="leap"
        ),
        pytest.param(Frequency.QUARTERLY, "2015-11-30T10:00+00:00", ["2016-02-29", "2016-05-30"], id="quarters"),
        pytest.param(Frequency.HALF_YEARLY, "2015-08-31T10:00+00:00", ["2016-02-29", "2016-08-31"], id="half years"),
        pytest.param(
            Frequency.YEARLY,
            "2016-02-29T10:00+00:00",
            ["2017-02-28", "2018-02-28", "2019-02-28", "2020-02-29"],
            id="years",
        ),
    ],
)
def test_windows_of_months_are_reckoned_from_the_anchor(kind: Frequency, anchor: str, expected: list[str]) -> None:
    """A day that a month lacks becomes its last, and comes back in the next one that has it."""
    length = length_of(kind, 1, CyclicMonths.CALENDAR)
    found = bounds("UTC", length, instant_of(anchor), len(expected), LAST)
    assert [local(bound, zone_named("UTC")).date().isoformat() for bound in found[1:]] == expected


@pytest.mark.parametrize(
    "zone, anchor, expected",
    [
        pytest.param("Europe/Berlin", "2017-02-26T02:30+01:00", "2017-03-26T03:30+02:00", id="into a gap"),
        pytest.param("Europe/Berlin", "2017-09-29T02:30+02:00", "2017-10-29T02:30+02:00", id="into a fold"),
        pytest.param("Europe/Berlin", "2017-10-29T02:30+01:00", "2017-11-29T02:30+01:00", id="out of a fold"),
        pytest.param("Australia/Lord_Howe", "2017-09-01T02:15+10:30", "2017-10-01T02:45+11:00", id="half an hour"),
        pytest.param("Pacific/Apia", "2011-11-30T10:00-10:00", "2011-12-31T10:00+14:00", id="into a skipped day"),
    ],
)
def test_windows_keep_the_local_time(zone: str, anchor: str, expected: str) -> None:
    """A time that comes twice is the first of the two; one that is skipped is later by what is skipped."""
    length = length_of(Frequency.MONTHLY, 1, CyclicMonths.CALENDAR)
    assert bounds(zone, length, instant_of(anchor), 1, LAST)[1] == instant_of(expected)


@pytest.mark.parametrize(
    "zone, anchor, months, expected",
    [
        pytest.param("Europe/Berlin", "2016-12-29T02:30+01:00", 10, "2017-10-29T02:30+02:00", id="from winter"),
        pytest.param("Europe/Berlin", "2017-10-29T02:30+01:00", 132, "2028-10-29T02:30+02:00", id="from the second"),
        pytest.param("America/Havana", "2016-12-05T00:30-05:00", 11, "2017-11-05T00:30-04:00", id="at midnight"),
    ],
)
def test_a_window_that_begins_at_a_time_that_comes_twice_begins_at_the_first(
    zone: str, anchor: str, months: int, expected: str
) -> None:
    """Also where the anchor has the offset of the second one."""
    length = length_of(Frequency.MONTHLY, months, CyclicMonths.CALENDAR)
    assert bounds(zone, length, instant_of(anchor), 1, LAST)[1] == instant_of(expected)


@law(300)
@given(
    st.sampled_from(ALL),
    st.integers(instant_of("2015-01-01T00:00+00:00"), instant_of("2025-12-31T00:00+00:00")),
    st.sampled_from((Frequency.MONTHLY, Frequency.QUARTERLY, Frequency.HALF_YEARLY, Frequency.YEARLY)),
    st.sampled_from((1, 2)),
)
def test_windows_of_months_are_those_of_the_standard_library(
    zone: str, anchor: Micros, kind: Frequency, frequency: int
) -> None:
    """Any zone, any anchor, any length, up to 2037: each bound is so many months after the anchor."""
    length = length_of(kind, frequency, CyclicMonths.CALENDAR)
    found = bounds(zone, length, anchor, 6, LAST)
    assert list(found) == [anchor, *(months_later(anchor, length.months * number, zone) for number in range(1, 7))]


def test_windows_of_days_are_whole_days_of_24_hours() -> None:
    """Also over a change of clocks, and for months of thirty days."""
    anchor = instant_of("2017-03-25T12:00+01:00")
    for kind, months, days in (
        (Frequency.DAILY, CyclicMonths.CALENDAR, 1),
        (Frequency.WEEKLY, CyclicMonths.CALENDAR, 7),
        (Frequency.MONTHLY, CyclicMonths.DAYS_30, 30),
        (Frequency.YEARLY, CyclicMonths.DAYS_30, 360),
    ):
        found = bounds("Europe/Berlin", length_of(kind, 1, months), anchor, 2, LAST)
        assert found == (anchor, anchor + days * DAY_US, anchor + 2 * days * DAY_US)


@pytest.mark.parametrize("kind", [Frequency.DAILY, Frequency.WEEKLY, Frequency.MONTHLY, Frequency.YEARLY])
def test_windows_are_cut_where_the_group_ends(kind: Frequency) -> None:
    """The window that runs then ends with the group, and those that would follow have no instant."""
    anchor = instant_of("2017-03-25T12:00+01:00")
    length = length_of(kind, 1, CyclicMonths.CALENDAR)
    whole = bounds("Europe/Berlin", length, anchor, 3, LAST)
    assert bounds("Europe/Berlin", length, anchor, 3, whole[2] - 1) == (*whole[:2], whole[2] - 1, whole[2] - 1)


@pytest.mark.parametrize("zone", NOTABLE)
def test_derived_half_years_follow_each_other(zone: str) -> None:
    """Half years from the 31st of August tile the time, and each begins on the last day of a month at the latest."""
    draft = group(
        periods=(), cycle_opens="2015-08-31", frequency_kind=Frequency.HALF_YEARLY, frequency=1, total_periods=40
    )
    made = expand_periods(draft, calendar_of(zone)).periods
    spans = [span for one in made if (span := span_of(one, calendar_of(zone))) is not None]
    assert len(spans) == 40
    assert [one.closes_at for one in spans[:-1]] == [one.opens_at for one in spans[1:]]
    starts = [date.fromisoformat(iso_date(one.starts_on)) for one in spans]
    assert {(day.month, day.day) for day in starts} <= {(8, 31), (2, 28), (2, 29)}
