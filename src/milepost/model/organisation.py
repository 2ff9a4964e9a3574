"""The organisation (the tenant), its settings and its places."""

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import NamedTuple

from milepost.model.target import Author
from milepost.model.time import Micros


class Returns(Enum):
    """What a return does to progress (facts 8.1)."""

    SUBTRACT = "SUBTRACT"
    CARRY = "CARRY"
    IGNORE = "IGNORE"


class CarryLines(Enum):
    """How much of returned line items is carried over into a later period (facts 4.8)."""

    WHOLE = "WHOLE"
    PRORATE = "PRORATE"
    NONE = "NONE"


class AfterAchievement(Enum):
    """Whether a return that takes a progress below its goal also revokes the achievement (facts 8.1)."""

    KEEP = "KEEP"
    REVOKE = "REVOKE"


class ReturnedBills(Enum):
    """Whether a condition is asked again of what a return left of a bill (facts 8 #78)."""

    KEEP_JUDGEMENT = "KEEP_JUDGEMENT"
    JUDGE_AGAIN = "JUDGE_AGAIN"


class CapsFollowReturns(Enum):
    """Whether a return gives back what the decision about its bill had used of caps (facts 8 #81)."""

    OFF = "OFF"
    ON = "ON"


class EnrolMidPeriod(Enum):
    """Whether stored events of the running period count at enrolment (facts 8.1)."""

    COUNT_STORED = "COUNT_STORED"
    FROM_ENROLMENT = "FROM_ENROLMENT"


class TimeZonePolicy(Enum):
    """Whose time zone sets the bounds of a group's periods and days (facts 8.1)."""

    SERVER = "SERVER"
    GROUP = "GROUP"


class PeriodEndOutcome(Enum):
    """Which customers get an outcome when a period opens or closes (facts 8.1)."""

    ENROLLED_WITH_ACTIVITY = "ENROLLED_WITH_ACTIVITY"
    ALL_ENROLLED = "ALL_ENROLLED"
    NONE = "NONE"


class LeaderboardTies(Enum):
    """How equal values are ranked (facts 8.1)."""

    EARLIEST_FIRST = "EARLIEST_FIRST"
    SHARED_SKIP = "SHARED_SKIP"
    SHARED_DENSE = "SHARED_DENSE"


class CyclicMonths(Enum):
    """The length of a month in a customer's own windows (facts 8 #22)."""

    CALENDAR = "CALENDAR"
    DAYS_30 = "DAYS_30"


class BackwardPeriods(Enum):
    """What happens to a requested new period that ends before it starts (facts 8 #43)."""

    REFUSE = "REFUSE"
    SKIP = "SKIP"


class EventIdentity(Enum):
    """Within what the source and id of an event name it: the organisation, or one customer (facts 8 #61)."""

    ORGANISATION = "ORGANISATION"
    CUSTOMER = "CUSTOMER"


class AheadOfClock(Enum):
    """What becomes of an event that is dated up to a day ahead of the server's clock (facts 8 #67)."""

    CLAMP = "CLAMP"
    REFUSE = "REFUSE"


LATE_DAYS_MAX = 400
BILL_NUMBER_DAYS_MAX = 3_650
OFFSET_DAYS_MAX = 60
GRACE_HOURS_MAX = 168
OUTAGES_MAX = 100
"""The number of outages that one organisation may declare."""


class Outage(NamedTuple):
    """A half-open span of epoch microseconds in which no streak may break."""

    starts_at: Micros
    ends_at: Micros


GOAL_TEMPLATES_MAX = 50
GOAL_DAYS_MAX = 1_000
PERIODS_USUAL, PERIODS_LIMIT = 100, 1_000
"""Periods that a group may have unless the organisation allows more, and that it may allow (S0, facts 8 #97)."""

GOALS_AT_ONCE_MAX = 50
DELIVERY_DAYS_USUAL, DELIVERY_DAYS_MAX = 14, 90
"""Days for which deliveries that were made, and the feed, are kept."""

