"""Payloads in the vendor's style: the keys and types that are published (docs/compatibility.md).

Figures are text with three decimals; what an event added is plain text and stays positive for a return.
"""

from collections.abc import Mapping

from milepost.model.delivery.outcome_type import OutcomeType
from milepost.model.target import AggregateFunction, Target, TargetGroup
from milepost.model.time import Micros
from milepost.rules.compiled.composites import STREAKING
from milepost.service.delivery.payloads.context import MessageContext, amount_text
from milepost.service.delivery.payloads.happenings import Happening
from milepost.service.delivery.payloads.vendor_parts import (
    CALLS,
    Builder,
    Json,
    calendar_for,
    figure,
    goal_units,
    identifiers_of,
    target_details,
    transaction_ids,
    triggering_activity,
)
from milepost.service.delivery.payloads.vendor_streaks import (
    streak_ended,
    streak_enrolment,
    streak_level,
    streak_started,
)
from milepost.service.snapshot.vendor_types import VENDOR_TYPES

MILLISECOND_US = 1_000


def vendor_name(context: MessageContext, happening: Happening) -> str | None:
    """Return the vendor's name for *happening*; None if the vendor has no such event."""
    names = [name for name, type_ in VENDOR_TYPES.items() if type_ is happening.type]
    group = context.group(happening)
    is_streak = group is not None and group.tracking in STREAKING
    match happening.type:
        case OutcomeType.TARGET_ENROLLED:
            return "streakCustomerEnrolment" if is_streak else "targetCustomerEnrolment"
        case OutcomeType.TARGET_UNENROLLED:
            return "streakCustomerUnEnrolment" if is_streak else None
        case _:
            return names[0] if names else None


def vendor_data(context: MessageContext, happening: Happening, name: str) -> Json | None:
    """Return `data` of the event called *name*; None if the definition of its group is gone."""
    group, target = context.group(happening), context.target(happening)
    if group is None:
        return None
    shared = {"customerIdentifiers": identifiers_of(context), "triggeringActivity": triggering_activity(context)}
    if target is None:
        return shared | _unified(context, happening, group)
    return shared | _BUILDERS[name](context, happening, group, target)


def _amount(context: MessageContext, happening: Happening) -> str:
    """Return what the event added, as plain text without a sign."""
    amount = happening.amount
    if happening.type is not OutcomeType.TARGET_VALUE_CHANGED:
        amount = context.added.get((happening.target_id, happening.period_id), 0)
    return amount_text(abs(amount))


def _value_event(context: MessageContext, happening: Happening, group: TargetGroup, target: Target) -> Json:
    return {
        "targetDetails": target_details(context, happening, group, target),
        "currentEventTargetValue": _amount(context, happening),
        "achievedTargetValue": figure(happening.value),
        "definedTargetValue": figure(goal_units(context, happening, target)),
        **transaction_ids(context),
    }


def _value_updated(context: MessageContext, happening: Happening, group: TargetGroup, target: Target) -> Json:
    return _value_event(context, happening, group, target) | {
        "milestoneDetails": _milestones(context, happening, target)
    }


def _milestones(context: MessageContext, happening: Happening, target: Target) -> list[Json]:
    goal, calendar = goal_units(context, happening, target), calendar_for(context, target)
    details = []
    for trigger in (trigger for trigger in target.triggers if trigger.active):
        least = context.mark(target, trigger.id, goal)
        reached_at = None if least is None else context.reached_at(target.id, happening.period_id, least)
        details.append(
            {
                "id": trigger.id,
                "name": trigger.name,
                "valueType": trigger.value_kind.value,
                "definedValue": figure(least),
                "achievedDate": "" if reached_at is None else calendar.stamp(reached_at),
            }
        )
    return details


def _period_completed(context: MessageContext, happening: Happening, group: TargetGroup, target: Target) -> Json:
    return {
        "targetDetails": target_details(context, happening, group, target),
        "achievedTargetValue": figure(happening.value),
        "definedTargetValue": figure(goal_units(context, happening, target)),
        "milestoneDetails": _milestones(context, happening, target),
    }


def _goal_changed(context: MessageContext, happening: Happening, group: TargetGroup, target: Target) -> Json:
    progress = context.progress(target.id, happening.period_id)
    return {
        "targetDetails": target_details(context, happening, group, target),
        "achievedTargetValue": figure(None if progress is None else progress.value),
        "definedTargetValue": figure(happening.amount),
    }


