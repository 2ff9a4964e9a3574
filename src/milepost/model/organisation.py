"""The tenant and the places it has."""

from dataclasses import dataclass
from enum import Enum


class Returns(Enum):
    """What a return does to progress (semantics 8.1)."""

    SUBTRACT = "SUBTRACT"
    IGNORE = "IGNORE"


class AfterAchievement(Enum):
    """Whether a return that takes a progress below its goal leaves the achievement in place (semantics 8.1)."""

    KEEP = "KEEP"
    REVOKE = "REVOKE"


class EnrolMidPeriod(Enum):
    """Whether stored events of the running period count at enrolment (semantics 8.1)."""

    COUNT_STORED = "COUNT_STORED"
    FROM_ENROLMENT = "FROM_ENROLMENT"


LATE_DAYS_MAX = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How an organisation's progress is reckoned; each change makes a new version (semantics 8.1).

    `late_days` is None for no limit.
    """

    returns: Returns = Returns.SUBTRACT
    after_achievement: AfterAchievement = AfterAchievement.KEEP
    late_days: int | None = None
    enrol_mid_period: EnrolMidPeriod = EnrolMidPeriod.COUNT_STORED
    leaderboards: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """The tenant; owns everything else. `zone` rules its calendar days; `version` grows with each change of meaning."""

    id: int
    name: str
    zone: str
    version: int
    settings: Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A region that stores belong to."""

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
    """A place of sale."""

    id: int
    code: str
    name: str
    zone_id: int | None = None
    concept_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Till:
    """A point of sale in a store; may be an API login."""

    id: int
    code: str
    name: str
    store_id: int | None = None
