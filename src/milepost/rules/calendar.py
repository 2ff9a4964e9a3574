"""The one place where a time zone meets an instant: days, the dates people write, and the stamps they read.

Instants are epoch microseconds, days are proleptic ordinals (day 1 is 0001-01-01). A day runs from its first instant
up to, not including, the first instant of the next day; so the days of a zone follow each other without gap or
overlap, also where a clock change takes midnight, repeats an evening or skips a whole date.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import NamedTuple

import tzdata
from whenever import Instant, PlainDateTime, TimeZoneNotFoundError, ZonedDateTime, reset_tzpath

from milepost.model.time import DAY_US as DAY_US  # noqa: PLC0414 - the engine imports it from here
from milepost.model.time import NEVER
from milepost.model.time import SECOND_US as SECOND_US  # noqa: PLC0414 - the engine imports it from here

# The pinned `tzdata` package alone says what zones are: the same history gives the same days on every machine.
reset_tzpath([])

TZDB: str = tzdata.IANA_VERSION
"""The version of the zone database by which bounds are reckoned, such as 2026b."""

YEAR_MIN, YEAR_MAX = 1900, 9998
"""The years that a date may have: before them zones are guesswork, after them the ends of days have no date."""

_BLOCKS_MAX = 4_096

_TO_THE_SECOND = len("2025-11-20T13:07:49")

_WRITTEN = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)"
    r"(?:T(?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.(?P<fraction>\d{1,9}))?)?"
    r"(?P<offset>Z|[+-]\d\d:?\d\d)?)?",
    re.ASCII,
)


class Unreadable(ValueError):
    """A text is not a date or date-time of the accepted forms; the message says why."""


class Moment(NamedTuple):
    """What a written date or date-time means in a zone: an instant, and the local calendar day it lies in."""

    instant: int
    day: int


def is_zone(name: str) -> bool:
    """Return whether *name* is a time zone of the IANA database."""
    try:
        Instant.from_timestamp(0).to_tz(name)
    except (TimeZoneNotFoundError, ValueError):
        return False
    return True


def day_of(year: int, month: int, day: int) -> int:
    """Return the day with these numbers; raises ValueError when the calendar has none."""
    return date(year, month, day).toordinal()


def day_from(iso_date: str) -> int:
    """Return the day that `YYYY-MM-DD` names; raises ValueError when it is none."""
    return date.fromisoformat(iso_date).toordinal()


def iso_date(day: int) -> str:
    """Write *day* as `YYYY-MM-DD`."""
    return date.fromordinal(day).isoformat()


def nearest_second(instant: int) -> int:
    """Return the whole second that is nearest to *instant*, half a second going up (facts 2.8)."""
    return (instant + SECOND_US // 2) // SECOND_US * SECOND_US


@dataclass(frozen=True, slots=True)
class Calendar:
    """The days, clock and stamps of one zone; raises ValueError when made with a name that is no zone."""

    zone: str
    _blocks: dict[int, tuple[tuple[int, ...], tuple[int, ...]]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        """Refuse a name that is no zone."""
        if not is_zone(self.zone):
            raise ValueError(f"{self.zone!r} is not a time zone")

    def day(self, instant: int) -> int:
        """Return the local day that *instant* lies in.

        Asked for every event: what is known about the surrounding 24 hours is kept, so asking again costs no
        zone arithmetic.
        """
        known = self._blocks.get(instant // DAY_US)
        if known is None:
            known = self._learn(instant // DAY_US)
        bounds, days = known
        return days[bisect_right(bounds, instant)]

    def opens(self, day: int) -> int:
        """Return the first instant of *day*: midnight, or where the clock went on after a midnight that was skipped.

        A day that a zone skipped altogether is empty: it opens where the next one opens.
        """
        first = date.fromordinal(day)
        midnight = PlainDateTime(first.year, first.month, first.day)
        # "compatible" lands inside or behind a gap; the start of the day that holds it is the first instant there is.
        opening = midnight.assume_tz(self.zone, disambiguation="compatible").start_of("day")
        return opening.timestamp(unit="microsecond")

    def closes(self, day: int) -> int:
        """Return the first instant after *day*."""
        return self.opens(day + 1)

    def later(self, instant: int, *, years: int = 0, months: int = 0) -> int:
        """Return the instant *years* and *months* after *instant*, at the same local date and time where there is one.

        A day that the month lacks becomes its last; beyond the calendar's last year it is the end of all time.
        """
        try:
            local = self._local(instant).add(years=years, months=months, disambiguation="compatible")
            return local.timestamp(unit="microsecond")
        except (ValueError, OverflowError):
            return NEVER

    def read(self, text: str) -> Moment:
        """Read a date or date-time: with an offset or `Z` as that instant, without one as local time of this zone.

        `2024-08-20`, `2024-10-24T00:00:00.000`, `…Z`, `…+05:30`, with or without fraction; a date alone is its first
        instant. Raises Unreadable.
        """
        return self._read(text, z_is_local=False)

    def read_legacy(self, text: str) -> Moment:
        """Read a date-time of a field without the ISO suffix: as `read`, but a literal `Z` stands for local time.

        The vendor glues that letter to the server's local time (facts 2.8); reading it back the same way lets an
        answer that is posted again mean what it meant. Raises Unreadable.
        """
        return self._read(text, z_is_local=True)

    def date_text(self, instant: int) -> str:
        """Write the local day of *instant* as `YYYY-MM-DD`."""
        return iso_date(self.day(instant))

    def stamp(self, instant: int) -> str:
        """Write *instant* as `2025-11-20T13:07:49.173+0000`: local time, milliseconds cut, offset without colon."""
        local = self._local(instant)
        return f"{_clock(local)}.{local.nanosecond // 1_000_000:03}{_offset(local, '')}"

    def abbreviated(self, instant: int) -> str:
        """Write *instant* as `2024-06-24T17:37:00.000IST`: local time, milliseconds, the zone's abbreviation."""
        local = self._local(instant)
        return f"{_clock(local)}.{local.nanosecond // 1_000_000:03}{local.tz_abbrev()}"

    def iso(self, instant: int) -> str:
        """Write *instant* as `2025-11-20T13:07:49Z` or `…+05:30`: local time, seconds, what is less is cut."""
        local = self._local(instant)
        offset = _offset(local, ":")
        return _clock(local) + ("Z" if offset == "+00:00" else offset)

    def glued(self, instant: int) -> str:
        """Write *instant* as `2025-05-11T00:00:00.000Z`, where the `Z` is glued to local time (facts 2.8)."""
        local = self._local(instant)
        return f"{_clock(local)}.{local.nanosecond // 1_000_000:03}Z"

    def _local(self, instant: int) -> ZonedDateTime:
        return Instant.from_timestamp(instant, unit="microsecond").to_tz(self.zone)

    def _learn(self, block: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Keep which days the 24 hours of *block* touch, and where they change."""
        begin, end = block * DAY_US, (block + 1) * DAY_US
        start = self._local(begin).start_of("day")
        days = [day_of(start.year, start.month, start.day)]
        bounds: list[int] = []
        while (bound := self.closes(days[-1])) < end:
            bounds.append(bound)
            days.append(days[-1] + 1)
        if len(self._blocks) >= _BLOCKS_MAX:
            self._blocks.clear()
        known = (tuple(bounds), tuple(days))
        self._blocks[block] = known
        return known

    def _read(self, text: str, *, z_is_local: bool) -> Moment:
        found = _WRITTEN.fullmatch(text)
        if found is None:
            raise Unreadable("is not a date-time such as 2024-10-24T00:00:00.000 or 2024-10-24T00:00:00+05:30")
        if not YEAR_MIN <= int(found["year"]) <= YEAR_MAX:
            raise Unreadable(f"lies outside the years {YEAR_MIN} to {YEAR_MAX}")
        try:
            plain = _plain(found)
            if found["hour"] is None:
                day = day_from(text)
                return Moment(self.opens(day), day)
            local = self._placed(plain, found["offset"], z_is_local=z_is_local)
            instant = local.timestamp(unit="microsecond")
            return Moment(instant, self.day(instant))
        except ValueError:
            raise Unreadable("is not a day or time that exists") from None

    def _placed(self, plain: PlainDateTime, offset: str | None, *, z_is_local: bool) -> ZonedDateTime:
        """Return *plain* its place on the time line; a local time that a clock change skipped moves on by the gap."""
        if offset is None or (offset == "Z" and z_is_local):
            return plain.assume_tz(self.zone, disambiguation="compatible")
        if offset == "Z":
            return plain.assume_utc().to_tz(self.zone)
        away = 60 * int(offset[1:3]) + int(offset[-2:])
        if int(offset[1:3]) > 18 or int(offset[-2:]) > 59:
            raise ValueError(offset)
        return plain.assume_utc().add(minutes=away if offset[0] == "-" else -away).to_tz(self.zone)


@cache
def calendar_of(zone: str) -> Calendar:
    """Return the one calendar of *zone*, with all it has learned; raises ValueError when *zone* is none."""
    return Calendar(zone)


def _plain(found: re.Match[str]) -> PlainDateTime:
    numbers = (int(found[part] or 0) for part in ("year", "month", "day", "hour", "minute", "second"))
    return PlainDateTime(*numbers, nanosecond=int((found["fraction"] or "0").ljust(9, "0")))


def _clock(local: ZonedDateTime) -> str:
    return local.format_iso()[:_TO_THE_SECOND]


def _offset(local: ZonedDateTime, colon: str) -> str:
    before_zone = local.format_iso().partition("[")[0]
    sign, hours, minutes = before_zone[-6], before_zone[-5:-3], before_zone[-2:]
    if sign in "+-":
        return f"{sign}{hours}{colon}{minutes}"
    # Offsets of long ago have seconds.
    away = round(local.offset.total("minutes"))
    return f"{'-' if away < 0 else '+'}{abs(away) // 60:02}{colon}{abs(away) % 60:02}"
