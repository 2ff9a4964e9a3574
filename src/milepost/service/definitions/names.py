"""Names of definitions: each is free or taken, and belongs to one group, target or level (facts 8 #57)."""

from collections.abc import Iterable
from typing import NamedTuple

from milepost.model.names import name_key
from milepost.model.problem import Problem
from milepost.model.target import TargetGroup
from milepost.rules.compiled.references import references_in, unknown_names
from milepost.rules.definition.naming import name_problems
from milepost.store import definitions, organisations
from milepost.store.database import Transaction
from milepost.store.definitions import NameKey, NameKind

CODE_GROUP_NAME_TAKEN = 310069


class WantedName(NamedTuple):
    """A name that is asked for: where, and for what."""

    path: str
    kind: NameKind
    name: str


def key_of(kind: NameKind, name: str) -> NameKey:
    """Return what names that are the same have in common."""
    return NameKey(kind, name_key(name))


async def taken_problems(transaction: Transaction, org_id: int, asked: Iterable[WantedName]) -> tuple[Problem, ...]:
    """Return a problem for each name asked for that belongs to something else already."""
    sound = [one for one in asked if not any(name_problems(one.path, one.name))]
    taken = await definitions.names_taken(transaction, org_id, [key_of(one.kind, one.name) for one in sound])
    return tuple(_taken(one) for one in sound if key_of(one.kind, one.name) in taken)


async def unknown_warnings(transaction: Transaction, org_id: int, group: TargetGroup, version: int) -> tuple[str, ...]:
    """Tell which names in the group's expressions nothing bears yet: they may be given later, so this is no mistake."""
    if not any(references_in(target) for target in group.targets):
        return ()
    return tuple(unknown_names(group, await organisations.groups_at(transaction, org_id, version)))


def _taken(wanted: WantedName) -> Problem:
    if wanted.kind is NameKind.GROUP:
        return Problem(wanted.path, "Target group name already exists", CODE_GROUP_NAME_TAKEN)
    return Problem(wanted.path, f"is the name of another {wanted.kind.value.replace('_', ' ')}")
