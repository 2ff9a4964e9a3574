"""Changes of definitions: what becomes of running progress, and how far a change has come."""

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from milepost.model.target import TargetGroup
from milepost.model.time import Micros


class ChangePolicy(Enum):
    """What becomes of progress that is under way when a definition changes."""

    NEXT_PERIOD = "NEXT_PERIOD"
    FROM_NOW = "FROM_NOW"
    RECOMPUTE_RUNNING = "RECOMPUTE_RUNNING"
    RECOMPUTE_ALL = "RECOMPUTE_ALL"


class BelowGoal(Enum):
    """What becomes of an achievement that the changed definition would not give."""

    KEEP = "KEEP"
    REVOKE = "REVOKE"


class ChangeState(Enum):
    """How far a change has come."""

    PREVIEWING = "previewing"
    PREVIEWED = "previewed"
    APPROVED = "approved"
    REJECTED = "rejected"
    SCHEDULED = "scheduled"
    OUTDATED = "outdated"
    RECOMPUTING = "recomputing"
    PUBLISHED = "published"


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionChange:
    """A change of one group; instants are in epoch microseconds.

    `draft_revision`, `live_version` and `settings` name what the preview was made of. `group` is what will be in force.
    `looked_at`, `gain` and `lose` count customers. `batch` is the first of the changes that are published together.
    `version` is that of the organisation from which on it is in force.
    """

    org_id: int
    id: int
    group_id: int
    batch: int | None
    state: ChangeState
    policy: ChangePolicy
    revokes: bool
    draft_revision: int
    live_version: int
    settings: str
    group: TargetGroup
    looked_at: int
    gain: int
    lose: int
    asked_at: Micros
    asked_by: str
    reviewed_by: str | None
    comment: str
    starts_at: Micros | None
    published_at: Micros | None
    version: int | None


class ChangeEffect(NamedTuple):
    """What a customer gains and loses by a change: names of targets with their periods."""

    bucket: int
    customer_id: int
    gains: tuple[str, ...]
    losses: tuple[str, ...]
