"""What a request asks to change of a definition that is in force; as in a draft, None means that nothing was said."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from milepost.model.audience import Audience
from milepost.model.organisation import Organisation
from milepost.model.problem import Problem
from milepost.model.target import Author, TargetGroup
from milepost.rules.definition.build import IdKind, Ids
from milepost.rules.definition.draft import CombinationDraft, GroupDraft, PeriodDraft, TargetDraft


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetAmendment:
    """A target as a request writes it at `path`: a new one if it has no id.

    `goal_periods` holds which period each goal of the draft names; None goes by its place (facts 8 #33).
    """

    path: str
    id: int | None
    draft: TargetDraft
    goal_periods: tuple[int | None, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodAmendment:
    """A period as a request writes it at `path`: a new one if it has no id."""

    path: str
    id: int | None
    draft: PeriodDraft


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupAmendment:
    """A whole group as a request writes it: the draft without its periods and targets, and those with their ids."""

    draft: GroupDraft
    periods: tuple[PeriodAmendment, ...] = ()
    targets: tuple[TargetAmendment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UnifiedAmendment:
    """A change of a unified group: how its targets are taken together, which there are, which go out of use."""

    combination: CombinationDraft | None = None
    targets: tuple[TargetAmendment, ...] = ()
    deactivated: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EditContext:
    """Where, by whom and when (`at`, epoch microseconds) a definition is changed, and where its new ids come from.

    `audiences` are those that it may name.
    """

    organisation: Organisation
    author: Author
    at: int
    ids: Ids
    audiences: Mapping[int, Audience]


class NewName(NamedTuple):
    """A name that a group, target or level is to have from now on, and where it was asked for."""

    path: str
    kind: IdKind
    holder: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendedGroup:
    """What comes of an amendment: the group as it is from now on, or what is wrong; equal groups are one version."""

    group: TargetGroup
    problems: tuple[Problem, ...] = ()
    warnings: tuple[str, ...] = ()
    names: tuple[NewName, ...] = ()
