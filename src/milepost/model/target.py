"""Definitions: target groups with their periods, targets, triggers and streak levels."""

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from milepost.model.time import EPOCH, Micros


class Tracking(Enum):
    """How a group combines its targets."""

    DEFAULT = "DEFAULT"
    UNIFIED = "UNIFIED"
    STREAKS = "STREAKS"
    NON_CONTINUOUS_STREAKS = "NON_CONTINUOUS_STREAKS"
    CAPPING = "CAPPING"


class Evaluation(Enum):
    """The window of a period: fixed dates, a cycle of each customer's own, or until the goal is achieved."""

    FIXED_CALENDAR_WINDOW = "FIXED_CALENDAR_WINDOW"
    CYCLIC_WINDOW = "CYCLIC_WINDOW"
    PERIOD_AGNOSTIC_WINDOW = "PERIOD_AGNOSTIC_WINDOW"


class Frequency(Enum):
    """The unit of a cycle's length."""

    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"
    QUARTERLY = "QUARTERLY"
    HALF_YEARLY = "HALF_YEARLY"
    YEARLY = "YEARLY"
    CUSTOM = "CUSTOM"


class Entity(Enum):
    """Where a measure is read from."""

    TRANSACTION = "TRANSACTION"
    LINEITEM = "LINEITEM"
    EVENT = "EVENT"
    REWARDS = "REWARDS"
    POINTS = "POINTS"
    ALTERNATE_CURRENCIES = "ALTERNATE_CURRENCIES"


class Kpi(Enum):
    """What a target sums or counts: the vendor's `targetType`."""

    QUANTITY = "QUANTITY"
    SALES = "SALES"
    GROSS_SALES = "GROSS_SALES"
    COUNT = "COUNT"
    VISIT = "VISIT"
    REGULAR_POINTS = "REGULAR_POINTS"
    PROMOTIONAL_POINTS = "PROMOTIONAL_POINTS"
    ALL_POINTS = "ALL_POINTS"
    EXTENDED_FIELD = "EXTENDED_FIELD"
    EVENT_ATTRIBUTE = "EVENT_ATTRIBUTE"
    ALL = "ALL"
    REGULAR = "REGULAR"
    PROMOTION = "PROMOTION"
    PROMOTIONAL = "PROMOTIONAL"


class EnrolmentMethod(Enum):
    """How a customer comes to take part."""

    TRANSACTION = "TRANSACTION"
    IMPORT = "IMPORT"
    AUDIENCE_FILTER = "AUDIENCE_FILTER"


class FilterKind(Enum):
    """The kind of place that a filter's ids name."""

    STORE = "STORE"
    ZONE = "ZONE"
    CONCEPT = "CONCEPT"


class AggregateFunction(Enum):
    """How the values of a field are combined within one event."""

    SUM = "SUM"
    COUNT = "COUNT"


class CapScope(Enum):
    """What a cap limits: all awards of a customer in a period, or each award alone (facts 4.11)."""

    CUSTOMER = "CUSTOMER"
    TRANSACTION = "TRANSACTION"


