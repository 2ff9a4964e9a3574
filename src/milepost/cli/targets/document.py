"""A target group as it is written to a file: stable keys in a stable order, names in the place of ids."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from milepost.model.event import BILL
from milepost.model.target import (
    CapScope,
    Combination,
    Evaluation,
    Filter,
    FilterKind,
    Metadata,
    Period,
    Target,
    TargetGroup,
    Trigger,
)
from milepost.model.time import SECOND_US
from milepost.rules.calendar import Calendar
from milepost.rules.definition.build import TRIGGER_KIND
from milepost.rules.definition.condition import ALWAYS
from milepost.rules.definition.metadata import WINDOW_UNIT, WINDOW_VALUE
from milepost.service.definitions.references import References

Document = dict[str, Any]


def document_of(group: TargetGroup, calendar: Calendar, references: References) -> Document:
    """Return *group* as a file holds it. What a key would repeat, because it is the default, is left out."""
    combination = group.combination
    return _filled(
        {
            "name": group.name,
            "description": group.description,
            "active": None if group.active else False,
            "trackingType": group.tracking.value,
            "targetEvaluationType": None if _is_fixed(group) else group.evaluation.value,
            "timeZoneName": group.time_zone_name,
            **_till(group.preferred_till_id, references),
            "leaderboardEnabled": group.leaderboard or None,
            "userCreated": group.user_created or None,
            "capScope": None if group.cap_scope is CapScope.CUSTOMER else group.cap_scope.value,
            "streakFreezes": None
            if group.freezes is None
            else _filled({"max": group.freezes.most, "earnEvery": group.freezes.earn_every}),
            "fromDate": group.valid_from,
            "toDate": group.valid_to,
            **_window(group, calendar),
            "frequencyType": None if group.frequency_kind is None else group.frequency_kind.value,
            "frequency": group.frequency,
            "recurringCycles": group.recurring_cycles,
            "combinationType": None if combination is None else "ANY" if combination.any_of else "ALL",
            "unifiedTargetExpression": None if combination is None else _combination(combination) or None,
            "streaks": [{"name": level.name, "targetCountOfSequence": level.count} for level in group.streak_levels]
            or None,
            "periods": [_period(period, group) for period in group.periods],
            "targets": [_target(target, group, references) for target in group.targets],
        }
    )


def _combination(combination: Combination) -> Document:
    return _filled(
        {
            "aggregation": None if combination.aggregation is None else combination.aggregation.value,
            "thresholdValue": _amount(combination.threshold),
            "minTargetsToAchieve": combination.least,
        }
    )


def _filled(keys: Mapping[str, Any]) -> Document:
    return {key: value for key, value in keys.items() if value is not None}


def _amount(value: Decimal | None) -> int | Decimal | None:
    return value if value is None or value != value.to_integral_value() else int(value)


def _is_fixed(group: TargetGroup) -> bool:
    return group.evaluation is Evaluation.FIXED_CALENDAR_WINDOW


def _till(till_id: int, references: References) -> Document:
    if till_id == 0:
        return {}
    code = next((code for code, id_ in references.tills.items() if id_ == till_id), None)
    return {"preferredTillId": till_id} if code is None else {"preferredTill": code}


def _window(group: TargetGroup, calendar: Calendar) -> Document:
    """Return the cycle window, unless it is the one that follows from the periods."""
    active = [period for period in group.periods if period.active]
    around = [(_opening(periods), _closing(periods) - SECOND_US) for periods in (active, group.periods) if periods]
    if _is_fixed(group) and (group.cycle_opens_at, group.cycle_closes_at) in around:
        return {}
    return {
        "targetCycleStartDateISO": calendar.iso(group.cycle_opens_at),
        "targetCycleEndDateISO": calendar.iso(group.cycle_closes_at),
    }


def _opening(periods: Iterable[Period]) -> int:
    return min(period.opens_at for period in periods)


def _closing(periods: Iterable[Period]) -> int:
    return max(period.closes_at for period in periods)


def _period(period: Period, group: TargetGroup) -> Document:
    is_whole = (period.opens_at, period.closes_at) == (group.cycle_opens_at, group.cycle_closes_at)
    has_dates = _is_fixed(group) or not is_whole
    return _filled(
        {
            "refCode": period.ref_code,
            "startDate": period.starts_on if has_dates else None,
            "endDate": period.ends_on if has_dates else None,
            "description": period.description,
            "active": None if period.active else False,
        }
    )


def _target(target: Target, group: TargetGroup, references: References) -> Document:
    names = {id_: name for name, id_ in references.audiences.items()}
    return _filled(
        {
            "name": target.name,
            "description": target.description,
            "active": None if target.active else False,
            "targetEntity": target.entity.value,
            "targetType": target.kpi.value,
            "eventName": None if target.event_name == BILL else target.event_name,
            "extendedFieldInfo": None if target.metadata is None else _metadata(target.metadata),
            "expression": None if target.expression == ALWAYS else target.expression,
            "filters": None if target.filters is None else [_filter(one, references) for one in target.filters],
            "enrolmentMethod": target.enrolment.value,
            "audiences": [names.get(one.audience_id, one.audience_id) for one in target.audiences] or None,
            "goals": _goals(target, group),
            "targetMilestoneTriggers": [_trigger(trigger) for trigger in target.triggers] or None,
        }
    )


def _goals(target: Target, group: TargetGroup) -> int | Decimal | dict[str, int | Decimal | None] | None:
    """Return the goal of every active period: one value if they agree, else one for each refCode."""
    by_period = {goal.period_id: _amount(goal.value) for goal in target.goals}
    listed = {one.ref_code: by_period[one.id] for one in group.periods if one.active and one.id in by_period}
    if not listed:
        return next(iter(by_period.values()), None)
    values = list(dict.fromkeys(listed.values()))
    return values[0] if len(values) == 1 else listed


def _trigger(trigger: Trigger) -> Document:
    return _filled(
        {
            "triggerName": trigger.name,
            "isActive": None if trigger.active else False,
            "triggerType": None if trigger.kind == TRIGGER_KIND else trigger.kind,
            "triggerValueType": trigger.value_kind.value,
            "triggerValue": _amount(trigger.value),
        }
    )


def _filter(filter_: Filter, references: References) -> Document:
    codes = {id_: code for code, id_ in references.places[FilterKind(filter_.kind)].items()}
    nameless = [id_ for id_ in filter_.ids if id_ not in codes]
    return _filled(
        {
            "entityType": filter_.kind.value,
            "entityCodes": [codes[id_] for id_ in filter_.ids if id_ in codes] or (None if nameless else []),
            "entityIds": nameless or None,
        }
    )


def _metadata(metadata: Metadata) -> Document:
    shown = _filled(
        {
            "name": metadata.name,
            "aggregateFunction": None if metadata.aggregate is None else metadata.aggregate.value,
            "programId": metadata.program_id,
            "alternateCurrencyIdentifier": metadata.currency,
        }
    )
    if metadata.window is not None:
        window = {"windowType": metadata.window.value, "windowTimeUnit": WINDOW_UNIT, "windowValue": WINDOW_VALUE}
        shown["aggregateWindow"] = window
    elif metadata.window_given:
        shown["aggregateWindow"] = None
    return shown
