"""Editing: a definition that is in force gets a new version, or every reason why not is given at once.

Values that were counted stay, and what happens from now on is judged by the new version (docs/decisions).
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from milepost.model.organisation import Organisation
from milepost.model.problem import Problem, Refused
from milepost.model.target import Author, TargetGroup
from milepost.rules.definition.build import IdKind
from milepost.rules.definition.unsupported import unsupported_features
from milepost.rules.definition.validation import merge_problems
from milepost.rules.edits.amendment import AmendedGroup, EditContext, NewName
from milepost.service.definitions.audiences import close_audiences, known_audiences
from milepost.service.definitions.declaration_checks import measured_targets, undeclared_problems
from milepost.service.definitions.ids import fresh_ids
from milepost.service.definitions.names import WantedName, key_of, taken_problems, unknown_warnings
from milepost.service.definitions.participation import UNKNOWN_GROUP
from milepost.store import definitions, organisations
from milepost.store.database import Database, Transaction
from milepost.store.definitions import NameKind

Amend = Callable[[TargetGroup, EditContext], AmendedGroup]
"""What a request makes of a group; it is asked twice, first to see which ids it takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What a request asks to change of a group, and what in it could not be read."""

    group_id: int
    amend: Amend
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """A group as it was and as it is in force now, and what its author should know."""

    organisation: Organisation
    before: TargetGroup
    group: TargetGroup
    warnings: tuple[str, ...]


async def edit(database: Database, org_id: int, author: Author, asked: Edit, now: int) -> Edited:
    """Change a group as *asked* at *now* (epoch microseconds); raises Refused with all that is wrong with it.

    A change that changes nothing makes no version.
    """

    async def work(transaction: Transaction) -> Edited:
        return await _edit(transaction, org_id, author, asked, now)

    return await database.attempt(work)


async def _edit(transaction: Transaction, org_id: int, author: Author, asked: Edit, now: int) -> Edited:
    # The lock makes definitions of one organisation follow each other: nothing else changes in between.
    organisation = await organisations.lock(transaction, org_id)
    before = await definitions.newest(transaction, org_id, asked.group_id)
    if before is None or before.deleted:
        raise Refused(UNKNOWN_GROUP)
    needed: Counter[IdKind] = Counter()

    def counted(kind: IdKind) -> int:
        needed[kind] += 1
        return -needed.total()

    known = await known_audiences(transaction, org_id)
    where = EditContext(organisation=organisation, author=author, at=now, ids=counted, audiences=known)
    tried = asked.amend(before, where)
    names = _changed_names(before, tried.names)
    found = tuple(replace(problem, path=problem.path.removeprefix(".")) for problem in tried.problems)
    added = [target for target in tried.group.targets if all(one.id != target.id for one in before.targets)]
    found += await undeclared_problems(
        transaction, org_id, [measured_targets(f"[{place}]", target) for place, target in enumerate(added)]
    )
    problems = merge_problems(asked.problems, found + await taken_problems(transaction, org_id, names.values()))
    if problems:
        raise Refused(*problems)
    told = tuple(warning.removeprefix(".") for warning in tried.warnings)
    group = tried.group
    if group != before:
        amended = asked.amend(before, replace(where, ids=await fresh_ids(transaction, needed))) if needed else tried
        group = amended.group
        version = await _keep(transaction, org_id, before, amended)
        told += await unknown_warnings(transaction, org_id, group, version)
    return Edited(organisation=organisation, before=before, group=group, warnings=told + unsupported_features(group))


async def _keep(transaction: Transaction, org_id: int, before: TargetGroup, amended: AmendedGroup) -> int:
    """Put the next version of a group in force, under its names; return that version."""
    names = _changed_names(before, amended.names)
    known = {before.id, *(target.id for target in before.targets)}
    keys = {key_of(one.kind, one.name): name.holder for name, one in names.items()}
    await definitions.take(transaction, org_id, {key: holder for key, holder in keys.items() if holder not in known})
    await definitions.rename(transaction, org_id, {key: holder for key, holder in keys.items() if holder in known})
    await close_audiences(transaction, org_id, [one for one in amended.group.targets if one not in before.targets])
    version = await organisations.raise_version(transaction, org_id)
    await definitions.add(transaction, org_id, amended.group, version)
    return version


def _changed_names(before: TargetGroup, names: Sequence[NewName]) -> dict[NewName, WantedName]:
    """Return the names that are other ones than their holders have, whatever their case."""
    kept = {(IdKind.GROUP, before.id): before.name}
    kept |= {(IdKind.TARGET, target.id): target.name for target in before.targets}
    found: dict[NewName, WantedName] = {}
    for name in names:
        kind, old = NameKind(name.kind.value), kept.get((name.kind, name.holder))
        if old is None or key_of(kind, old) != key_of(kind, name.name):
            found[name] = WantedName(name.path.removeprefix("."), kind, name.name)
    return found
