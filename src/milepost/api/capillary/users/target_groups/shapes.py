"""What a customer's view looks like, as the document tells it (S4); `user_rows` writes it."""

from typing import Any

from msgspec import UNSET, Struct, UnsetType, field

from milepost.api.capillary.answer import AttributionShape
from milepost.api.http.body import Number
from milepost.model.target import Entity, Evaluation, Kpi, Tracking


class ChannelShape(Struct, forbid_unknown_fields=True, rename="camel"):
    """A way to reach the customer."""

    type: str
    account_id: str | None
    value: str
    primary: bool
    verified: bool
    subscribed: bool | None
    attributes: dict[str, Any] | None


class ProfileShape(Struct, forbid_unknown_fields=True, rename="camel"):
    """A profile of the customer."""

    first_name: str
    last_name: str
    comm_channels: list[ChannelShape]
    source: str
    account_id: str
    user_id: int
    org_source_id: int


class LoyaltyShape(Struct, forbid_unknown_fields=True, rename="camel"):
    """What the customer bought so far, less returns."""

    attribution: AttributionShape
    loyalty_type: str
    lifetime_purchases: Number


class CustomerShape(Struct, forbid_unknown_fields=True, rename="camel"):
    """Who the customer is."""

    id: int
    profiles: list[ProfileShape]
    loyalty_info: LoyaltyShape
    custom_fields: dict[str, Any]


class MilestoneShape(Struct, forbid_unknown_fields=True, rename="camel"):
    """A mark on the way to the goal, at its absolute value."""

    id: int
    trigger_name: str
    trigger_value: Number
    is_achieved: bool


class RowShape(Struct, forbid_unknown_fields=True, rename="camel"):
    """Progress on one target in one period; `targetId` is null where the customer has done nothing yet."""

    target_id: int | None
    period_id: int
    program_id: int | None
    alternate_currency_identifier: str | None
    alternate_currency_name: str | None
    period_ref_code: str
    period_start_date: str
    period_end_date: str
    target_value: Number
    target_achieved_value: Number
    target_name: str
    target_type: Kpi
    target_entity: Entity
    target_rule_id: int
    enrolled_on: str
    event_name: str
    period_start_date_with_time_stamp: str
    period_end_date_with_time_stamp: str
    last_updated_on: str
    target_achieved_date_time: str | None
    enrolled_on_iso: str = field(name="enrolledOnISO")
    period_start_date_with_time_stamp_iso: str = field(name="periodStartDateWithTimeStampISO")
    period_end_date_with_time_stamp_iso: str = field(name="periodEndDateWithTimeStampISO")
    last_updated_on_iso: str = field(name="lastUpdatedOnISO")
    target_achieved_date_time_iso: str | None = field(name="targetAchievedDateTimeISO")
    target_achieved_event_log_id: int | None
    current_period: bool
    un_enrolled: bool
    milestones: list[MilestoneShape] | None


class StreakShape(Struct, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """A level of a streak; `userStreakId` is null until the customer began, the last three come once it is achieved."""

    user_streak_id: int | None
    streak_id: int
    streak_name: str
    status: str
    current_count: int
    total_target_count_of_sequence: int
    streak_achieved_user_target_id: int | UnsetType = UNSET
    streak_achieved_date_time: str | UnsetType = UNSET
    streak_achieved_date_time_iso: str | UnsetType = field(name="streakAchievedDateTimeISO", default=UNSET)


class UserGroupShape(Struct, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """A target group with the customer's rows."""

    id: int
    attribution: AttributionShape
    name: str
    org_id: int
    preferred_till_id: int
    targets: list[RowShape]
    streaks: list[StreakShape] | UnsetType = UNSET
    target_evaluation_type: Evaluation
    tracking_type: Tracking


class UserShape(Struct, forbid_unknown_fields=True, rename="camel"):
    """A customer with all target groups."""

    user_id: int
    customer: CustomerShape
    target_groups: list[UserGroupShape]
