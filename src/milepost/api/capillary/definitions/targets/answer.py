"""A target as the vendor's API answers it: key for key in the order of S0, S1 and S3, without keys that have no value.

The answer to a creation shows stamps to the millisecond, a read to the second.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from msgspec import UNSET, UnsetType

from milepost.api.capillary.answer import AnswerStruct, AttributionAnswer, attributed_at, attribution, given
from milepost.api.http.body import Number, NumberOrNull
from milepost.model.target import (
    AggregateFunction,
    AudienceFilter,
    Combination,
    EnrolmentMethod,
    Entity,
    FilterKind,
    Goal,
    Kpi,
    Metadata,
    Target,
    TargetGroup,
    Trigger,
    TriggerValueKind,
)
from milepost.rules.calendar import Calendar
from milepost.rules.definition.metadata import WINDOW_UNIT, WINDOW_VALUE
from milepost.rules.edits.authorship import attribution_of


class FilterAnswer(AnswerStruct):
    """A restriction to places; no ids means none."""

    entity_type: FilterKind
    entity_ids: list[int]


class GoalAnswer(AnswerStruct):
    """The goal of a period."""

    id: int
    period_id: int
    default_value: Number


class TriggerAnswer(AnswerStruct):
    """A mark on the way to the goal."""

    id: int
    trigger_name: str
    is_active: bool
    trigger_type: str
    trigger_value_type: TriggerValueKind
    trigger_value: Number
    target_rule_id: int


class AudienceFilterAnswer(AnswerStruct):
    """An audience group whose members take part, in one of its versions."""

    audience_group_id: int
    version_id: int
    audience_filter_meta_id: int
    last_updated_on: str


class TargetAnswer(AnswerStruct, kw_only=True):
    """A target, in a group or in the list of a customer's enrolled targets; the latter has no values of periods."""

    id: int
    attribution: AttributionAnswer
    name: str
    emf_rule_set_id: int | UnsetType = UNSET
    emf_unrolled_ruleset_id: int | UnsetType = UNSET
    target_type: Kpi
    target_entity: Entity
    event_name: str | UnsetType = UNSET
    target_group_id: int
    description: str | UnsetType = UNSET
    active: bool
    expression: str
    expression_json: str | UnsetType = UNSET
    filters: list[FilterAnswer] | UnsetType = UNSET
    enrolment_method: EnrolmentMethod
    target_audience_filter: list[AudienceFilterAnswer] | UnsetType = UNSET
    default_values: list[GoalAnswer] | UnsetType = UNSET
    target_period_default_values_map: dict[str, GoalAnswer]
    extended_field_info: dict[str, Any] | UnsetType = UNSET
    target_milestone_triggers: list[TriggerAnswer] | UnsetType = UNSET


class CombinationAnswer(AnswerStruct, kw_only=True):
    """How the targets of a unified group are taken together."""

    aggregation: AggregateFunction | None
    threshold_value: NumberOrNull
    rule_expression: str
    min_targets_to_achieve: int | UnsetType = UNSET


class UnifiedTargetsAnswer(AnswerStruct):
    """A unified group after its change, with those of its targets that were sent."""

    unified_target_expression: CombinationAnswer
    targets: list[TargetAnswer]
    deactivate_target_ids: list[int]


def created_target(target: Target, group: TargetGroup, calendar: Calendar) -> TargetAnswer:
    """Return a target as its creation shows it: with real milliseconds, without triggers if it has none (facts 2.8)."""
    made = attribution_of(group, target)
    attributed = attributed_at(made, made.created_at, made.updated_at, calendar)
    return _target(target, group, attributed, calendar, given(_triggers(target) or None))


def target_answer(target: Target, group: TargetGroup, calendar: Calendar) -> TargetAnswer:
    """Return a target as reads show it: to the second, and with a list of triggers however short (facts 2.3).

    The targets of a stopped group are shown inactive (facts 8 #94).
    """
    attributed = attribution(attribution_of(group, target), calendar)
    in_force = replace(target, active=target.active and group.active)
    return _target(in_force, group, attributed, calendar, _triggers(target))


