"""One setting of an organisation: how its value is read from a text and shown."""

import re
from collections.abc import Callable
from decimal import Decimal
from enum import Enum
from typing import Any, NamedTuple

from milepost.model.amount import fits
from milepost.model.organisation import GOAL_TEMPLATES_MAX, OUTAGES_MAX, GoalTemplate, Outage
from milepost.rules.calendar import Unreadable, calendar_of
from milepost.rules.identifier_forms import is_phone_region

_TEMPLATE = re.compile(r"(\d{1,18}):(\d{1,16}(?:\.\d{1,4})?)-(\d{1,16}(?:\.\d{1,4})?)", re.ASCII)


class InvalidValue(Exception):
    """A text is not a value of a setting; the message says which values are."""


class Setting(NamedTuple):
    """A setting: the field of `Settings` that holds it, how to read and show it, its allowed values and its meaning."""

    field: str
    read: Callable[[str], Any]
    show: Callable[[Any], object]
    values: str
    meaning: str


def choice(field: str, kind: type[Enum], meaning: str) -> Setting:
    """Return a setting whose value is a member of *kind*."""
    kinds = {member.value: member for member in kind}

    def read(text: str) -> Enum:
        if text not in kinds:
            raise InvalidValue(f"is one of {', '.join(kinds)}")
        return kinds[text]

    return Setting(field=field, read=read, show=lambda value: value.value, values=", ".join(kinds), meaning=meaning)


def days(field: str, most: int, meaning: str, *, none: bool) -> Setting:
    """Return a setting whose value is a number of days from 0 to *most*, or none where *none* allows it."""
    values = f"{'none or ' if none else ''}0 to {most}"

    def read(text: str) -> int | None:
        if none and text == "none":
            return None
        if text.isascii() and text.isdigit() and len(text) <= len(str(most)) and int(text) <= most:
            return int(text)
        raise InvalidValue(f"is {'none or ' if none else ''}a number of days from 0 to {most}")

    return Setting(field=field, read=read, show=lambda value: value, values=values, meaning=meaning)


def read_switch(text: str) -> bool:
    """Return whether *text* says on. Raises InvalidValue."""
    if text not in {"on", "off"}:
        raise InvalidValue("is on or off")
    return text == "on"


def read_outages(text: str) -> tuple[Outage, ...]:
    """Return the outages that *text* lists. Raises InvalidValue."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if len(parts) > OUTAGES_MAX:
        raise InvalidValue(f"must hold at most {OUTAGES_MAX} spans")
    return () if text == "none" else tuple(sorted(_outage(part) for part in parts))


def _outage(text: str) -> Outage:
    calendar = calendar_of("UTC")
    try:
        starts, ends = (calendar.read(part).instant for part in text.split("/"))
    except (Unreadable, ValueError):
        raise InvalidValue(
            "is none, or spans such as 2026-01-01T10:00:00Z/2026-01-01T18:00:00Z with commas between"
        ) from None
    if starts >= ends:
        raise InvalidValue(f"{text} ends before it begins")
    return Outage(starts, ends)


def show_outages(outages: tuple[Outage, ...]) -> list[str]:
    """Return *outages* as they are read."""
    calendar = calendar_of("UTC")
    return [f"{calendar.iso(starts)}/{calendar.iso(ends)}" for starts, ends in outages]


def read_templates(text: str) -> tuple[GoalTemplate, ...]:
    """Return the goal templates that *text* lists. Raises InvalidValue."""
    if text == "none":
        return ()
    templates = tuple(_template(part.strip()) for part in text.split(",") if part.strip())
    if len(templates) > GOAL_TEMPLATES_MAX:
        raise InvalidValue(f"must hold at most {GOAL_TEMPLATES_MAX} templates")
    if len({template.target_id for template in templates}) < len(templates):
        raise InvalidValue("names a target twice")
    return tuple(sorted(templates))


def _template(text: str) -> GoalTemplate:
    match = _TEMPLATE.fullmatch(text)
    if match is None:
        raise InvalidValue("is none, or targets with the least and the greatest goal, such as 3001:10-500")
    least, most = Decimal(match[2]), Decimal(match[3])
    if not (0 < least <= most and fits(least) and fits(most)):
        raise InvalidValue(
            f"{text} must have a least goal above 0 and a greatest goal that is no smaller, with at most 4 decimals"
        )
    return GoalTemplate(int(match[1]), least, most)


def number(field: str, least: int, most: int, meaning: str) -> Setting:
    """Return a setting whose value is a number from *least* to *most*."""
    values = f"{least} to {most}"

    def read(text: str) -> int:
        if text.isascii() and text.isdigit() and len(text) <= len(str(most)) and least <= int(text) <= most:
            return int(text)
        raise InvalidValue(f"is a number from {values}")

    return Setting(field=field, read=read, show=lambda value: value, values=values, meaning=meaning)


def code(field: str, pattern: str, example: str, meaning: str) -> Setting:
    """Return a setting whose value is a code, such as that of a currency."""

    def read(text: str) -> str | None:
        if text == "none":
            return None
        if not re.fullmatch(pattern, text.upper()):
            raise InvalidValue(f"is none or a code such as {example}")
        return text.upper()

    return Setting(
        field=field, read=read, show=lambda value: value, values=f"none or such as {example}", meaning=meaning
    )


def read_region(text: str) -> str | None:
    """Return the country that *text* names, None for none. Raises InvalidValue."""
    if text == "none":
        return None
    if not is_phone_region(text.upper()):
        raise InvalidValue("is none or the code of a country, such as DE")
    return text.upper()
