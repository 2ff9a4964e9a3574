"""An organisation's settings under their names (facts 8.1): read from text, and shown."""

import json
from collections.abc import Mapping
from dataclasses import fields, replace

from milepost.model.organisation import (
    BILL_NUMBER_DAYS_MAX,
    DELIVERY_DAYS_MAX,
    GOAL_DAYS_MAX,
    GOAL_TEMPLATES_MAX,
    GOALS_AT_ONCE_MAX,
    GRACE_HOURS_MAX,
    LATE_DAYS_MAX,
    OFFSET_DAYS_MAX,
    OUTAGES_MAX,
    PERIODS_LIMIT,
    PERIODS_USUAL,
    RULES_FIRST,
    RULES_LATEST,
    AfterAchievement,
    AheadOfClock,
    Approvals,
    BackwardPeriods,
    CapsFollowReturns,
    CarryLines,
    CyclicMonths,
    EnrolMidPeriod,
    EventIdentity,
    LeaderboardTies,
    OutcomeFeed,
    PeriodEndOutcome,
    ReturnedBills,
    Returns,
    Settings,
    TimeZonePolicy,
)
from milepost.model.problem import Problem, Refused
from milepost.service.snapshot.setting import (
    InvalidValue,
    Setting,
    choice,
    code,
    days,
    number,
    read_outages,
    read_region,
    read_switch,
    read_templates,
    show_outages,
)


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


SETTINGS: Mapping[str, Setting] = {
    "timeZonePolicy": choice(
        "time_zone_policy",
        TimeZonePolicy,
        "whose time zone days and periods follow: the organisation's, or the group's",
    ),
    "returns": choice("returns", Returns, "what a return does to progress"),
    "carryLines": choice(
        "carry_lines",
        CarryLines,
        "how much of returned line items is carried into a later period, if returns are carried",
    ),
    "afterAchievement": choice(
        "after_achievement",
        AfterAchievement,
        "whether an achievement is kept when a return takes its progress below the goal",
    ),
    "lateDays": days(
        "late_days", LATE_DAYS_MAX, "for how many days after the end of a period its late events still count", none=True
    ),
    "offsetDays": days(
        "offset_days",
        OFFSET_DAYS_MAX,
        "how many days the notices and broken streaks of a period's end wait for late events",
        none=False,
    ),
    "enrolMidPeriod": choice(
        "enrol_mid_period", EnrolMidPeriod, "whether stored events of the running period count at enrolment"
    ),
    "periodEndOutcome": choice(
        "period_end_outcome", PeriodEndOutcome, "which customers get an outcome when a period opens or closes"
    ),
    "leaderboardTies": choice("leaderboard_ties", LeaderboardTies, "how customers with equal values are ranked"),
    "cyclicMonths": choice(
        "cyclic_months", CyclicMonths, "whether months in a customer's own windows are calendar months or thirty days"
    ),
    "leaderboards": Setting(
        field="leaderboards",
        read=read_switch,
        show=lambda value: value,
        values="on, off",
        meaning="whether groups may have a leaderboard",
    ),
    "outages": Setting(
        field="outages",
        read=read_outages,
        show=show_outages,
        values=f"none or up to {OUTAGES_MAX} spans with commas between",
        meaning="spans in which no streak may break, such as 2026-01-01T10:00:00Z/2026-01-01T18:00:00Z",
    ),
    "goalTemplates": Setting(
        field="goal_templates",
        read=read_templates,
        show=lambda templates: [f"{template.target_id}:{template.least}-{template.most}" for template in templates],
        values=f"none or up to {GOAL_TEMPLATES_MAX} such as 3001:10-500 with commas between",
        meaning="targets whose measure customers may choose for goals of their own, "
        "with the least and the greatest goal",
    ),
    "goalDays": number("goal_days", 1, GOAL_DAYS_MAX, "how many days a goal that a customer sets may run"),
    "goalsAtOnce": number("goals_at_once", 0, GOALS_AT_ONCE_MAX, "how many goals a customer may have at a time"),
    "backwardPeriods": choice(
        "backward_periods",
        BackwardPeriods,
        "whether adding periods is refused if one of them ends before it starts",
    ),
    "periodsMax": number("periods_max", PERIODS_USUAL, PERIODS_LIMIT, "how many periods a group may have"),
    "ownWindowGraceHours": number(
        "own_window_grace_hours",
        0,
        GRACE_HOURS_MAX,
        "how many hours before a customer's first own window an event may be dated that counts there",
    ),
    "rulesEdition": number(
        "rules_edition",
        RULES_FIRST,
        RULES_LATEST,
        "the edition of the rules that judges events; an organisation older than the latest edition keeps the first",
    ),
    "returnedBills": choice(
        "returned_bills", ReturnedBills, "whether a condition is asked again of what a return left of a bill"
    ),
    "capsFollowReturns": choice(
        "caps_follow_returns", CapsFollowReturns, "whether a return gives back what its bill's decision used of caps"
    ),
    "eventIdentity": choice(
        "event_identity",
        EventIdentity,
        "within what an event's source and id name it; an organisation older than this setting keeps CUSTOMER",
    ),
    "billNumberDays": number(
        "bill_number_days",
        1,
        BILL_NUMBER_DAYS_MAX,
        "for how many days before and after its date a bill number of v2 names one bill of its till",
    ),
    "aheadOfClock": choice(
        "ahead_of_clock",
        AheadOfClock,
        "whether an event dated 15 minutes to 24 hours ahead of the clock is judged as of its receipt, or refused",
    ),
    "currency": code(
        "currency", "[A-Z]{3}", "USD", "the currency of all bills; a bill that names another one is refused"
    ),
    "phoneRegion": Setting(
        field="phone_region",
        read=read_region,
        show=lambda value: value,
        values="none or such as DE",
        meaning="the country whose mobile numbers may come without a country code; with it all have one form",
    ),
    "outcomeFeed": choice(
        "outcome_feed",
        OutcomeFeed,
        "which outcomes the feed holds: none, all but changes of values, or all; webhooks do not need it",
    ),
    "deliveryDays": number(
        "delivery_days", 1, DELIVERY_DAYS_MAX, "for how many days deliveries that were made, and the feed, are kept"
    ),
    "approvals": choice("approvals", Approvals, "whether another login must approve a change before it is published"),
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
