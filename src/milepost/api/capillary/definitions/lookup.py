"""Definitions as reads and edits show them: with attribution, and with what is counted or derived (facts 2.1).

The vendor publishes the order of a creation's keys only; a read has the same one, with what it shows besides where it
stands in targets and periods (attribution) or at the end (createdOn, orgId).
"""

from milepost.api.capillary.definitions.target_groups.answer import (
    attribution,
    combination_row,
    given,
    level_row,
    own_words,
    period_row,
    target_row,
)
from milepost.api.capillary.envelope import Json
from milepost.model.target import Evaluation, Frequency, Period, TargetGroup
from milepost.rules.calendar import Calendar, nearest_second
from milepost.rules.definition.validation import RECURRING_UNSET
from milepost.rules.edits.period_edits import PeriodStatus, status_of


def edited_group(group: TargetGroup, calendar: Calendar, now: int) -> Json:
    """Return the whole of *group*, as an edit answers, with statuses as of *now* (epoch microseconds)."""
    return _group(group, calendar, now, periods=True, targets=True) | _created_on(group)


def listed_group(group: TargetGroup, calendar: Calendar, now: int, *, periods: bool) -> Json:
    """Return *group* as the list of groups shows it: without targets, with periods if asked for."""
    return _group(group, calendar, now, periods=periods, targets=False) | _created_on(group)


def one_group(group: TargetGroup, calendar: Calendar, now: int, *, periods: bool) -> Json:
    """Return *group* as it is shown alone: without targets, with periods if asked for."""
    return _group(group, calendar, now, periods=periods, targets=False)


def milestone(group: TargetGroup, calendar: Calendar, now: int, org_id: int, *, periods: bool) -> Json:
    """Return *group* as the list of milestones shows it: with targets, and the organisation it belongs to."""
    return _group(group, calendar, now, periods=periods, targets=True) | _created_on(group) | {"orgId": org_id}


def changed_period(period: Period, group: TargetGroup, calendar: Calendar, now: int) -> Json:
    """Return a period as its change shows it: without a status (facts 3.2)."""
    shown = period_row(period, group, calendar, now)
    del shown["periodStatus"]
    return shown


def _group(group: TargetGroup, calendar: Calendar, now: int, *, periods: bool, targets: bool) -> Json:
    running = _running(group, now)
    shown: Json = {
        "id": group.id,
        "attribution": attribution(group.attribution, calendar),
        "name": group.name,
        "fromDate": group.valid_from,
        "toDate": group.valid_to,
        "active": group.active,
        "preferredTillId": group.preferred_till_id,
        "periods": [period_row(period, group, calendar, now) for period in group.periods] if periods else None,
        "streaks": [level_row(level, group, calendar) for level in group.streak_levels] or None,
        "activePeriod": None if running is None else period_row(running, group, calendar, now),
        "totalPeriods": len(group.periods),
        "description": group.description,
        "targetEvaluationType": group.evaluation.value,
        "recurringCycles": RECURRING_UNSET if group.recurring_cycles is None else group.recurring_cycles,
        "frequency": group.frequency or 0,
        "targetCycleStartDate": calendar.glued(group.cycle_opens_at),
        "targetCycleEndDate": calendar.glued(group.cycle_closes_at),
        "targetCycleStartDateISO": calendar.iso(group.cycle_opens_at),
        "targetCycleEndDateISO": calendar.iso(group.cycle_closes_at),
        "frequencyType": (group.frequency_kind or Frequency.CUSTOM).value,
        "trackingType": group.tracking.value,
        "targets": [target_row(target, group, calendar) for target in group.targets] if targets else None,
    }
    if group.combination is not None:
        shown["combinationType"] = "ANY" if group.combination.any_of else "ALL"
        shown["unifiedTargetExpression"] = combination_row(group.combination, group.targets)
    shown["leaderboardEnabled"] = group.leaderboard
    shown["userCreated"] = group.user_created
    shown["timeZoneName"] = group.time_zone_name
    shown |= own_words(group)
    return given(shown)


def _created_on(group: TargetGroup) -> Json:
    """Return when the group was made, in epoch milliseconds beside the text of its attribution."""
    return {"createdOn": nearest_second(group.attribution.created_at) // 1000}


def _running(group: TargetGroup, now: int) -> Period | None:
    """Return the period that runs at *now*, where all customers share one."""
    if group.evaluation is not Evaluation.FIXED_CALENDAR_WINDOW:
        return None
    running = (one for one in group.periods if one.active and status_of(one, now) is PeriodStatus.RUNNING)
    return next(running, None)
