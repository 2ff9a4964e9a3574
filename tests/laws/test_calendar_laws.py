"""Law 5: every instant of a schedule lies in exactly one period or in a declared gap, also when clocks change."""

from bisect import bisect_right
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from whenever import available_timezones

from milepost.model.time import DAY_US, SECOND_US, Micros
from milepost.rules.calendar import Calendar, calendar_of, day_of, iso_date
from milepost.rules.definition.draft import PeriodDraft
from milepost.rules.definition.schedule import span_of

NOTABLE = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "America/Santiago",
    "America/Havana",
    "America/Asuncion",
    "America/Scoresbysund",
    "Asia/Beirut",
    "Asia/Gaza",
    "Africa/Cairo",
    "Antarctica/Troll",
    "Pacific/Apia",
    "Pacific/Kwajalein",
    "Pacific/Enderbury",
    "Pacific/Chatham",
    "Atlantic/Azores",
)
FIRST, LAST = day_of(1975, 1, 1), day_of(2050, 12, 31)

zones = st.one_of(st.sampled_from(NOTABLE), st.sampled_from(sorted(available_timezones())))
calendars = zones.map(calendar_of)
days = st.integers(FIRST, LAST)
spans = st.lists(days, min_size=2, max_size=14, unique=True).map(sorted)


def instants(calendar: Calendar) -> st.SearchStrategy[Micros]:
    """Draw instants, most of them around the bounds of days, where mistakes live."""
    near = st.builds(lambda day, off: calendar.opens(day) + off, days, st.integers(-DAY_US // 12, DAY_US // 12))
    return st.one_of(near, st.integers(calendar.opens(FIRST), calendar.opens(LAST))).map(Micros)


@given(st.data(), calendars)
def test_every_instant_lies_in_the_one_day_that_is_open(data: st.DataObject, calendar: Calendar) -> None:
    """The day of an instant is the one day that has opened and not closed."""
    instant = data.draw(instants(calendar))
    day = calendar.day(instant)
    open_days = [d for d in range(day - 3, day + 4) if calendar.opens(d) <= instant < calendar.closes(d)]
    assert open_days == [day]


@given(calendars, days)
def test_days_follow_each_other(calendar: Calendar, day: int) -> None:
    """A day closes where the next one opens, never before it opens; it lasts at most two days' length."""
    assert 0 <= calendar.closes(day) - calendar.opens(day) <= 2 * DAY_US
    assert calendar.closes(day) == calendar.opens(day + 1)


@given(st.data(), calendars, spans)
def test_every_instant_of_a_schedule_lies_in_one_period_or_a_declared_gap(
    data: st.DataObject, calendar: Calendar, cuts: list[int]
) -> None:
    """Periods over given days, with gaps between some: each instant is where its local day says, and nowhere else."""
    pairs = list(zip(cuts[:-1:2], cuts[1::2], strict=False))
    drafts = [PeriodDraft(starts=iso_date(first), ends=iso_date(last)) for first, last in pairs]
    periods = [span for draft in drafts if (span := span_of(draft, calendar)) is not None]
    instant = data.draw(instants(calendar))
    holding = [place for place, span in enumerate(periods) if span.opens_at <= instant < span.closes_at]
    day = calendar.day(instant)
    expected = [place for place, (first, last) in enumerate(pairs) if first <= day <= last]
    assert holding == expected


@given(st.data(), calendars, spans)
def test_adjoining_periods_leave_no_instant_out(data: st.DataObject, calendar: Calendar, cuts: list[int]) -> None:
    """Where each period begins on the day after the one before, every instant between lies in exactly one."""
    drafts = [PeriodDraft(starts=iso_date(first), ends=iso_date(after - 1)) for first, after in pairwise(cuts)]
    periods = [span for draft in drafts if (span := span_of(draft, calendar)) is not None]
    instant = data.draw(st.integers(periods[0].opens_at, periods[-1].closes_at - 1))
    holding = [place for place, span in enumerate(periods) if span.opens_at <= instant < span.closes_at]
    # A skipped date has no instants, so the last period that opened is the one that holds.
    assert holding == [bisect_right([span.opens_at for span in periods], instant) - 1]


@given(st.data(), calendars)
def test_what_is_written_with_an_offset_is_read_back(data: st.DataObject, calendar: Calendar) -> None:
    """The ISO form of a whole second names that instant."""
    instant = Micros(data.draw(instants(calendar)) // SECOND_US * SECOND_US)
    assert calendar.read(calendar.iso(instant)).instant == instant


@given(st.data(), calendars)
def test_a_cleared_memory_changes_nothing(data: st.DataObject, calendar: Calendar) -> None:
    """What a calendar has learned affects cost, never meaning."""
    instant = data.draw(instants(calendar))
    assert Calendar(calendar.zone).day(instant) == calendar.day(instant)


@given(st.data(), calendars, st.text(alphabet="0123456789-:TZ+. ", max_size=30))
def test_any_text_is_a_moment_or_unreadable(data: st.DataObject, calendar: Calendar, text: str) -> None:
    """Reading a date never fails in another way than by saying that it is unreadable."""
    stem = data.draw(st.sampled_from(["", "2024-10-24", "2024-10-24T00:00:00", "9998-12-31T23:59:59"]))
    try:
        moment = calendar.read(stem + text)
    except ValueError:
        return
    assert calendar.opens(moment.day) <= moment.instant < calendar.closes(moment.day)
