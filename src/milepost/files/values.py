"""Numbers and dates as files write them. What could mean two things is refused, with the option that decides it."""

import re
from collections.abc import Iterable
from datetime import datetime
from enum import Enum
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


class Decimals(Enum):
    """The character before the decimals of a number."""

    POINT = "point"
    COMMA = "comma"


_PLAIN = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
_WITH_POINT = re.compile(r"-?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?", re.ASCII)
_WITH_COMMA = re.compile(r"-?(\d+|\d{1,3}([. \u00a0\u202f']\d{3})+)(,\d+)?", re.ASCII)
_SURELY_COMMA = re.compile(r"-?(\d+,(\d{1,2}|\d{4,})|\d{1,3}([. \u00a0\u202f']\d{3})+,\d+)", re.ASCII)
_SURELY_POINT = re.compile(r"-?(\d+\.(\d{1,2}|\d{4,})|\d{1,3}(,\d{3})+\.\d+)", re.ASCII)
_GROUPING = re.compile(r"[. \u00a0\u202f']")
_ISO_START = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class Unread(NamedTuple):
    """The reason why a cell is not what was expected."""

    reason: str


def recognised_decimals(cells: Iterable[str]) -> Decimals | None:
    """Return COMMA if some of *cells*, which hold numbers, can only have a decimal comma and none only a point.

    For example 12,50 and 1.234 together are 12.5 and 1234; 1,234 alone shows nothing. All of *cells* are read.
    """
    commas = points = False
    for cell in cells:
        commas = commas or _SURELY_COMMA.fullmatch(cell) is not None
        points = points or _SURELY_POINT.fullmatch(cell) is not None
    return Decimals.COMMA if commas and not points else None


def number_of(text: str, decimals: Decimals | None) -> str | Unread:
    """Return the number in *text* with a decimal point and nothing between thousands, or why it is not read."""
    match decimals:
        case Decimals.COMMA if _WITH_COMMA.fullmatch(text):
            return _GROUPING.sub("", text).replace(",", ".")
        case Decimals.POINT if _WITH_POINT.fullmatch(text):
            return text.replace(",", "")
        case None if _PLAIN.fullmatch(text):
            return text
    if decimals is None and (_WITH_COMMA.fullmatch(text) or _WITH_POINT.fullmatch(text)):
        return Unread(f'read "{text}", expected a decimal point alone; see --decimal comma and --decimal point')
    kind = "decimal comma" if decimals is Decimals.COMMA else "decimal point"
    return Unread(f'read "{text}", expected a number with a {kind}')


def time_of(text: str, date_format: str | None, zone: str) -> str | Unread:
    """Return the instant in *text* as ISO 8601 with an offset, or why it is not read.

    *date_format* has the signs of strptime, such as `%d/%m/%Y %H:%M`. A time that states no offset is in *zone*.
    """
    if date_format is None:
        return _iso(text)
    try:
        time = datetime.strptime(text, date_format)  # noqa: DTZ007 - the zone follows
    except ValueError:
        return Unread(f'read "{text}", expected a date like {date_format}')
    return (time if time.tzinfo else time.replace(tzinfo=ZoneInfo(zone))).isoformat()


def is_zone(name: str) -> bool:
    """Whether *name* is a time zone of the IANA database."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _iso(text: str) -> str | Unread:
    try:
        time = datetime.fromisoformat(text) if _ISO_START.match(text) else None
    except ValueError:
        time = None
    if time is None:
        return Unread(
            f'read "{text}", expected a date of ISO 8601, such as 2026-11-07T10:00:00Z; '
            "other forms are read by --date-format, such as %d/%m/%Y"
        )
    if time.tzinfo is None:
        return Unread(
            f'read "{text}", expected an offset, such as 2026-11-07T10:00:00Z; '
            "a time without one is read by --date-format, in the organisation's zone"
        )
    return time.isoformat()
