"""Definitions as reads and edits answer them, as the document tells it; `reads` and the routes write them."""

from msgspec import UNSET, Struct, UnsetType, field

from milepost.api.capillary.answer import (
    AttributionShape,
    CombinationShape,
    LevelShape,
    PeriodShape,
    TargetShape,
    WarningShape,
)
from milepost.model.communication import CommunicationKind
from milepost.model.target import Evaluation, Frequency, Tracking


class ReadGroupShape(Struct, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """A target group as it is in force; keys without a value are left out.

    Whether periods, targets, `createdOn` and `orgId` are there follows from what was asked.
    """

    id: int
    attribution: AttributionShape
    name: str
    from_date: str | UnsetType = UNSET
    to_date: str | UnsetType = UNSET
    active: bool
    preferred_till_id: int
    periods: list[PeriodShape] | UnsetType = UNSET
    streaks: list[LevelShape] | UnsetType = UNSET
    active_period: PeriodShape | UnsetType = UNSET
    total_periods: int
    description: str | UnsetType = UNSET
    target_evaluation_type: Evaluation
    recurring_cycles: int
    frequency: int
    target_cycle_start_date: str
    target_cycle_end_date: str
    target_cycle_start_date_iso: str = field(name="targetCycleStartDateISO")
    target_cycle_end_date_iso: str = field(name="targetCycleEndDateISO")
    frequency_type: Frequency
    tracking_type: Tracking
    targets: list[TargetShape] | UnsetType = UNSET
    combination_type: str | UnsetType = UNSET
    unified_target_expression: CombinationShape | UnsetType = UNSET
    leaderboard_enabled: bool
    user_created: bool
    time_zone_name: str | UnsetType = UNSET
    cap_scope: str | UnsetType = UNSET
    streak_freezes: dict[str, int] | UnsetType = UNSET
    created_on: int | UnsetType = UNSET
    org_id: int | UnsetType = UNSET


class UnifiedShape(Struct, forbid_unknown_fields=True, rename="camel"):
    """A unified group after its change, with those of its targets that were sent."""

    unified_target_expression: CombinationShape
    targets: list[TargetShape]
    deactivate_target_ids: list[int]


class CommunicationChannelShape(Struct, forbid_unknown_fields=True):
    """A way to reach a customer."""

    id: int
    name: str


class CommunicationShape(Struct, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """A text about a target."""

    id: int
    attribution: AttributionShape
    target_id: int
    target_group_id: int
    communication_type: CommunicationKind
    channel_id: int
    subject_template: str | UnsetType = UNSET
    message_template: str
    sender: str | UnsetType = UNSET
    offset_days: int | UnsetType = UNSET
    active: bool
    configs: list[None] | UnsetType = UNSET


class PaginationShape(Struct, forbid_unknown_fields=True):
    """Which page this is: `offset` counts pages from 0, `total` all that was found."""

    limit: int
    offset: int
    total: int


class MilestonePageShape(Struct, forbid_unknown_fields=True):
    """A page of milestones, newest first."""

    pagination: PaginationShape
    data: list[ReadGroupShape]
    errors: list[None]
    warnings: list[WarningShape]
