"""What the answers of several nouns share: refusals, lists, pages, and instants as text."""

from typing import Generic, TypeVar

from msgspec import Struct

from milepost.model.time import Micros
from milepost.rules.calendar import calendar_of

Item = TypeVar("Item")


class ProblemItem(Struct):
    """One thing that is wrong: the path of the field, and the reason."""

    path: str
    reason: str


class Problems(Struct, forbid_unknown_fields=True):
    """Why the whole request was refused."""

    problems: list[ProblemItem]


class Items(Struct, Generic[Item], forbid_unknown_fields=True):
    """The items that were added or changed, in the order of the request."""

    items: list[Item]


class Page(Struct, Generic[Item], forbid_unknown_fields=True, rename="camel"):
    """One page of a list. `nextCursor` asks for the next page; it is null on the last one."""

    items: list[Item]
    next_cursor: str | None


def iso(instant: Micros) -> str:
    """Return *instant* (epoch microseconds) as ISO 8601 in UTC."""
    return calendar_of("UTC").iso(instant)


def iso_or_null(instant: Micros | None) -> str | None:
    """Return *instant* (epoch microseconds) as ISO 8601 in UTC; None if there is none."""
    return None if instant is None else iso(instant)