def _period_started(context: MessageContext, happening: Happening, group: TargetGroup, target: Target) -> Json:
    return {
        "targetDetails": target_details(context, happening, group, target),
        "definedTargetValue": figure(goal_units(context, happening, target)),
    }


def _enrolled(context: MessageContext, happening: Happening, group: TargetGroup, target: Target) -> Json:
    period, calendar = context.period(happening), calendar_for(context, target)
    seen = None if period is None else context.customer_period(group, target, period.id)
    span = None if seen is None else seen.span
    return {
        "defaultTargetValue": figure(goal_units(context, happening, target)),
        "targetId": target.id,
        "targetName": target.name,
        "targetGroupId": group.id,
        "targetGroupName": group.name,
        "source": CALLS.get(context.event.name, context.event.name),
        "targetPeriodId": happening.period_id,
        "targetPeriodName": "" if period is None else period.ref_code,
        "targetPeriodStartDate": "" if span is None else calendar.stamp(span.opens_at),
        "targetCycleStartDate": calendar.stamp(group.cycle_opens_at),
        "description": target.description or "",
        "milestoneDetails": _milestones(context, happening, target),
    }


def _unified(context: MessageContext, happening: Happening, group: TargetGroup) -> Json:
    combination, period = group.combination, context.period(happening)
    any_of = combination is not None and combination.any_of
    aggregation = None if combination is None else combination.aggregation
    threshold = None if combination is None else combination.threshold
    active = [target for target in group.targets if target.active]
    return {
        "unifiedTargetGroupDetails": {
            "targetGroupId": group.id,
            "targetGroupName": group.name,
            "unifiedTargetsAchievementCondition": {
                "combinationType": "ANY" if any_of else "ALL",
                "aggregation": "" if aggregation is None else AggregateFunction(aggregation).value,
                "thresholdValue": "" if threshold is None else f"{threshold:.3f}",
                "ruleExpression": (" || " if any_of else " && ").join(str(target.id) for target in active),
            },
        },
        "targetData": [
            {
                "targetId": target.id,
                "targetName": target.name,
                "description": target.description or "",
                "targetPeriodId": happening.period_id,
                "targetPeriodName": "" if period is None else period.ref_code,
                "achievedTargetValue": figure(_value(context, target, happening.period_id)),
                "definedTargetValue": figure(context.goal(target.id, happening.period_id)),
            }
            for target in active
        ],
        "transactionId": transaction_ids(context)["transactionId"],
    }


def _value(context: MessageContext, target: Target, period_id: int) -> int | None:
    progress = context.progress(target.id, period_id)
    return None if progress is None else progress.value


_BUILDERS: Mapping[str, Builder] = {
    "targetAchievedValueUpdated": _value_updated,
    "targetValueAchieved": _value_event,
    "targetPeriodCompleted": _period_completed,
    "targetValueUpdated": _goal_changed,
    "targetPeriodStarted": _period_started,
    "targetCustomerEnrolment": _enrolled,
    "streakLevelAchieved": streak_level,
    "streakLevelUnAchieved": streak_level,
    "streakCustomerEnrolment": streak_enrolment("streakEnrolmentData", "Enrolled"),
    "streakCustomerUnEnrolment": streak_enrolment("streakUnEnrolmentData", "UnEnrolled"),
    "streakStart": streak_started,
    "streakEnd": streak_ended,
}


def flat(context: MessageContext, name: str, message_id: str, data: Json) -> Json:
    """Return the vendor's envelope around *data*."""
    org_id = context.customer_key.org_id
    return {
        "eventName": name,
        "eventId": message_id,
        "orgId": org_id,
        "refId": f"{org_id}_{context.request_id}",
        "apiRequestId": context.request_id,
        "createdAt": context.event.received_at // MILLISECOND_US,
        "loyaltyEventId": str(context.event.key.log_id),
        "data": data,
    }


def enriched(body: Json, at: Micros) -> Json:
    """Return the vendor's enriched envelope around a flat one; *at* is in epoch microseconds."""
    attributes = {key: body[key] for key in ("createdAt", "data", "eventName", "refId", "apiRequestId", "orgId")}
    return {
        "eventId": body["eventId"],
        "eventType": body["eventName"],
        "consumerGroupId": f"milepost_{body['orgId']}",
        "actionType": "NOTIFY",
        "timeStamp": at // MILLISECOND_US,
        "attributes": attributes,
    }
