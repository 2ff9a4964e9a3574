"""Drafts: the content of a request to define a group, before validation.

Values have their types; None means an absent field. Dates are text until the time zone is known.
"""

from dataclasses import dataclass
from decimal import Decimal

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
    WindowKind,
)
from milepost.model.time import EPOCH, Micros


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodDraft:
    """A period in a request."""

    ref_code: str | None = None
    starts: str | None = None
    ends: str | None = None
    description: str | None = None
    active: bool | None = None


@dataclass(frozen=True, slots=True)
class FilterDraft:
    """A filter in a request."""

    kind: FilterKind | None = None
    ids: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowDraft:
    """Which value of a day counts, in a request: the vendor's `aggregateWindow`."""

    kind: WindowKind | None = None
    unit: str | None = None
    value: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataDraft:
    """What a measure needs besides its type, in a request; `window_given` distinguishes null from an absent field."""

    name: str | None = None
    aggregate: AggregateFunction | None = None
    window: WindowDraft | None = None
    window_given: bool = False
    program_id: int | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerDraft:
    """A trigger in a request."""

    name: str | None = None
    active: bool | None = None
    kind: str | None = None
    value_kind: TriggerValueKind | None = None
    value: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AudienceDraft:
    """An audience whose members take part, in a request; without `version_id` its current version is meant.

    `updated_at` (epoch microseconds) is not part of the request; it comes with the resolved version.
    """

    audience_id: int | None = None
    version_id: int | None = None
    updated_at: Micros = EPOCH


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetDraft:
    """A target in a request. `goals` are in the order of the periods, None for an entry without a value.

    `expression` is rule text, or a truth value if the condition is in the tree only (facts 2.3).
    """

    name: str | None = None
    description: str | None = None
    active: bool | None = None
    entity: Entity | None = None
    kpi: Kpi | None = None
    event_name: str | None = None
    expression: str | bool | None = None
    expression_tree: str | None = None
    filters: tuple[FilterDraft, ...] | None = None
    enrolment: EnrolmentMethod | None = None
    goals: tuple[Decimal | None, ...] = ()
    metadata: MetadataDraft | None = None
    triggers: tuple[TriggerDraft, ...] = ()
    audiences: tuple[AudienceDraft, ...] = ()


@dataclass(frozen=True, slots=True)
class LevelDraft:
    """A streak level in a request."""

    name: str | None = None
    count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CombinationDraft:
    """How a unified group combines its targets, in a request: the vendor's `unifiedTargetExpression`."""

    aggregation: AggregateFunction | None = None
    threshold: Decimal | None = None
    least: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FreezeDraft:
    """The rule for a streak's freezes, in a request."""

    most: int | None = None
    earn_every: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupDraft:
    """A target group in a request."""

    name: str | None = None
    description: str | None = None
    active: bool | None = None
    preferred_till_id: int | None = None
    tracking: Tracking | None = None
    evaluation: Evaluation | None = None
    frequency_kind: Frequency | None = None
    frequency: int | None = None
    recurring_cycles: int | None = None
    total_periods: int | None = None
    valid_from: str | None = None
    valid_to: str | None = None
    cycle_opens: str | None = None
    cycle_closes: str | None = None
    cycle_opens_iso: str | None = None
    cycle_closes_iso: str | None = None
    time_zone_name: str | None = None
    user_created: bool | None = None
    leaderboard: bool | None = None
    periods: tuple[PeriodDraft, ...] = ()
    targets: tuple[TargetDraft, ...] = ()
    levels: tuple[LevelDraft, ...] = ()
    any_of: bool | None = None
    combination: CombinationDraft | None = None
    cap_scope: CapScope | None = None
    freezes: FreezeDraft | None = None
    template_id: int = 0
