"""A target group as the vendor shows it: key for key in the order of S0, S1 and S3, without keys that have no value."""

from collections.abc import Iterable

from milepost.api.capillary.envelope import Json
from milepost.model.target import (
    Attribution,
    AudienceFilter,
    Author,
    CapScope,
    Combination,
    Goal,
    Metadata,
    Period,
    StreakLevel,
    Target,
    TargetGroup,
    Trigger,
)
from milepost.rules.calendar import Calendar, nearest_second
from milepost.rules.definition.metadata import WINDOW_UNIT, WINDOW_VALUE
from milepost.rules.edits.authorship import attribution_of, creation_of
from milepost.rules.edits.period_edits import status_of


def created_group(group: TargetGroup, calendar: Calendar, now: int) -> Json:
    """Return the answer to the creation of *group*, with statuses as of *now* (epoch microseconds)."""
    shown: Json = {
        "id": group.id,
        "name": group.name,
        "fromDate": group.valid_from,
        "toDate": group.valid_to,
        "active": group.active,
        "preferredTillId": group.preferred_till_id,
        "periods": [period_row(period, group, calendar, now) for period in group.periods],
        "streaks": [level_row(level, group, calendar) for level in group.streak_levels] or None,
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
        "targets": [created_target(target, group, calendar) for target in group.targets],
    }
    if group.combination is not None:
        shown["combinationType"] = "ANY" if group.combination.any_of else "ALL"
        shown["unifiedTargetExpression"] = combination_row(group.combination, group.targets)
    shown["leaderboardEnabled"] = group.leaderboard
    shown["userCreated"] = group.user_created
    shown["timeZoneName"] = group.time_zone_name
    return given(shown | own_words(group))


def rule_row(group: TargetGroup, target: Target, calendar: Calendar) -> Json:
    """Return a target as the list of a customer's enrolled targets shows it (S3)."""
    shown: Json = {
        "id": target.id,
        "attribution": attribution(attribution_of(group, target), calendar),
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
    return given(shown | _rule(target, calendar) | {"targetPeriodDefaultValuesMap": {}})


def attribution(made: Attribution, calendar: Calendar) -> Json:
    """Return who made something and when, as reads show it: to the nearest second (facts 2.8)."""
    return _attribution(made, nearest_second(made.created_at), nearest_second(made.updated_at), calendar)


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


def period_row(period: Period, group: TargetGroup, calendar: Calendar, now: int) -> Json:
    """Return a period of *group* with its status as of *now* (epoch microseconds)."""
    return given(
        {
            "id": period.id,
            "attribution": attribution(attribution_of(group, period), calendar),
            "startDate": period.starts_on,
            "endDate": period.ends_on,
            "refCode": period.ref_code,
            "periodStatus": status_of(period, now).value,
            "targetGroupId": group.id,
            "description": period.description,
            "active": period.active,
        }
    )


def level_row(level: StreakLevel, group: TargetGroup, calendar: Calendar) -> Json:
    """Return a streak level of *group*; levels do not change."""
    return {
        "id": level.id,
        "attribution": attribution(creation_of(group), calendar),
        "targetGroupId": group.id,
        "name": level.name,
        "targetCountOfSequence": level.count,
    }


def own_words(group: TargetGroup) -> Json:
    """Return what a group says in words that the vendor does not have; None where it says nothing."""
    freezes = group.freezes
    return {
        "capScope": None if group.cap_scope is CapScope.CUSTOMER else group.cap_scope.value,
        "streakFreezes": None if freezes is None else given({"max": freezes.most, "earnEvery": freezes.earn_every}),
    }


def created_target(target: Target, group: TargetGroup, calendar: Calendar) -> Json:
    """Return a target as its creation shows it: with real milliseconds, without triggers if it has none (facts 2.8)."""
    made = attribution_of(group, target)
    shown = _target(target, group, _attribution(made, made.created_at, made.updated_at, calendar), calendar)
    return given(shown | {"targetMilestoneTriggers": shown["targetMilestoneTriggers"] or None})


def target_row(target: Target, group: TargetGroup, calendar: Calendar) -> Json:
    """Return a target as reads show it: to the second, and with a list of triggers however short (facts 2.3)."""
    return given(_target(target, group, attribution(attribution_of(group, target), calendar), calendar))


def _target(target: Target, group: TargetGroup, made: Json, calendar: Calendar) -> Json:
    shown: Json = {
        "id": target.id,
        "attribution": made,
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
    shown |= _rule(target, calendar)
    shown["defaultValues"] = [_goal(goal) for goal in target.goals]
    shown["targetPeriodDefaultValuesMap"] = {str(goal.period_id): _goal(goal) for goal in target.goals}
    shown["extendedFieldInfo"] = None if target.metadata is None else _metadata(target.metadata)
    shown["targetMilestoneTriggers"] = [_trigger(trigger, target) for trigger in target.triggers]
    return shown


def _rule(target: Target, calendar: Calendar) -> Json:
    """Return the part of a target that says what counts and for whom."""
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
        "targetAudienceFilter": [_audience(one, target, calendar) for one in target.audiences] or None,
    }


def _audience(chosen: AudienceFilter, target: Target, calendar: Calendar) -> Json:
    """Return an audience whose members take part; the filter has no id but its target's."""
    return {
        "audienceGroupId": chosen.audience_id,
        "versionId": chosen.version_id,
        "audienceFilterMetaId": target.id,
        "lastUpdatedOn": calendar.stamp(chosen.updated_at),
    }


def _goal(goal: Goal) -> Json:
    return {"id": goal.id, "periodId": goal.period_id, "defaultValue": goal.value}


def _metadata(metadata: Metadata) -> Json:
    shown = given(
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


def combination_row(combination: Combination, targets: Iterable[Target]) -> Json:
    """Return how targets are taken together; the rule names the active ones in the order of their ids (facts 2.6)."""
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


def given(shown: Json) -> Json:
    """Leave out what was not given."""
    return {key: value for key, value in shown.items() if value is not None}
