"""Defining: a request becomes a target group that is in force, or every reason why not is given at once."""

from collections.abc import Iterator
from dataclasses import dataclass

from milepost.model.names import name_key
from milepost.model.organisation import Organisation
from milepost.model.problem import Problem, Refused
from milepost.model.target import Author, TargetGroup
from milepost.rules.draft import Draft
from milepost.rules.drafting import IdKind, drafted, ids_needed
from milepost.rules.evaluable import unevaluable
from milepost.rules.named import named_in, unknown_names
from milepost.rules.naming import name_problems
from milepost.rules.recurring import with_periods
from milepost.rules.schedule import ruling_calendar
from milepost.rules.soundness import beside, examine
from milepost.store import definitions, organisations
from milepost.store.database import Database, Transaction
from milepost.store.definitions import NameKey, NameKind

CODE_GROUP_NAME_TAKEN = 310069


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks to define, and what in it could not be read."""

    draft: Draft
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Defined:
    """A group that is in force, and what its author should know."""

    organisation: Organisation
    group: TargetGroup
    warnings: tuple[str, ...]


async def define(database: Database, org_id: int, author: Author, asked: Asked, now: int) -> Defined:
    """Define what is *asked* for at *now* (epoch microseconds); raises Refused with all that is wrong with it."""

    async def work(transaction: Transaction) -> Defined:
        return await _define(transaction, org_id, author, asked, now)

    return await database.attempt(work)


async def _define(transaction: Transaction, org_id: int, author: Author, asked: Asked, now: int) -> Defined:
    # The lock makes definitions of one organisation follow each other: names cannot be taken in between.
    organisation = await organisations.lock(transaction, org_id)
    draft = with_periods(asked.draft, ruling_calendar(organisation, asked.draft.time_zone_name))
    examined = examine(draft, organisation, now)
    problems = beside(asked.problems, examined.problems + await _taken(transaction, org_id, draft))
    if problems:
        raise Refused(*problems)
    needed = {kind.value: count for kind, count in ids_needed(draft).items()}
    supply = {kind: iter(ids) for kind, ids in (await definitions.fresh_ids(transaction, needed)).items()}

    def ids(kind: IdKind) -> int:
        return next(supply[kind.value])

    group = drafted(draft, organisation, ids, author, now)
    await definitions.take(transaction, org_id, dict(_holders(group)))
    version = await organisations.raise_version(transaction, org_id)
    await definitions.add(transaction, org_id, group, version)
    unknown = await _unknown_names(transaction, org_id, group, version)
    return Defined(organisation, group, examined.warnings + unknown + unevaluable(group))


async def _unknown_names(transaction: Transaction, org_id: int, group: TargetGroup, version: int) -> tuple[str, ...]:
    """Tell which names in the group's expressions nothing bears yet: they may be given later, so this is no mistake."""
    if not any(named_in(target) for target in group.targets):
        return ()
    return tuple(unknown_names(group, await organisations.groups_at(transaction, org_id, version)))


async def _taken(transaction: Transaction, org_id: int, draft: Draft) -> tuple[Problem, ...]:
    sound = [(kind, path, name) for kind, path, name in _names(draft) if name and not any(name_problems(path, name))]
    named = [(NameKey(kind, name_key(name)), path) for kind, path, name in sound]
    taken = await definitions.taken(transaction, org_id, [key for key, _ in named])
    return tuple(_name_taken(key.kind, path) for key, path in named if key in taken)


def _name_taken(kind: NameKind, path: str) -> Problem:
    if kind is NameKind.GROUP:
        return Problem(path, "Target group name already exists", CODE_GROUP_NAME_TAKEN)
    return Problem(path, f"is the name of another {kind.value.replace('_', ' ')}")


def _names(draft: Draft) -> Iterator[tuple[NameKind, str, str | None]]:
    yield NameKind.GROUP, "name", draft.name
    for place, target in enumerate(draft.targets):
        yield NameKind.TARGET, f"targets[{place}].name", target.name
    for place, level in enumerate(draft.levels):
        yield NameKind.STREAK_LEVEL, f"streaks[{place}].name", level.name


def _holders(group: TargetGroup) -> Iterator[tuple[NameKey, int]]:
    yield NameKey(NameKind.GROUP, name_key(group.name)), group.id
    for target in group.targets:
        yield NameKey(NameKind.TARGET, name_key(target.name)), target.id
    for level in group.streak_levels:
        yield NameKey(NameKind.STREAK_LEVEL, name_key(level.name)), level.id
