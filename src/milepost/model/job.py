"""Long work that is done page by page."""

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple


class JobKind(Enum):
    """What a job does."""

    ENROL_AUDIENCE = "enrolAudience"
    COUNT_STORED = "countStored"


class JobScope(NamedTuple):
    """What a job is about: a group, one of its targets or 0 for all, and a version of an audience or 0 for none."""

    group_id: int
    target_id: int = 0
    version_id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Work over many customers and how far it has come; instants in epoch microseconds.

    `after` names the customer after whom it goes on, by bucket and id; `looked_at` customers were looked at,
    `concerned` of them had something to be done, `failed` were passed over by our own mistake.
    """

    org_id: int
    id: int
    kind: JobKind
    scope: JobScope
    after: tuple[int, int]
    looked_at: int
    concerned: int
    failed: int
    asked_at: int
    done_at: int | None
