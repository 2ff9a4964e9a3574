"""Days, dates and stamps read like the rules."""

import pytest

from milepost.model.time import DAY_US, Micros
from milepost.rules.calendar import (
    YEAR_MAX,
    YEAR_MIN,
    Calendar,
    Moment,
    Unreadable,
    day_from,
    day_of,
    is_zone,
    iso_date,
    nearest_second,
)

HOUR_US = DAY_US // 24


def instant(text: str) -> Micros:
    """Return the instant that an ISO text with an offset names."""
    return Calendar("UTC").read(text).instant


@pytest.mark.parametrize(
    "zone, date, opening",
    [
        ("UTC", "2024-10-24", "2024-10-24T00:00:00Z"),
        ("Asia/Kolkata", "2024-10-24", "2024-10-24T00:00:00+05:30"),
        ("America/New_York", "2024-03-10", "2024-03-10T00:00:00-05:00"),
        ("America/Santiago", "2024-09-08", "2024-09-08T01:00:00-03:00"),
        ("Asia/Beirut", "2022-03-27", "2022-03-27T01:00:00+03:00"),
        ("America/Havana", "2024-11-03", "2024-11-03T00:00:00-04:00"),
        ("America/Toronto", "1919-03-31", "1919-03-31T00:30:00-04:00"),
        ("Pacific/Apia", "2011-12-30", "2011-12-31T00:00:00+14:00"),
        ("Pacific/Apia", "2011-12-31", "2011-12-31T00:00:00+14:00"),
        ("America/St_Johns", "2010-11-07", "2010-11-07T00:00:00-02:30"),
    ],
)
def test_a_day_opens_at_its_first_instant(zone: str, date: str, opening: str) -> None:
    """A day opens at midnight, or where the clock goes on when midnight is missing, and the first time it comes."""
    assert Calendar(zone).opens(day_from(date)) == instant(opening)


@pytest.mark.parametrize(
    "zone, date, hours",
    [
        ("Europe/Berlin", "2024-03-31", 23),
        ("Europe/Berlin", "2024-10-27", 25),
        ("Australia/Lord_Howe", "2024-10-06", 23.5),
        ("Australia/Lord_Howe", "2024-04-07", 24.5),
        ("Pacific/Apia", "2011-12-30", 0),
        ("Asia/Kolkata", "2024-03-31", 24),
    ],
)
def test_a_day_lasts_as_long_as_its_clock_says(zone: str, date: str, hours: float) -> None:
    """Days on which clocks change are shorter or longer; a date that a zone skipped is empty."""
    calendar = Calendar(zone)
    assert calendar.closes(day_from(date)) - calendar.opens(day_from(date)) == hours * HOUR_US


def test_an_evening_that_comes_twice_belongs_to_the_day_that_began_in_between() -> None:
    """Where clocks go back over midnight, the second pass of the evening does not return to the day before."""
    # On 2010-11-07 at 00:01 the clock of St. John's went back to 23:01 of the day before.
    assert iso_date(Calendar("America/St_Johns").day(instant("2010-11-06T23:30:00-03:30"))) == "2010-11-07"


@pytest.mark.parametrize(
    "text, zone, expected",
    [
        ("2024-10-24T00:00:00.000", "Asia/Kolkata", ("2024-10-24T00:00:00+05:30", "2024-10-24")),
        ("2024-10-24T00:00", "UTC", ("2024-10-24T00:00:00Z", "2024-10-24")),
        ("2025-06-11T23:59:59.999Z", "UTC", ("2025-06-11T23:59:59.999Z", "2025-06-11")),
        ("2025-06-11T23:59:59.999Z", "Asia/Kolkata", ("2025-06-11T23:59:59.999Z", "2025-06-12")),
        ("2026-01-01T10:30:00+05:30", "UTC", ("2026-01-01T05:00:00Z", "2026-01-01")),
        ("2026-01-01T10:30:00.000+0530", "UTC", ("2026-01-01T05:00:00Z", "2026-01-01")),
        ("2026-01-01T02:30:00+05:30", "UTC", ("2025-12-31T21:00:00Z", "2025-12-31")),
        ("2026-01-01T02:30:00-00:45", "UTC", ("2026-01-01T03:15:00Z", "2026-01-01")),
        ("2024-08-20", "America/New_York", ("2024-08-20T00:00:00-04:00", "2024-08-20")),
        ("2024-03-31T02:30:00", "Europe/Berlin", ("2024-03-31T03:30:00+02:00", "2024-03-31")),
    ],
)
def test_the_published_forms_of_dates_are_read(text: str, zone: str, expected: tuple[str, str]) -> None:
    """A text with an offset is that instant, one without is local time, and the day is that of the zone."""
    assert Calendar(zone).read(text) == Moment(instant(expected[0]), day_from(expected[1]))


