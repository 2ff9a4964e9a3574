"""Defines target groups: a request becomes a group in force, or is refused with all of its problems at once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from milepost.model.organisation import Organisation
from milepost.model.problem import Problem, Refused
from milepost.model.target import Author, TargetGroup
from milepost.model.time import Micros
from milepost.rules.definition.build import build_group, ids_needed
from milepost.rules.definition.draft import GroupDraft, TargetDraft
from milepost.rules.definition.recurring import expand_periods
from milepost.rules.definition.schedule import ruling_calendar
from milepost.rules.definition.unsupported import unsupported_features
from milepost.rules.definition.validation import merge_problems, validate
from milepost.service.definitions.audiences import lock_audiences, with_audiences
from milepost.service.definitions.declaration_checks import measured_targets, undeclared_problems
from milepost.service.definitions.ids import fresh_ids
from milepost.service.definitions.names import WantedName, key_of, taken_problems, unknown_warnings
from milepost.service.definitions.pattern_limit import check_patterns
from milepost.store import definitions, organisations
from milepost.store.database import Database, Transaction
from milepost.store.definitions import NameKey, NameKind


@dataclass(frozen=True, slots=True)
class DefinitionRequest:
    """The group that a request asks to define, and the problems found while the request was read.

    A group that names no till has `till_id`, the till of the request, or 0 (facts 8 #87).
    """

    draft: GroupDraft
    problems: tuple[Problem, ...] = ()
    till_id: int | None = None


@dataclass(frozen=True, slots=True)
class DefinedGroup:
    """A group that is now in force, with warnings for its author."""

    organisation: Organisation
    group: TargetGroup
    warnings: tuple[str, ...]


async def define_groups(
    database: Database, org_id: int, author: Author, request: DefinitionRequest, now: Micros
) -> DefinedGroup:
    """Define the group of *request* at *now* (epoch microseconds). Raises Refused with all of its problems."""

    async def work(transaction: Transaction) -> DefinedGroup:
        return await _define(transaction, org_id, author, request, now)

    return await database.attempt(work)


def target_paths(drafts: Sequence[TargetDraft]) -> Iterator[tuple[str, TargetDraft]]:
    """Return the targets of a request, each with its path."""
    return ((f"targets[{position}]", draft) for position, draft in enumerate(drafts))


async def _define(
    transaction: Transaction, org_id: int, author: Author, request: DefinitionRequest, now: Micros
) -> DefinedGroup:
    # The lock puts the definitions of one organisation one after the other, so that no other takes a name meanwhile.
    organisation = await organisations.lock(transaction, org_id)
    draft = expand_periods(request.draft, ruling_calendar(organisation, request.draft.time_zone_name))
    targets, unknown_audiences = await with_audiences(transaction, org_id, list(target_paths(draft.targets)))
    till_id = request.till_id or 0 if draft.preferred_till_id is None else draft.preferred_till_id
    draft = replace(draft, targets=targets, preferred_till_id=till_id)
    validation = validate(draft, organisation, now)
    taken = await taken_problems(transaction, org_id, wanted_names(draft))
    undeclared = await undeclared_problems(
        transaction, org_id, [measured_targets(path, target) for path, target in target_paths(draft.targets)]
    )
    problems = merge_problems(request.problems, (*validation.problems, *taken, *unknown_audiences, *undeclared))
    if problems:
        raise Refused(*problems)
    ids = await fresh_ids(transaction, ids_needed(draft))
    group = build_group(draft, organisation, ids, author, now)
    await check_patterns(transaction, organisation, group)
    await lock_audiences(transaction, org_id, group.targets)
    await definitions.reserve_names(transaction, org_id, dict(holders_of(group)))
    version = await organisations.raise_version(transaction, org_id)
    await definitions.add(transaction, org_id, group, version)
    unknown = await unknown_warnings(transaction, org_id, group, version)
    return DefinedGroup(organisation, group, validation.warnings + unknown + unsupported_features(group))


def wanted_names(draft: GroupDraft) -> Iterator[WantedName]:
    """Return the names that *draft* asks for, each with its path."""
    wanted = [("name", NameKind.GROUP, draft.name)]
    wanted += [
        (f"targets[{position}].name", NameKind.TARGET, target.name) for position, target in enumerate(draft.targets)
    ]
    wanted += [
        (f"streaks[{position}].name", NameKind.STREAK_LEVEL, level.name) for position, level in enumerate(draft.levels)
    ]
    yield from (WantedName(path, kind, name) for path, kind, name in wanted if name is not None)


def holders_of(group: TargetGroup) -> Iterator[tuple[NameKey, int]]:
    """Return the names in *group*, each with the id of the group, target or level that bears it."""
    yield key_of(NameKind.GROUP, group.name), group.id
    for target in group.targets:
        yield key_of(NameKind.TARGET, target.name), target.id
    for level in group.streak_levels:
        yield key_of(NameKind.STREAK_LEVEL, level.name), level.id