class WindowKind(Enum):
    """Which value of a day counts."""

    MIN = "MIN"
    MAX = "MAX"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Places whose events count; no ids mean all. `sent_ids` has the zeros of the request too (facts 8 #54, #90)."""

    kind: FilterKind
    ids: tuple[int, ...]
    sent_ids: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What a measure needs besides its type: the vendor's `extendedFieldInfo`.

    `window` is the value of a day that counts. `window_given` separates a null from an absent key, as answers do.
    """

    name: str | None = None
    aggregate: AggregateFunction | None = None
    window: WindowKind | None = None
    window_given: bool = False
    program_id: int | None = None
    currency: str | None = None


class TriggerValueKind(Enum):
    """Whether a trigger's value is a percentage of the goal or an amount."""

    PERCENTAGE = "PERCENTAGE"
    ABSOLUTE = "ABSOLUTE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """A mark on the way to the goal."""

    id: int
    name: str
    active: bool
    kind: str
    value_kind: TriggerValueKind
    value: Decimal


@dataclass(frozen=True, slots=True)
class Goal:
    """The value to reach in one period, unless the customer has a goal of their own; answers show the `id`."""

    id: int
    period_id: int
    value: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A span of time in which progress counts: from `opens_at` up to, not including, `closes_at` (epoch microseconds).

    `starts_on` and `ends_on` are the first and last calendar day (ISO dates) in the time zone of the definition.
    `attribution` is None while that of the group holds: until the period is added or changed after the group was made.
    """

    id: int
    ref_code: str
    starts_on: str
    ends_on: str
    opens_at: Micros
    closes_at: Micros
    description: str | None = None
    active: bool = True
    attribution: "Attribution | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AudienceFilter:
    """An audience version whose members take part in a target; it was made at `updated_at` (epoch microseconds)."""

    audience_id: int
    version_id: int
    updated_at: Micros = EPOCH


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One measured goal in a group.

    `expression` is the condition, as typed or in canonical form; `expression_tree` is repeated in answers as it was
    sent. `attribution` is None while that of the group holds, as with a period.
    """

    id: int
    name: str
    description: str | None = None
    active: bool = True
    entity: Entity
    kpi: Kpi
    event_name: str
    expression: str
    expression_tree: str | None = None
    filters: tuple[Filter, ...] | None = None
    enrolment: EnrolmentMethod
    goals: tuple[Goal, ...]
    metadata: Metadata | None = None
    triggers: tuple[Trigger, ...] = ()
    rule_set_id: int | None = None
    unrolled_rule_set_id: int | None = None
    attribution: "Attribution | None" = None
    audiences: tuple[AudienceFilter, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FreezeRule:
    """How a streak gets freezes: one for every `earn_every` achieved periods, if given; at most `most` at a time."""

    most: int
    earn_every: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StreakLevel:
    """A level of a streak; a customer reaches it with `count` achieved periods."""

    id: int
    name: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Combination:
    """How a unified group combines its targets; `least` is the n of "any n of m"."""

    any_of: bool
    least: int | None = None
    aggregation: AggregateFunction | None = None
    threshold: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """The till or key that made a definition, as the vendor's `attribution` shows it."""

    id: int
    code: str
    description: str = ""
    name: str
    kind: str = "TILL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """When and by whom a definition was made and last changed; instants are in epoch microseconds."""

    created_at: Micros
    updated_at: Micros
    created_by: Author
    updated_by: Author


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetGroup:
    """The unit that is defined and versioned.

    Fields that are None were not given and are left out of the vendor's answers. `cycle_opens_at` and `cycle_closes_at`
    bound the target cycle window in epoch microseconds, as given or as derived (facts 2.7). A deleted group is kept,
    inactive, so that its progress can be explained (facts 8 #41). `template_id` is the goal template from which a group
    for customers' own goals was made, 0 for none.
    """

    id: int
    name: str
    description: str | None = None
    active: bool = True
    preferred_till_id: int
    tracking: Tracking
    evaluation: Evaluation
    frequency_kind: Frequency | None = None
    frequency: int | None = None
    recurring_cycles: int | None = None
    total_periods: int
    valid_from: str | None = None
    valid_to: str | None = None
    cycle_opens_at: Micros
    cycle_closes_at: Micros
    time_zone_name: str | None = None
    user_created: bool = False
    leaderboard: bool = False
    periods: tuple[Period, ...]
    targets: tuple[Target, ...]
    streak_levels: tuple[StreakLevel, ...] = ()
    combination: Combination | None = None
    attribution: Attribution
    deleted: bool = False
    cap_scope: CapScope = CapScope.CUSTOMER
    freezes: FreezeRule | None = None
    tzdb: str = ""
    template_id: int = 0