def test_the_letter_of_an_older_field_stands_for_local_time() -> None:
    """A literal Z in a field without ISO twin is read as it is written: glued to local time."""
    calendar = Calendar("Asia/Kolkata")
    assert calendar.glued(calendar.read_legacy("2024-08-20T08:42:00.529Z").instant) == "2024-08-20T08:42:00.529Z"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tomorrow",
        "2024-02-30",
        "2024-13-01T00:00:00Z",
        "2024-01-01T24:00:00",
        "2024-01-01T00:00:60",
        "2024-01-01T00:00:00+19:00",
        "2024-01-01T00:00:00+05:75",
        "2024-01-01  00:00:00",
        "2024-01-01T00:00:00z",
        "2024-1-1",
        "٢٠٢٤-01-01",
        "2024-01-01\n",
        f"{YEAR_MIN - 1}-12-31",
        f"{YEAR_MAX + 1}-01-01",
    ],
)
def test_what_is_no_date_is_unreadable(text: str) -> None:
    """Anything but the published forms of a date that exists is refused."""
    with pytest.raises(Unreadable):
        Calendar("UTC").read(text)


@pytest.mark.parametrize("text", [f"{YEAR_MIN}-01-01", f"{YEAR_MAX}-12-31"])
def test_the_first_and_the_last_date_are_read(text: str) -> None:
    """The years at the limit are still read, everywhere on earth."""
    assert [Calendar(zone).read(text).day for zone in ("Pacific/Kiritimati", "Pacific/Niue")] == [day_from(text)] * 2


def test_stamps_have_the_published_forms() -> None:
    """An instant is written as the vendor writes it: with milliseconds, as ISO in seconds, and with the glued Z."""
    calendar, moment = Calendar("UTC"), instant("2025-11-20T13:07:49.173999Z")
    expected = ("2025-11-20T13:07:49.173+0000", "2025-11-20T13:07:49Z", "2025-11-20T13:07:49.173Z", "2025-11-20")
    assert (
        calendar.stamp(moment),
        calendar.iso(moment),
        calendar.glued(moment),
        calendar.date_text(moment),
    ) == expected


def test_stamps_show_the_local_clock() -> None:
    """East of Greenwich the local clock is shown with its offset, and the glued Z stays a Z."""
    calendar, moment = Calendar("Asia/Kolkata"), instant("2024-07-01T14:45:57Z")
    expected = ("2024-07-01T20:15:57.000+0530", "2024-07-01T20:15:57+05:30", "2024-07-01T20:15:57.000Z")
    assert (calendar.stamp(moment), calendar.iso(moment), calendar.glued(moment)) == expected


def test_a_negative_offset_is_written_with_its_sign() -> None:
    """West of Greenwich the offset is negative, also where it is not a whole hour."""
    moment = instant("2024-07-01T12:00:00Z")
    assert Calendar("America/St_Johns").iso(moment) == "2024-07-01T09:30:00-02:30"


def test_seconds_are_rounded_to_the_nearest() -> None:
    """Half a second goes up: 56.717 becomes 57, 43.499 stays 43."""
    assert [nearest_second(Micros(us)) for us in (56_717_000, 43_499_999, 43_500_000)] == [
        57_000_000,
        43_000_000,
        44_000_000,
    ]


def test_years_later_is_the_same_local_date() -> None:
    """Five years after a local date is that date, whatever clocks did in between."""
    calendar = Calendar("Europe/Berlin")
    assert calendar.iso(calendar.later(instant("2024-01-15T12:00:00Z"), years=5)) == "2029-01-15T13:00:00+01:00"


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../../etc/passwd", "europe/berlin\0"])
def test_what_is_no_zone_is_refused(name: str) -> None:
    """A calendar cannot be made for a name that is no zone."""
    assert not is_zone(name)
    with pytest.raises(ValueError, match="is not a time zone"):
        Calendar(name)


def test_days_are_found_by_their_numbers() -> None:
    """Year, month and day name the same day as its ISO text."""
    assert iso_date(day_of(2024, 2, 29)) == "2024-02-29"