def enrolled_target(target: Target, group: TargetGroup, calendar: Calendar) -> TargetAnswer:
    """Return a target as the list of a customer's enrolled targets shows it (S3)."""
    return TargetAnswer(
        id=target.id,
        attribution=attribution(attribution_of(group, target), calendar),
        name=target.name,
        emf_rule_set_id=given(target.rule_set_id),
        emf_unrolled_ruleset_id=given(target.unrolled_rule_set_id),
        target_type=target.kpi,
        target_entity=target.entity,
        target_group_id=group.id,
        description=given(target.description),
        active=target.active,
        expression=target.expression,
        expression_json=given(target.expression_tree),
        filters=_filters(target),
        enrolment_method=target.enrolment,
        target_audience_filter=_audiences(target, calendar),
        # The map is there and empty in every published row.
        target_period_default_values_map={},
    )


def combination_answer(combination: Combination, targets: Iterable[Target]) -> CombinationAnswer:
    """Return how targets are taken together; the rule names the active ones in the order of their ids (facts 2.6)."""
    operator = " | " if combination.any_of else " & "
    ids = sorted(target.id for target in targets if target.active)
    return CombinationAnswer(
        aggregation=combination.aggregation,
        threshold_value=combination.threshold,
        rule_expression=f"({operator.join(map(str, ids))})",
        min_targets_to_achieve=given(combination.least),
    )


def _target(
    target: Target,
    group: TargetGroup,
    attributed: AttributionAnswer,
    calendar: Calendar,
    triggers: list[TriggerAnswer] | UnsetType,
) -> TargetAnswer:
    return TargetAnswer(
        id=target.id,
        attribution=attributed,
        name=target.name,
        emf_rule_set_id=given(target.rule_set_id),
        emf_unrolled_ruleset_id=given(target.unrolled_rule_set_id),
        target_type=target.kpi,
        target_entity=target.entity,
        event_name=target.event_name,
        target_group_id=group.id,
        description=given(target.description),
        active=target.active,
        expression=target.expression,
        expression_json=given(target.expression_tree),
        filters=_filters(target),
        enrolment_method=target.enrolment,
        target_audience_filter=_audiences(target, calendar),
        default_values=[_goal(goal) for goal in target.goals],
        target_period_default_values_map={str(goal.period_id): _goal(goal) for goal in target.goals},
        extended_field_info=UNSET if target.metadata is None else _metadata(target.metadata),
        target_milestone_triggers=triggers,
    )


def _filters(target: Target) -> list[FilterAnswer] | UnsetType:
    if target.filters is None:
        return UNSET
    return [
        FilterAnswer(entity_type=filter_.kind, entity_ids=list(filter_.sent_ids or filter_.ids))
        for filter_ in target.filters
    ]


def _audiences(target: Target, calendar: Calendar) -> list[AudienceFilterAnswer] | UnsetType:
    return [_audience(chosen, target, calendar) for chosen in target.audiences] or UNSET


def _audience(chosen: AudienceFilter, target: Target, calendar: Calendar) -> AudienceFilterAnswer:
    """Return an audience whose members take part; the filter has no id but its target's."""
    return AudienceFilterAnswer(
        audience_group_id=chosen.audience_id,
        version_id=chosen.version_id,
        audience_filter_meta_id=target.id,
        last_updated_on=calendar.stamp(chosen.updated_at),
    )


def _goal(goal: Goal) -> GoalAnswer:
    return GoalAnswer(id=goal.id, period_id=goal.period_id, default_value=goal.value)


def _metadata(metadata: Metadata) -> dict[str, Any]:
    """Return what a measure needs besides its type; an aggregate window of null comes back as null."""
    fields = {
        "programId": metadata.program_id,
        "alternateCurrencyIdentifier": metadata.currency,
        "name": metadata.name,
        "aggregateFunction": metadata.aggregate,
    }
    shown: dict[str, Any] = {name: value for name, value in fields.items() if value is not None}
    if metadata.window is not None:
        shown["aggregateWindow"] = {
            "windowType": metadata.window,
            "windowTimeUnit": WINDOW_UNIT,
            "windowValue": WINDOW_VALUE,
        }
    elif metadata.window_given:
        shown["aggregateWindow"] = None
    return shown


def _triggers(target: Target) -> list[TriggerAnswer]:
    return [_trigger(trigger, target) for trigger in target.triggers]


def _trigger(trigger: Trigger, target: Target) -> TriggerAnswer:
    return TriggerAnswer(
        id=trigger.id,
        trigger_name=trigger.name,
        is_active=trigger.active,
        trigger_type=trigger.kind,
        trigger_value_type=trigger.value_kind,
        trigger_value=trigger.value,
        target_rule_id=target.id,
    )