RULES_FIRST, RULES_LATEST = 1, 2
"""Editions of the rules of counting: that of organisations older than this setting, and today's (decision 0027)."""


class GoalTemplate(NamedTuple):
    """A target whose measure customers may use for goals of their own, from `least` to `most`."""

    target_id: int
    least: Decimal
    most: Decimal


class OutcomeFeed(Enum):
    """Which outcomes the feed holds: none, all but changes of values, or all."""

    OFF = "OFF"
    ON = "ON"
    WITH_VALUES = "WITH_VALUES"


class Approvals(Enum):
    """Whether a change of a definition needs a second login to approve it."""

    OFF = "OFF"
    ON = "ON"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How an organisation's progress is computed; each change makes a new version (facts 8.1).

    `late_days` is how late an event may arrive, None for no limit. `offset_days` is how many days end-of-period work
    waits for late events. `goal_templates` lists what customers may set goals for, `goal_days` limits the days of one
    goal, and `goals_at_once` limits the open goals of one customer. `periods_max` limits the periods of one group.
    `own_window_grace_hours` is how long before a customer's first own window an event may be dated that counts there.
    `bill_number_days` is for how many days before and after its date a bill number of v2 names one bill of its till.
    `currency` is the code of the organisation's currency, None if currencies are not told apart. `phone_region` is the
    country whose mobile numbers may come without a country code, None if numbers stay as they are given.
    Deliveries and the feed are kept for `delivery_days`.
    """

    time_zone_policy: TimeZonePolicy = TimeZonePolicy.SERVER
    returns: Returns = Returns.SUBTRACT
    carry_lines: CarryLines = CarryLines.WHOLE
    after_achievement: AfterAchievement = AfterAchievement.KEEP
    late_days: int | None = None
    offset_days: int = 0
    enrol_mid_period: EnrolMidPeriod = EnrolMidPeriod.COUNT_STORED
    period_end_outcome: PeriodEndOutcome = PeriodEndOutcome.ENROLLED_WITH_ACTIVITY
    leaderboard_ties: LeaderboardTies = LeaderboardTies.EARLIEST_FIRST
    cyclic_months: CyclicMonths = CyclicMonths.CALENDAR
    leaderboards: bool = True
    outages: tuple[Outage, ...] = ()
    goal_templates: tuple[GoalTemplate, ...] = ()
    goal_days: int = 92
    goals_at_once: int = 5
    backward_periods: BackwardPeriods = BackwardPeriods.REFUSE
    periods_max: int = PERIODS_USUAL
    rules_edition: int = RULES_LATEST
    own_window_grace_hours: int = 24
    returned_bills: ReturnedBills = ReturnedBills.KEEP_JUDGEMENT
    caps_follow_returns: CapsFollowReturns = CapsFollowReturns.OFF
    event_identity: EventIdentity = EventIdentity.ORGANISATION
    bill_number_days: int = 180
    ahead_of_clock: AheadOfClock = AheadOfClock.CLAMP
    currency: str | None = None
    phone_region: str | None = None
    outcome_feed: OutcomeFeed = OutcomeFeed.OFF
    delivery_days: int = DELIVERY_DAYS_USUAL
    approvals: Approvals = Approvals.OFF


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsVersion:
    """The settings from a version on. `changed_at` (epoch microseconds) and `changed_by` are None where unknown."""

    version: int
    settings: Settings
    changed_at: Micros | None
    changed_by: Author | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """The tenant; every row belongs to one.

    `zone` is the time zone of its calendar days. `version` grows with each change of a definition or of the settings.
    """

    id: int
    name: str
    zone: str
    version: int
    settings: Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A region in which stores lie."""

    id: int
    code: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Concept:
    """A kind of store, such as a format or a brand."""

    id: int
    code: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """A place of sale. Its external ids are its names in other systems."""

    id: int
    code: str
    name: str
    zone_id: int | None = None
    concept_id: int | None = None
    external_id: str | None = None
    external_id_1: str | None = None
    external_id_2: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Till:
    """A point of sale in a store. It may also be a login of the API."""

    id: int
    code: str
    name: str
    store_id: int | None = None
