"""A target group as the vendor shows it: key for key in the order of S0, S1 and S3, without keys that have no value."""

from collections.abc import Iterable

from milepost.api.vendor.envelope import Json
from milepost.model.target import (
    Attribution,
    Author,
    CapScope,
    Combination,
    FreezeRule,
    Goal,
    Metadata,
    Period,
    StreakLevel,
    Target,
    TargetGroup,
    Trigger,
)
from milepost.rules.calendar import Calendar, nearest_second
from milepost.rules.metadata import WINDOW_UNIT, WINDOW_VALUE


def created_group(group: TargetGroup, calendar: Calendar, now: int) -> Json:
    """Give the answer to the creation of *group*, with statuses as of *now* (epoch microseconds)."""
    shown: Json = {
        "id": group.id,
        "name": group.name,
        "fromDate": group.valid_from,
        "toDate": group.valid_to,
        "active": group.active,
        "preferredTillId": group.preferred_till_id,
        "periods": [_period(period, group, calendar, now) for period in group.periods],
        "streaks": [_level(level, group, calendar) for level in group.streak_levels] or None,
        "totalPeriods": group.total_periods,
        "description": group.description,
        "targetEvaluationType": group.evaluation.value,
        "recurringCycles": group.recurring_cycles,
        "frequency": group.frequency,
        "targetCycleStartDate": calendar.glued(group.cycle_opens_at),
        "targetCycleEndDate": calendar.glued(group.cycle_closes_at),
        "targetCycleStartDateISO": calendar.iso(group.cycle_opens_at),
        "targetCycleEndDateISO": calendar.iso(group.cycle_closes_at),
        "frequencyType": None if group.frequency_kind is None else group.frequency_kind.value,
        "trackingType": group.tracking.value,
        "targets": [_target(target, group, calendar) for target in group.targets],
    }
    if group.combination is not None:
        shown["combinationType"] = "ANY" if group.combination.any_of else "ALL"
        shown["unifiedTargetExpression"] = _combination(group.combination, group.targets)
    shown["leaderboardEnabled"] = group.leaderboard
    shown["userCreated"] = group.user_created
    shown["timeZoneName"] = group.time_zone_name
    shown["capScope"] = None if group.cap_scope is CapScope.CUSTOMER else group.cap_scope.value
    shown["streakFreezes"] = None if group.freezes is None else _freezes(group.freezes)
    return _given(shown)


def rule_row(group: TargetGroup, target: Target, calendar: Calendar) -> Json:
    """Give a target as the list of a customer's enrolled targets shows it (S3)."""
    shown: Json = {
        "id": target.id,
        "attribution": attribution(group.attribution, calendar),
        "name": target.name,
        "emfRuleSetId": target.rule_set_id,
        "emfUnrolledRulesetId": target.unrolled_rule_set_id,
        "targetType": target.kpi.value,
        "targetEntity": target.entity.value,
        "targetGroupId": group.id,
        "description": target.description,
        "active": target.active,
    }
    # The map is there and empty in every published row.
    return _given(shown | _rule(target) | {"targetPeriodDefaultValuesMap": {}})


def attribution(made: Attribution, calendar: Calendar) -> Json:
    """Give who made something and when, as reads show it: to the nearest second (semantics 2.8)."""
    return _attribution(made, nearest_second(made.created_at), nearest_second(made.updated_at), calendar)


def period_status(period: Period, now: int) -> str:
    """Give where *now* lies to *period*."""
    if now < period.opens_at:
        return "NOT_STARTED"
    return "RUNNING" if now < period.closes_at else "ENDED"


def _attribution(made: Attribution, created_at: int, updated_at: int, calendar: Calendar) -> Json:
    return {
        "createdOn": calendar.stamp(created_at),
        "createdOnISO": calendar.iso(created_at),
        "lastUpdatedOn": calendar.stamp(updated_at),
        "lastUpdatedOnISO": calendar.iso(updated_at),
        "lastUpdatedBy": _author(made.updated_by),
        "createdBy": _author(made.created_by),
    }


def _author(author: Author) -> Json:
    return {
        "id": author.id,
        "code": author.code,
        "description": author.description,
        "name": author.name,
        "type": author.kind,
    }


