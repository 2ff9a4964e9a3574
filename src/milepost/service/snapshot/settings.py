"""An organisation's settings under their names (facts 8.1): read from text, and shown."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from decimal import Decimal
from enum import Enum
from typing import Any, NamedTuple

from milepost.model.amount import fits
from milepost.model.organisation import (
    DELIVERY_DAYS_MAX,
    GOAL_DAYS_MAX,
    GOAL_TEMPLATES_MAX,
    GOALS_AT_ONCE_MAX,
    LATE_DAYS_MAX,
    OFFSET_DAYS_MAX,
    OUTAGES_MAX,
    PERIODS_LIMIT,
    PERIODS_USUAL,
    RULES_FIRST,
    RULES_LATEST,
    AfterAchievement,
    BackwardPeriods,
    CarryLines,
    CyclicMonths,
    EnrolMidPeriod,
    GoalTemplate,
    LeaderboardTies,
    Outage,
    OutcomeFeed,
    PeriodEndOutcome,
    Returns,
    Settings,
    TimeZonePolicy,
)
from milepost.model.problem import Problem, Refused
from milepost.rules.calendar import Unreadable, calendar_of

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


def changed_settings(settings: Settings, changes: Mapping[str, str]) -> Settings:
    """Return *settings* with *changes*, texts by name; raises Refused with everything that is wrong with them."""
    problems: list[Problem] = []
    for name, text in changes.items():
        setting = SETTINGS.get(name)
        if setting is None:
            problems.append(Problem(name, f"is not a setting; there are {', '.join(SETTINGS)}"))
            continue
        try:
            settings = replace(settings, **{setting.field: setting.read(text)})
        except InvalidValue as error:
            problems.append(Problem(name, str(error)))
    if problems:
        raise Refused(*problems)
    return settings


def shown_settings(settings: Settings) -> dict[str, object]:
    """Return *settings* under their names (facts 8.1)."""
    return {name: setting.show(getattr(settings, setting.field)) for name, setting in SETTINGS.items()}


def _choice(field: str, kind: type[Enum], meaning: str) -> Setting:
    kinds = {member.value: member for member in kind}

    def read(text: str) -> Enum:
        if text not in kinds:
            raise InvalidValue(f"is one of {', '.join(kinds)}")
        return kinds[text]

    return Setting(field=field, read=read, show=lambda value: value.value, values=", ".join(kinds), meaning=meaning)


def _days(field: str, most: int, meaning: str, *, none: bool) -> Setting:
    values = f"{'none or ' if none else ''}0 to {most}"

    def read(text: str) -> int | None:
        if none and text == "none":
            return None
        if text.isascii() and text.isdigit() and len(text) <= len(str(most)) and int(text) <= most:
            return int(text)
        raise InvalidValue(f"is {'none or ' if none else ''}a number of days from 0 to {most}")

    return Setting(field=field, read=read, show=lambda value: value, values=values, meaning=meaning)


def _read_switch(text: str) -> bool:
    if text not in {"on", "off"}:
        raise InvalidValue("is on or off")
    return text == "on"


def _read_outages(text: str) -> tuple[Outage, ...]:
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


def _show_outages(outages: tuple[Outage, ...]) -> list[str]:
    calendar = calendar_of("UTC")
    return [f"{calendar.iso(starts)}/{calendar.iso(ends)}" for starts, ends in outages]


def _read_templates(text: str) -> tuple[GoalTemplate, ...]:
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


def _number(field: str, least: int, most: int, meaning: str) -> Setting:
    values = f"{least} to {most}"

    def read(text: str) -> int:
        if text.isascii() and text.isdigit() and len(text) <= len(str(most)) and least <= int(text) <= most:
            return int(text)
        raise InvalidValue(f"is a number from {values}")

    return Setting(field=field, read=read, show=lambda value: value, values=values, meaning=meaning)


SETTINGS: Mapping[str, Setting] = {
    "timeZonePolicy": _choice(
        "time_zone_policy",
        TimeZonePolicy,
        "whose time zone days and periods follow: the organisation's, or the group's",
    ),
    "returns": _choice("returns", Returns, "what a return does to progress"),
    "carryLines": _choice(
        "carry_lines",
        CarryLines,
        "how much of returned line items is carried into a later period, if returns are carried",
    ),
    "afterAchievement": _choice(
        "after_achievement",
        AfterAchievement,
        "whether an achievement is kept when a return takes its progress below the goal",
    ),
    "lateDays": _days(
        "late_days", LATE_DAYS_MAX, "for how many days after the end of a period its late events still count", none=True
    ),
    "offsetDays": _days(
        "offset_days",
        OFFSET_DAYS_MAX,
        "how many days the notices and broken streaks of a period's end wait for late events",
        none=False,
    ),
    "enrolMidPeriod": _choice(
        "enrol_mid_period", EnrolMidPeriod, "whether stored events of the running period count at enrolment"
    ),
    "periodEndOutcome": _choice(
        "period_end_outcome", PeriodEndOutcome, "which customers get an outcome when a period opens or closes"
    ),
    "leaderboardTies": _choice("leaderboard_ties", LeaderboardTies, "how customers with equal values are ranked"),
    "cyclicMonths": _choice(
        "cyclic_months", CyclicMonths, "whether months in a customer's own windows are calendar months or thirty days"
    ),
    "leaderboards": Setting(
        field="leaderboards",
        read=_read_switch,
        show=lambda value: value,
        values="on, off",
        meaning="whether groups may have a leaderboard",
    ),
    "outages": Setting(
        field="outages",
        read=_read_outages,
        show=_show_outages,
        values=f"none or up to {OUTAGES_MAX} spans with commas between",
        meaning="spans in which no streak may break, such as 2026-01-01T10:00:00Z/2026-01-01T18:00:00Z",
    ),
    "goalTemplates": Setting(
        field="goal_templates",
        read=_read_templates,
        show=lambda templates: [f"{template.target_id}:{template.least}-{template.most}" for template in templates],
        values=f"none or up to {GOAL_TEMPLATES_MAX} such as 3001:10-500 with commas between",
        meaning="targets whose measure customers may choose for goals of their own, "
        "with the least and the greatest goal",
    ),
    "goalDays": _number("goal_days", 1, GOAL_DAYS_MAX, "how many days a goal that a customer sets may run"),
    "goalsAtOnce": _number("goals_at_once", 0, GOALS_AT_ONCE_MAX, "how many goals a customer may have at a time"),
    "backwardPeriods": _choice(
        "backward_periods",
        BackwardPeriods,
        "whether adding periods is refused if one of them ends before it starts",
    ),
    "periodsMax": _number("periods_max", PERIODS_USUAL, PERIODS_LIMIT, "how many periods a group may have"),
    "rulesEdition": _number(
        "rules_edition",
        RULES_FIRST,
        RULES_LATEST,
        "the edition of the rules that judges events; an organisation older than the latest edition keeps the first",
    ),
    "outcomeFeed": _choice(
        "outcome_feed",
        OutcomeFeed,
        "which outcomes the feed holds: none, all but changes of values, or all; webhooks do not need it",
    ),
    "deliveryDays": _number(
        "delivery_days", 1, DELIVERY_DAYS_MAX, "for how many days deliveries that were made, and the feed, are kept"
    ),
}
assert {setting.field for setting in SETTINGS.values()} == {field.name for field in fields(Settings)}, "all can be set"


def setting_text(value: object) -> str:
    """Return the text of a setting whose value came as JSON, spelt as on the command line: `true` becomes `on`."""
    match value:
        case None | []:
            return "none"
        case bool():
            return "on" if value else "off"
        case str():
            return value
        case list() if all(isinstance(item, str) for item in value):
            return ",".join(value)
        case dict() | list():
            return json.dumps(value, default=str)
        case _:
            return str(value)
