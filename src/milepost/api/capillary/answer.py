"""What the vendor's face answers, as the document tells it.

Answers are written by `rendering`, `user_rows` and the routes; tests read real and published ones by these shapes.
"""

from typing import Any, Generic, TypeVar

from msgspec import UNSET, Struct, UnsetType, field

from milepost.api.capillary.v2.transactions.answer import EffectShape
from milepost.api.http.body import Number, NumberOrNull
from milepost.model.target import (
    AggregateFunction,
    CapScope,
    EnrolmentMethod,
    Entity,
    Evaluation,
    FilterKind,
    Frequency,
    Kpi,
    Tracking,
    TriggerValueKind,
)

Held = TypeVar("Held")


class WarningShape(Struct, forbid_unknown_fields=True):
    """Something to know although all went well."""

    code: int | None
    message: str


class ErrorShape(Struct, forbid_unknown_fields=True):
    """Something that is wrong with a request, with the vendor's code."""

    code: int
    message: str


class Envelope(Struct, Generic[Held], forbid_unknown_fields=True):
    """What went well."""

    data: Held
    errors: None
    warnings: list[WarningShape] | None


class Failure(Struct, forbid_unknown_fields=True):
    """What was refused, with every problem of it."""

    data: None
    errors: list[ErrorShape]
    warnings: None


class AuthorShape(Struct, forbid_unknown_fields=True):
    """A till, a key or a person; of some only the id is told."""

    id: int | None
    code: str | None
    description: str | None
    name: str | None
    type: str | None


class AttributionShape(Struct, forbid_unknown_fields=True, rename="camel"):
    """When and by whom something was made and last changed."""

    created_on: str
    created_on_iso: str = field(name="createdOnISO")
    last_updated_on: str
    last_updated_on_iso: str = field(name="lastUpdatedOnISO")
    last_updated_by: AuthorShape
    created_by: AuthorShape


class ChangedPeriodShape(Struct, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """A period as its change shows it: without a status."""

    id: int
    attribution: AttributionShape
    start_date: str
    end_date: str
    ref_code: str
    target_group_id: int
    description: str | UnsetType = UNSET
    active: bool


class PeriodShape(ChangedPeriodShape, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """A period of a group; its status follows from its dates."""

    period_status: str


class FilterShape(Struct, forbid_unknown_fields=True, rename="camel"):
    """A restriction to places; no ids means none."""

    entity_type: FilterKind
    entity_ids: list[int]


class GoalShape(Struct, forbid_unknown_fields=True, rename="camel"):
    """The goal of a period."""

    id: int
    period_id: int
    default_value: Number


class TriggerShape(Struct, forbid_unknown_fields=True, rename="camel"):
    """A mark on the way to the goal."""

    id: int
    trigger_name: str
    is_active: bool
    trigger_type: str
    trigger_value_type: TriggerValueKind
    trigger_value: Number
    target_rule_id: int


class AudienceShape(Struct, forbid_unknown_fields=True, rename="camel"):
    """An audience group whose members take part, in one of its versions."""

    audience_group_id: int
    version_id: int
    audience_filter_meta_id: int
    last_updated_on: str


class TargetShape(Struct, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """A target, in a group or in the list of a customer's enrolled targets; the latter has no values of periods."""

    id: int
    attribution: AttributionShape
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
    filters: list[FilterShape] | UnsetType = UNSET
    enrolment_method: EnrolmentMethod
    target_audience_filter: list[AudienceShape] | UnsetType = UNSET
    default_values: list[GoalShape] | UnsetType = UNSET
    target_period_default_values_map: dict[str, GoalShape]
    extended_field_info: dict[str, Any] | UnsetType = UNSET
    target_milestone_triggers: list[TriggerShape] | UnsetType = UNSET


class EnrolledTargets(Struct, forbid_unknown_fields=True):
    """The targets that a customer takes part in."""

    data: list[TargetShape]
    errors: None
    warnings: list[WarningShape] | None


class LevelShape(Struct, forbid_unknown_fields=True, rename="camel"):
    """A streak level."""

    id: int
    attribution: AttributionShape
    target_group_id: int
    name: str
    target_count_of_sequence: int


class CombinationShape(Struct, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """How targets are taken together."""

    aggregation: AggregateFunction | None
    threshold_value: NumberOrNull
    rule_expression: str
    min_targets_to_achieve: int | UnsetType = UNSET


class FreezesShape(Struct, forbid_unknown_fields=True, rename="camel"):
    """How a streak's freezes come; a word of our own."""

    max: int
    earn_every: int | UnsetType = UNSET


class GroupShape(Struct, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """A target group as its creation shows it; keys without a value are left out."""

    id: int
    name: str
    from_date: str | UnsetType = UNSET
    to_date: str | UnsetType = UNSET
    active: bool
    preferred_till_id: int
    periods: list[PeriodShape]
    streaks: list[LevelShape] | UnsetType = UNSET
    total_periods: int
    description: str | UnsetType = UNSET
    target_evaluation_type: Evaluation
    recurring_cycles: int | UnsetType = UNSET
    frequency: int | UnsetType = UNSET
    target_cycle_start_date: str
    target_cycle_end_date: str
    target_cycle_start_date_iso: str = field(name="targetCycleStartDateISO")
    target_cycle_end_date_iso: str = field(name="targetCycleEndDateISO")
    frequency_type: Frequency | UnsetType = UNSET
    tracking_type: Tracking
    targets: list[TargetShape]
    combination_type: str | UnsetType = UNSET
    unified_target_expression: CombinationShape | UnsetType = UNSET
    leaderboard_enabled: bool
    user_created: bool
    time_zone_name: str | UnsetType = UNSET
    cap_scope: CapScope | UnsetType = UNSET
    streak_freezes: FreezesShape | UnsetType = UNSET


class TokenShape(Struct, forbid_unknown_fields=True, rename="camel"):
    """An access token and how long it lives."""

    access_token: str
    ttl_seconds: int


class AcceptedShape(Struct, forbid_unknown_fields=True):
    """That an event was received."""

    code: int
    message: str


class WebhookAnswer(Struct, forbid_unknown_fields=True, rename="camel"):
    """What became of an event that came by a webhook."""

    status: AcceptedShape
    request_id: str


class BillError(Struct, forbid_unknown_fields=True):
    """Something that is wrong with a bill."""

    status: bool
    code: int
    message: str


class TransactionAnswer(Struct, forbid_unknown_fields=True, rename="camel"):
    """What became of a bill or return; `createdId` is null when it was refused."""

    created_id: int | None
    warnings: list[Any]
    errors: list[BillError]
    side_effects: list[EffectShape]
    loyalty_details: list[Any]
    customer_info: dict[str, Any]


class BulkItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """What became of one of several transactions, with what was sent; `entityId` is null when it was refused."""

    entity_id: int | None
    result: Any
    errors: list[BillError]
    warnings: list[Any]
    side_effects: list[EffectShape] | UnsetType = UNSET


class BulkAnswer(Struct, forbid_unknown_fields=True, rename="camel"):
    """What became of each transaction, in order."""

    response: list[BulkItem]
    total_count: int
    failure_count: int


class CustomerAnswer(Struct, forbid_unknown_fields=True, rename="camel"):
    """What became of a registration."""

    created_id: int
    warnings: list[BillError]
    side_effects: list[Any]
