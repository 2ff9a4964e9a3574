"""Jobs: long work over many customers, done page by page."""

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from milepost.model.time import EPOCH, Micros


class JobKind(Enum):
    """What a job does."""

    ENROL_AUDIENCE = "enrolAudience"
    COUNT_STORED = "countStored"
    NORMALISE_IDENTIFIERS = "normaliseIdentifiers"
    RECOVER_MESSAGES = "recoverMessages"
    PREVIEW_CHANGE = "previewChange"
    REVISE_PROGRESS = "reviseProgress"


class JobScope(NamedTuple):
    """The subject of a job: a group, a target of it (0 for all targets) and an audience version (0 for none).

    A job that normalises identifiers has the version of the settings that asked for it, and no group.
    A job about a change of a definition has its id in place of the audience version.
    A job that recovers messages has a webhook and a half-open span of epoch microseconds instead.
    """

    group_id: int
    target_id: int = 0
    version_id: int = 0
    webhook_id: int = 0
    since: Micros = EPOCH
    until: Micros = EPOCH


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Work over many customers and its state; instants are in epoch microseconds.

    `after` is the bucket and the id of the last customer who was visited; the job continues behind it. `looked_at`
    counts the visited customers, `concerned` those with something to do, `failed` those skipped because of a defect of
    ours.
    """

    org_id: int
    id: int
    kind: JobKind
    scope: JobScope
    after: tuple[int, int]
    looked_at: int
    concerned: int
    failed: int
    asked_at: Micros
    done_at: Micros | None
