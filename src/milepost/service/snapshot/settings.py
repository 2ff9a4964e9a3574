"""An organisation's settings by their names in facts 8.1: read from texts, and shown."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from decimal import Decimal
from enum import Enum
from typing import Any, NamedTuple

from milepost.model.amount import fits
from milepost.model.organisation import (
    GOAL_DAYS_MAX,
    GOAL_TEMPLATES_MAX,
    GOALS_AT_ONCE_MAX,
    LATE_DAYS_MAX,
    OFFSET_DAYS_MAX,
    OUTAGES_MAX,
    AfterAchievement,
    BackwardPeriods,
    CarryLines,
    CyclicMonths,
    EnrolMidPeriod,
    GoalTemplate,
    LeaderboardTies,
    Outage,
    PeriodEndOutcome,
    Returns,
    Settings,
    TimeZonePolicy,
)
from milepost.model.problem import Problem, Refused
from milepost.rules.calendar import Unreadable, calendar_of

_TEMPLATE = re.compile(r"(\d{1,18}):(\d{1,16}(?:\.\d{1,4})?)-(\d{1,16}(?:\.\d{1,4})?)", re.ASCII)


class Wrong(Exception):
    """A text is no value of a setting; the message says what would be one."""


class Setting(NamedTuple):
    """One setting: the field that holds it, how its text is read, how it is shown, what it may be and what it means."""

    field: str
    read: Callable[[str], Any]
    show: Callable[[Any], object]
    values: str
    meaning: str


def changed_settings(settings: Settings, changes: Mapping[str, str]) -> Settings:
    """Return *settings* with *changes*, or refuse with everything that is wrong with them."""
    problems: list[Problem] = []
    for name, text in changes.items():
        setting = SETTINGS.get(name)
        if setting is None:
            problems.append(Problem(name, f"is not a setting; there are {', '.join(SETTINGS)}"))
            continue
        try:
            settings = replace(settings, **{setting.field: setting.read(text)})
        except Wrong as wrong:
            problems.append(Problem(name, str(wrong)))
    if problems:
        raise Refused(*problems)
    return settings


def shown_settings(settings: Settings) -> dict[str, object]:
    """Return *settings* by their names in facts 8.1."""
    return {name: setting.show(getattr(settings, setting.field)) for name, setting in SETTINGS.items()}


def _choice(field: str, kind: type[Enum], meaning: str) -> Setting:
    kinds = {one.value: one for one in kind}

    def read(text: str) -> Enum:
        if text not in kinds:
            raise Wrong(f"is one of {', '.join(kinds)}")
        return kinds[text]

    return Setting(field, read, lambda value: value.value, ", ".join(kinds), meaning)


def _days(field: str, most: int, meaning: str, *, none: bool) -> Setting:
    values = f"{'none or ' if none else ''}0 to {most}"

    def read(text: str) -> int | None:
        if none and text == "none":
            return None
        if text.isascii() and text.isdigit() and len(text) <= len(str(most)) and int(text) <= most:
            return int(text)
        raise Wrong(f"is {'none or ' if none else ''}a number of days from 0 to {most}")

    return Setting(field, read, lambda value: value, values, meaning)


def _read_switch(text: str) -> bool:
    if text not in {"on", "off"}:
        raise Wrong("is on or off")
    return text == "on"


def _read_outages(text: str) -> tuple[Outage, ...]:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if len(parts) > OUTAGES_MAX:
        raise Wrong(f"must not be more than {OUTAGES_MAX} spans")
    return () if text == "none" else tuple(sorted(_outage(part) for part in parts))


def _outage(text: str) -> Outage:
    calendar = calendar_of("UTC")
    try:
        starts, ends = (calendar.read(part).instant for part in text.split("/"))
    except (Unreadable, ValueError):
        raise Wrong("is none, or spans such as 2026-01-01T10:00:00Z/2026-01-01T18:00:00Z with commas between") from None
    if starts >= ends:
        raise Wrong(f"{text} ends before it begins")
    return Outage(starts, ends)


def _show_outages(outages: tuple[Outage, ...]) -> list[str]:
    calendar = calendar_of("UTC")
    return [f"{calendar.iso(starts)}/{calendar.iso(ends)}" for starts, ends in outages]


def _read_templates(text: str) -> tuple[GoalTemplate, ...]:
    if text == "none":
        return ()
    found = tuple(_template(part.strip()) for part in text.split(",") if part.strip())
    if len(found) > GOAL_TEMPLATES_MAX:
        raise Wrong(f"must not be more than {GOAL_TEMPLATES_MAX}")
    if len({one.target_id for one in found}) < len(found):
        raise Wrong("names a target twice")
    return tuple(sorted(found))


def _template(text: str) -> GoalTemplate:
    match = _TEMPLATE.fullmatch(text)
    if match is None:
        raise Wrong("is none, or targets with the least and the greatest goal, such as 3001:10-500")
    least, most = Decimal(match[2]), Decimal(match[3])
    if not (0 < least <= most and fits(least) and fits(most)):
        raise Wrong(f"{text} must go from more than 0 to no less, with at most 4 decimals")
    return GoalTemplate(int(match[1]), least, most)


def _number(field: str, least: int, most: int, meaning: str) -> Setting:
    values = f"{least} to {most}"

    def read(text: str) -> int:
        if text.isascii() and text.isdigit() and len(text) <= len(str(most)) and least <= int(text) <= most:
            return int(text)
        raise Wrong(f"is a number from {values}")

    return Setting(field, read, lambda value: value, values, meaning)


SETTINGS: Mapping[str, Setting] = {
    "timeZonePolicy": _choice(
        "time_zone_policy", TimeZonePolicy, "whose calendar rules days and periods: the organisation's, or the group's"
    ),
    "returns": _choice("returns", Returns, "what a return does to progress"),
    "carryLines": _choice("carry_lines", CarryLines, "how much of returned lines is carried, where returns are"),
    "afterAchievement": _choice(
        "after_achievement", AfterAchievement, "what becomes of an achievement that a return leaves below its goal"
    ),
    "lateDays": _days(
        "late_days", LATE_DAYS_MAX, "for how many days after a period its events are still counted", none=True
    ),
    "offsetDays": _days(
        "offset_days", OFFSET_DAYS_MAX, "how many days what is done at a period's end waits for late events", none=False
    ),
    "enrolMidPeriod": _choice(
        "enrol_mid_period", EnrolMidPeriod, "whether stored events of the running period count at enrolment"
    ),
    "periodEndOutcome": _choice(
        "period_end_outcome", PeriodEndOutcome, "of whom it is told that a period opened or closed"
    ),
    "leaderboardTies": _choice("leaderboard_ties", LeaderboardTies, "how equal values are ranked"),
    "cyclicMonths": _choice("cyclic_months", CyclicMonths, "what a month is in a customer's own windows"),
    "leaderboards": Setting(
        "leaderboards", _read_switch, lambda value: value, "on, off", "whether groups may have a leaderboard"
    ),
    "outages": Setting(
        "outages",
        _read_outages,
        _show_outages,
        f"none or up to {OUTAGES_MAX} spans with commas between",
        "spans in which no streak may break, such as 2026-01-01T10:00:00Z/2026-01-01T18:00:00Z",
    ),
    "goalTemplates": Setting(
        "goal_templates",
        _read_templates,
        lambda found: [f"{one.target_id}:{one.least}-{one.most}" for one in found],
        f"none or up to {GOAL_TEMPLATES_MAX} such as 3001:10-500 with commas between",
        "targets like which customers may set goals, with the least and the greatest goal",
    ),
    "goalDays": _number("goal_days", 1, GOAL_DAYS_MAX, "how many days a goal that a customer sets may run"),
    "goalsAtOnce": _number("goals_at_once", 0, GOALS_AT_ONCE_MAX, "how many goals a customer may have at a time"),
    "backwardPeriods": _choice(
        "backward_periods",
        BackwardPeriods,
        "whether a call that adds periods is refused for one that ends before it starts",
    ),
}
assert {setting.field for setting in SETTINGS.values()} == {field.name for field in fields(Settings)}, "all can be set"


def setting_text(value: object) -> str:
    """Return the text of a setting whose value came as JSON: as a command would spell it."""
    match value:
        case None | []:
            return "none"
        case bool():
            return "on" if value else "off"
        case str():
            return value
        case list() if all(isinstance(one, str) for one in value):
            return ",".join(value)
        case dict() | list():
            return json.dumps(value, default=str)
        case _:
            return str(value)
