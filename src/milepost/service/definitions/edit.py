"""Edits target groups: a group gets a new version, or the request is refused with all of its problems at once.

Counted values stay. Events that are received from now on are judged by the new version (decision 0014).
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from milepost.model.organisation import Organisation
from milepost.model.problem import Problem, Refused
from milepost.model.target import Author, TargetGroup
from milepost.model.time import Micros
from milepost.rules.definition.build import IdKind
from milepost.rules.definition.unsupported import unsupported_features
from milepost.rules.definition.validation import merge_problems
from milepost.rules.edits.amendment import AmendedGroup, EditContext, NewName
from milepost.service.definitions.audiences import known_audiences, lock_audiences
from milepost.service.definitions.declaration_checks import measured_targets, undeclared_problems
from milepost.service.definitions.ids import fresh_ids
from milepost.service.definitions.names import WantedName, key_of, taken_problems, unknown_warnings
from milepost.service.definitions.participation import UNKNOWN_GROUP
from milepost.service.definitions.pattern_limit import check_patterns
from milepost.store import definitions, organisations
from milepost.store.database import Database, Transaction
from milepost.store.definitions import NameKind

Amend = Callable[[TargetGroup, EditContext], AmendedGroup]
"""Makes the amended group. It is called twice, because the first call shows how many new ids the group needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """The change that a request asks for, and the problems found while the request was read."""

    group_id: int
    amend: Amend
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EditedGroup:
    """A group before and after an edit, with warnings for its author."""

    organisation: Organisation
    before: TargetGroup
    group: TargetGroup
    warnings: tuple[str, ...]


async def edit(database: Database, org_id: int, author: Author, request: Edit, now: Micros) -> EditedGroup:
    """Change a group as *request* asks at *now* (epoch microseconds). Raises Refused with all problems of the request.

    An edit that leaves the group as it is makes no new version.
    """

    async def work(transaction: Transaction) -> EditedGroup:
        return await _edit(transaction, org_id, author, request, now)

    return await database.attempt(work)


async def _edit(transaction: Transaction, org_id: int, author: Author, request: Edit, now: Micros) -> EditedGroup:
    # The lock puts the definitions of one organisation one after the other, so that nothing else changes meanwhile.
    organisation = await organisations.lock(transaction, org_id)
    before = await definitions.newest(transaction, org_id, request.group_id)
    if before is None or before.deleted:
        raise Refused(UNKNOWN_GROUP)
    needed: Counter[IdKind] = Counter()

    def provisional_id(kind: IdKind) -> int:
        needed[kind] += 1
        return -needed.total()

    audiences = await known_audiences(transaction, org_id)
    context = EditContext(organisation=organisation, author=author, at=now, ids=provisional_id, audiences=audiences)
    amended = request.amend(before, context)
    names = _changed_names(before, amended.names)
    new_problems = tuple(replace(problem, path=problem.path.removeprefix(".")) for problem in amended.problems)
    added = [target for target in amended.group.targets if all(target.id != old.id for old in before.targets)]
    new_problems += await undeclared_problems(
        transaction, org_id, [measured_targets(f"[{position}]", target) for position, target in enumerate(added)]
    )
    problems = merge_problems(
        request.problems, new_problems + await taken_problems(transaction, org_id, names.values())
    )
    if problems:
        raise Refused(*problems)
    warnings = tuple(warning.removeprefix(".") for warning in amended.warnings)
    group = amended.group
    if group != before:
        await check_patterns(transaction, organisation, group)
        if needed:
            amended = request.amend(before, replace(context, ids=await fresh_ids(transaction, needed)))
        group = amended.group
        version = await _keep(transaction, org_id, before, amended)
        warnings += await unknown_warnings(transaction, org_id, group, version)
    return EditedGroup(
        organisation=organisation, before=before, group=group, warnings=warnings + unsupported_features(group)
    )


async def _keep(transaction: Transaction, org_id: int, before: TargetGroup, amended: AmendedGroup) -> int:
    """Put the amended group in force and take its names; return the organisation's new version."""
    names = _changed_names(before, amended.names)
    old_ids = {before.id, *(target.id for target in before.targets)}
    keys = {key_of(wanted.kind, wanted.name): name.holder for name, wanted in names.items()}
    await definitions.reserve_names(
        transaction, org_id, {key: holder for key, holder in keys.items() if holder not in old_ids}
    )
    await definitions.rename(transaction, org_id, {key: holder for key, holder in keys.items() if holder in old_ids})
    await lock_audiences(
        transaction, org_id, [target for target in amended.group.targets if target not in before.targets]
    )
    version = await organisations.raise_version(transaction, org_id)
    await definitions.add(transaction, org_id, amended.group, version)
    return version


def _changed_names(before: TargetGroup, names: Sequence[NewName]) -> dict[NewName, WantedName]:
    """Return those of *names* that differ from what their holder is called, apart from letter case."""
    old_names = {(IdKind.GROUP, before.id): before.name}
    old_names |= {(IdKind.TARGET, target.id): target.name for target in before.targets}
    changed: dict[NewName, WantedName] = {}
    for name in names:
        kind, old = NameKind(name.kind.value), old_names.get((name.kind, name.holder))
        if old is None or key_of(kind, old) != key_of(kind, name.name):
            changed[name] = WantedName(name.path.removeprefix("."), kind, name.name)
    return changed
