"""Converts between instants and the days, dates and stamps of a time zone. No other module knows time zones.

Instants are epoch microseconds. Days are proleptic ordinals (day 1 is 0001-01-01). A day runs from its first instant
up to, not including, the first instant of the next day. So the days of a zone follow each other without gap or
overlap, even where a clock change skips midnight, repeats an evening or skips a whole date.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import NamedTuple

import tzdata
from whenever import Instant, PlainDateTime, TimeZoneNotFoundError, ZonedDateTime, reset_tzpath

from milepost.model.time import DAY_US, NEVER, SECOND_US, Micros

# Only the pinned `tzdata` package defines zones, so that the same events fall on the same days on every machine.
reset_tzpath([])

TZDB: str = tzdata.IANA_VERSION
"""The version of the time zone database by which bounds are computed, such as 2026b."""

YEAR_MIN, YEAR_MAX = 1900, 9998
"""The years that a date may have. Earlier, zones are guesswork; later, the end of a day has no date."""

_BLOCKS_MAX = 4_096

_TO_THE_SECOND = len("2025-11-20T13:07:49")

_WRITTEN = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)"
    r"(?:[T ](?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.(?P<fraction>\d{1,9}))?)?"
    r"(?P<offset>Z|[+-]\d\d:?\d\d)?)?",
    re.ASCII,
)


class Unreadable(ValueError):
    """A text is not a date or date-time of the accepted forms. The message gives the reason."""


class Moment(NamedTuple):
    """The meaning of a written date or date-time in a zone: an instant, and the local calendar day that contains it."""

    instant: Micros
    day: int


def is_zone(name: str) -> bool:
    """Return whether *name* is a time zone of the IANA database."""
    try:
        Instant.from_timestamp(0).to_tz(name)
    except (TimeZoneNotFoundError, ValueError):
        return False
    return True


def day_of(year: int, month: int, day: int) -> int:
    """Return the day with these numbers. Raises ValueError if the calendar has no such day."""
    return date(year, month, day).toordinal()


def day_from(iso_date: str) -> int:
    """Return the day that `YYYY-MM-DD` names. Raises ValueError if the text names no day."""
    return date.fromisoformat(iso_date).toordinal()


def iso_date(day: int) -> str:
    """Return *day* as `YYYY-MM-DD`."""
    return date.fromordinal(day).isoformat()


def nearest_second(instant: Micros) -> Micros:
    """Return *instant* rounded to a whole second, in microseconds; half a second is rounded up (facts 2.8)."""
    return Micros((instant + SECOND_US // 2) // SECOND_US * SECOND_US)


@dataclass(frozen=True, slots=True)
class Calendar:
    """The days, local times and stamps of one time zone."""

    zone: str
    _blocks: dict[int, tuple[tuple[int, ...], tuple[int, ...]]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        """Raise ValueError unless the name is a time zone."""
        if not is_zone(self.zone):
            raise ValueError(f"{self.zone!r} is not a time zone")

    def day(self, instant: Micros) -> int:
        """Return the local day that contains *instant*.

        This runs for every event. So the days of the surrounding 24 hours are cached, and a second call needs no
        zone arithmetic.
        """
        block = self._blocks.get(instant // DAY_US)
        if block is None:
            block = self._read_block(instant // DAY_US)
        bounds, days = block
        return days[bisect_right(bounds, instant)]

    def opens(self, day: int) -> Micros:
        """Return the first instant of *day*: midnight, or the end of the gap if a clock change skipped midnight.

        A day that the zone skipped altogether is empty: it opens at the instant at which the next day opens.
        """
        first = date.fromordinal(day)
        midnight = PlainDateTime(first.year, first.month, first.day)
        # "compatible" moves a time in a gap behind the gap; the start of the day of that time is the first instant.
        opening = midnight.assume_tz(self.zone, disambiguation="compatible").start_of("day")
        return Micros(opening.timestamp(unit="microsecond"))

    def closes(self, day: int) -> Micros:
        """Return the first instant after *day*."""
        return self.opens(day + 1)

    def later(self, instant: Micros, *, years: int = 0, months: int = 0) -> Micros:
        """Return the instant *years* and *months* after *instant*, at the same local time of the same day of the month.

        If the month has no such day, its last day is used: one month after 31 January is 28 or 29 February. Of a local
        time that comes twice the first is meant. The result is NEVER beyond the calendar's last year.
        """
        try:
            # By the plain time: a time with a zone would keep its offset where the new time comes twice.
            plain = self._local(instant).to_plain().add(years=years, months=months)
            return Micros(plain.assume_tz(self.zone, disambiguation="compatible").timestamp(unit="microsecond"))
        except (ValueError, OverflowError):
            return NEVER

    def read(self, text: str) -> Moment:
        """Read a date or date-time. Without an offset or `Z` it is local time of this zone.

        Accepted are `2024-08-20`, `2024-10-24T00:00:00.000`, `…Z` and `…+05:30`, with or without a fraction, and with a
        blank in place of `T` (facts 8 #91). A date alone is the first instant of that day. Raises Unreadable.
        """
        return self._read(text, z_is_local=False)

    def read_legacy(self, text: str) -> Moment:
        """Read a date-time of a field without the ISO suffix.

        It differs from `read` in `Z`, which means local time here. The vendor appends that letter to the server's local
        time (facts 2.8). So a client may send a date back as an answer showed it. Raises Unreadable.
        """
        return self._read(text, z_is_local=True)

    def date_text(self, instant: Micros) -> str:
        """Return the local day of *instant* as `YYYY-MM-DD`."""
        return iso_date(self.day(instant))

    def stamp(self, instant: Micros) -> str:
        """Return *instant* as `2025-11-20T13:07:49.173+0000`: local time, milliseconds, offset without colon."""
        local = self._local(instant)
        return f"{_clock(local)}.{local.nanosecond // 1_000_000:03}{_offset(local, '')}"

    def abbreviated(self, instant: Micros) -> str:
        """Return *instant* as `2024-06-24T17:37:00.000IST`: local time, milliseconds, the zone's abbreviation."""
        local = self._local(instant)
        return f"{_clock(local)}.{local.nanosecond // 1_000_000:03}{local.tz_abbrev()}"

    def iso(self, instant: Micros) -> str:
        """Return *instant* as `2025-11-20T13:07:49Z` or `…+05:30`: local time, truncated to seconds."""
        local = self._local(instant)
        offset = _offset(local, ":")
        return _clock(local) + ("Z" if offset == "+00:00" else offset)

    def glued(self, instant: Micros) -> str:
        """Return *instant* as `2025-05-11T00:00:00.000Z`: local time with the letter `Z` appended (facts 2.8)."""
        local = self._local(instant)
        return f"{_clock(local)}.{local.nanosecond // 1_000_000:03}Z"

    def _local(self, instant: Micros) -> ZonedDateTime:
        return Instant.from_timestamp(instant, unit="microsecond").to_tz(self.zone)

    def _read_block(self, number: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Cache the bounds between the local days in the 24 UTC hours of block *number*, and those days."""
        begin, end = Micros(number * DAY_US), (number + 1) * DAY_US
        start = self._local(begin).start_of("day")
        days = [day_of(start.year, start.month, start.day)]
        bounds: list[int] = []
        while (bound := self.closes(days[-1])) < end:
            bounds.append(bound)
            days.append(days[-1] + 1)
        if len(self._blocks) >= _BLOCKS_MAX:
            self._blocks.clear()
        block = (tuple(bounds), tuple(days))
        self._blocks[number] = block
        return block

    def _read(self, text: str, *, z_is_local: bool) -> Moment:
        match = _WRITTEN.fullmatch(text)
        if match is None:
            raise Unreadable("is not a date-time such as 2024-10-24T00:00:00.000 or 2024-10-24T00:00:00+05:30")
        if not YEAR_MIN <= int(match["year"]) <= YEAR_MAX:
            raise Unreadable(f"lies outside the years {YEAR_MIN} to {YEAR_MAX}")
        try:
            plain = _plain(match)
            if match["hour"] is None:
                day = day_from(text)
                return Moment(self.opens(day), day)
            local = self._at_offset(plain, match["offset"], z_is_local=z_is_local)
            instant = Micros(local.timestamp(unit="microsecond"))
            return Moment(instant, self.day(instant))
        except ValueError:
            raise Unreadable("is not a day or time that exists") from None

    def _at_offset(self, plain: PlainDateTime, offset: str | None, *, z_is_local: bool) -> ZonedDateTime:
        """Return *plain* at *offset*, or as local time without one; a skipped local time moves forward by the gap."""
        if offset is None or (offset == "Z" and z_is_local):
            return plain.assume_tz(self.zone, disambiguation="compatible")
        if offset == "Z":
            return plain.assume_utc().to_tz(self.zone)
        minutes = 60 * int(offset[1:3]) + int(offset[-2:])
        if int(offset[1:3]) > 18 or int(offset[-2:]) > 59:
            raise ValueError(offset)
        return plain.assume_utc().add(minutes=minutes if offset[0] == "-" else -minutes).to_tz(self.zone)


@cache
def calendar_of(zone: str) -> Calendar:
    """Return the calendar of *zone*, shared so that its cache is. Raises ValueError if *zone* is no time zone."""
    return Calendar(zone)


def _plain(match: re.Match[str]) -> PlainDateTime:
    numbers = (int(match[part] or 0) for part in ("year", "month", "day", "hour", "minute", "second"))
    return PlainDateTime(*numbers, nanosecond=int((match["fraction"] or "0").ljust(9, "0")))


def _clock(local: ZonedDateTime) -> str:
    return local.format_iso()[:_TO_THE_SECOND]


def _offset(local: ZonedDateTime, colon: str) -> str:
    before_zone = local.format_iso().partition("[")[0]
    sign, hours, minutes = before_zone[-6], before_zone[-5:-3], before_zone[-2:]
    if sign in "+-":
        return f"{sign}{hours}{colon}{minutes}"
    # Historic offsets have seconds too; they are rounded to minutes.
    total = round(local.offset.total("minutes"))
    return f"{'-' if total < 0 else '+'}{abs(total) // 60:02}{colon}{abs(total) % 60:02}"