def _period(period: Period, group: TargetGroup, calendar: Calendar, now: int) -> Json:
    return _given(
        {
            "id": period.id,
            "attribution": attribution(group.attribution, calendar),
            "startDate": period.starts_on,
            "endDate": period.ends_on,
            "refCode": period.ref_code,
            "periodStatus": period_status(period, now),
            "targetGroupId": group.id,
            "description": period.description,
            "active": period.active,
        }
    )


def _level(level: StreakLevel, group: TargetGroup, calendar: Calendar) -> Json:
    return {
        "id": level.id,
        "attribution": attribution(group.attribution, calendar),
        "targetGroupId": group.id,
        "name": level.name,
        "targetCountOfSequence": level.count,
    }


def _freezes(rule: FreezeRule) -> Json:
    return _given({"max": rule.most, "earnEvery": rule.earn_every})


def _target(target: Target, group: TargetGroup, calendar: Calendar) -> Json:
    """Give a target as its creation shows it: with real milliseconds (semantics 2.8)."""
    made = group.attribution
    shown: Json = {
        "id": target.id,
        "attribution": _attribution(made, made.created_at, made.updated_at, calendar),
        "name": target.name,
        "emfRuleSetId": target.rule_set_id,
        "emfUnrolledRulesetId": target.unrolled_rule_set_id,
        "targetType": target.kpi.value,
        "targetEntity": target.entity.value,
        "eventName": target.event_name,
        "targetGroupId": group.id,
        "description": target.description,
        "active": target.active,
    }
    shown |= _rule(target)
    shown["defaultValues"] = [_goal(goal) for goal in target.goals]
    shown["targetPeriodDefaultValuesMap"] = {str(goal.period_id): _goal(goal) for goal in target.goals}
    shown["extendedFieldInfo"] = None if target.metadata is None else _metadata(target.metadata)
    shown["targetMilestoneTriggers"] = [_trigger(trigger, target) for trigger in target.triggers] or None
    return _given(shown)


def _rule(target: Target) -> Json:
    """Give the part of a target that says what counts and for whom."""
    filters = (
        None
        if target.filters is None
        else [
            {"entityType": restriction.kind.value, "entityIds": list(restriction.ids)} for restriction in target.filters
        ]
    )
    return {
        "expression": target.expression,
        "expressionJson": target.expression_tree,
        "filters": filters,
        "enrolmentMethod": target.enrolment.value,
    }


def _goal(goal: Goal) -> Json:
    return {"id": goal.id, "periodId": goal.period_id, "defaultValue": goal.value}


def _metadata(metadata: Metadata) -> Json:
    shown = _given(
        {
            "programId": metadata.program_id,
            "alternateCurrencyIdentifier": metadata.currency,
            "name": metadata.name,
            "aggregateFunction": None if metadata.aggregate is None else metadata.aggregate.value,
        }
    )
    if metadata.window is not None:
        shown["aggregateWindow"] = {
            "windowType": metadata.window.value,
            "windowTimeUnit": WINDOW_UNIT,
            "windowValue": WINDOW_VALUE,
        }
    elif metadata.window_given:
        shown["aggregateWindow"] = None
    return shown


def _trigger(trigger: Trigger, target: Target) -> Json:
    return {
        "id": trigger.id,
        "triggerName": trigger.name,
        "isActive": trigger.active,
        "triggerType": trigger.kind,
        "triggerValueType": trigger.value_kind.value,
        "triggerValue": trigger.value,
        "targetRuleId": target.id,
    }


def _combination(combination: Combination, targets: Iterable[Target]) -> Json:
    """Give how targets are taken together; the rule names the active ones in the order of their ids (semantics 2.6)."""
    joined = " | " if combination.any_of else " & "
    ids = sorted(target.id for target in targets if target.active)
    shown: Json = {
        "aggregation": None if combination.aggregation is None else combination.aggregation.value,
        "thresholdValue": combination.threshold,
        "ruleExpression": f"({joined.join(map(str, ids))})",
    }
    if combination.least is not None:
        shown["minTargetsToAchieve"] = combination.least
    return shown


def _given(shown: Json) -> Json:
    """Leave out what was not given."""
    return {key: value for key, value in shown.items() if value is not None}
