"""Checks that names of groups, targets and levels are free in their organisation (facts 8 #57)."""

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
    """A name that a request asks for: its path in the request, and the kind of thing that is to bear it."""

    path: str
    kind: NameKind
    name: str


def key_of(kind: NameKind, name: str) -> NameKey:
    """Return the key that is equal for names that count as the same, such as `Gold` and `gold`."""
    return NameKey(kind, name_key(name))


async def taken_problems(transaction: Transaction, org_id: int, wanted: Iterable[WantedName]) -> tuple[Problem, ...]:
    """Return a problem for each wanted name that something else has; malformed names are reported elsewhere."""
    well_formed = [name for name in wanted if not any(name_problems(name.path, name.name))]
    taken = await definitions.names_taken(transaction, org_id, [key_of(name.kind, name.name) for name in well_formed])
    return tuple(_taken(name) for name in well_formed if key_of(name.kind, name.name) in taken)


async def unknown_warnings(transaction: Transaction, org_id: int, group: TargetGroup, version: int) -> tuple[str, ...]:
    """Return a warning for each name in the group's expressions that nothing bears yet.

    That is not an error, because a group of that name may be defined later.
    """
    if not any(references_in(target) for target in group.targets):
        return ()
    return tuple(unknown_names(group, await organisations.groups_at(transaction, org_id, version)))


def _taken(wanted: WantedName) -> Problem:
    if wanted.kind is NameKind.GROUP:
        return Problem(wanted.path, "Target group name already exists", CODE_GROUP_NAME_TAKEN)
    return Problem(wanted.path, f"is the name of another {wanted.kind.value.replace('_', ' ')}")
