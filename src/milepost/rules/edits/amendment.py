"""Amendments: requested changes of a definition that is in force. As in a draft, None means an absent field."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from milepost.model.definitions.audience import Audience
from milepost.model.organisation import Organisation
from milepost.model.problem import Problem
from milepost.model.target import Author, TargetGroup
from milepost.model.time import Micros
from milepost.rules.definition.build import IdKind, Ids
from milepost.rules.definition.draft import CombinationDraft, GroupDraft, PeriodDraft, TargetDraft


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetAmendment:
    """A target at `path` in a request. Without an id it is a new target.

    `goal_periods` holds the period that each goal of the draft names. None means the period at the goal's own position
    (facts 8 #33).
    """

    path: str
    id: int | None
    draft: TargetDraft
    goal_periods: tuple[int | None, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodAmendment:
    """A period at `path` in a request. Without an id it is a new period."""

    path: str
    id: int | None
    draft: PeriodDraft


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupAmendment:
    """A whole group in a request: a draft without periods and targets, and beside it those, with their ids."""

    draft: GroupDraft
    periods: tuple[PeriodAmendment, ...] = ()
    targets: tuple[TargetAmendment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UnifiedAmendment:
    """A requested change of a unified group: its combination, new or changed targets, and target ids to deactivate."""

    combination: CombinationDraft | None = None
    targets: tuple[TargetAmendment, ...] = ()
    deactivated: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EditContext:
    """The circumstances of an edit: the organisation, the author, the instant `at` (epoch microseconds), and new ids.

    `audiences` holds the organisation's audiences by id.
    """

    organisation: Organisation
    author: Author
    at: Micros
    ids: Ids
    audiences: Mapping[int, Audience]


class NewName(NamedTuple):
    """The new name of a group, target or level, and the path of that name in the request."""

    path: str
    kind: IdKind
    holder: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendedGroup:
    """The result of an amendment: the changed group, or the group as it was with the problems.

    If the group equals the group before, the edit makes no new version.
    """

    group: TargetGroup
    problems: tuple[Problem, ...] = ()
    warnings: tuple[str, ...] = ()
    names: tuple[NewName, ...] = ()
