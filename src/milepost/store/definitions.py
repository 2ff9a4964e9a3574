"""Definitions: their ids, their names, and every version of each group."""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import NamedTuple

from milepost.model.target import TargetGroup
from milepost.model.time import Micros
from milepost.store import codec
from milepost.store.database import Transaction
from milepost.store.scheduled import jobs


class NameKind(Enum):
    """The kinds of object whose names are unique per kind within an organisation (facts 8 #57)."""

    GROUP = "group"
    TARGET = "target"
    STREAK_LEVEL = "streak_level"


class NameKey(NamedTuple):
    """A name by its comparison key. Names with equal keys are the same name."""

    kind: NameKind
    key: str


async def names_taken(transaction: Transaction, org_id: int, names: Sequence[NameKey]) -> frozenset[NameKey]:
    """Return those of *names* that are taken."""
    values = {"org_id": org_id, "kinds": [name.kind.value for name in names], "keys": [name.key for name in names]}
    return frozenset(NameKey(NameKind(kind), key) for kind, key in await transaction.rows("names_taken", values))


async def reserve_names(transaction: Transaction, org_id: int, names: Mapping[NameKey, int]) -> None:
    """Reserve free *names* for the ids that they map to. The caller has locked the organisation."""
    await transaction.run("reserve_names", _names(org_id, names))


async def fresh_ids(transaction: Transaction, needed: Mapping[str, int]) -> dict[str, list[int]]:
    """Return new ids, ascending, by kind (`group`, `period`, …); *needed* holds the number of ids of each kind."""
    kinds = {f"{kind}_id_seq": kind for kind in needed}
    ids_by_kind: dict[str, list[int]] = {kind: [] for kind in needed}
    values = {"sequences": list(kinds), "counts": list(needed.values())}
    for sequence, id_ in await transaction.rows("fresh_definition_ids", values):
        ids_by_kind[kinds[sequence]].append(id_)
    return {kind: sorted(ids) for kind, ids in ids_by_kind.items()}


async def advance_ids_beyond(transaction: Transaction, kind: str, id_: int) -> None:
    """Make all later new ids of a kind greater than *id_*."""
    await transaction.rows("advance_ids_beyond", {"sequence": f"{kind}_id_seq", "least": id_})


async def rename(transaction: Transaction, org_id: int, names: Mapping[NameKey, int]) -> None:
    """Change the names of the ids in *names* to the free names that map to them.

    The caller has locked the organisation.
    """
    await transaction.run("rename_holders", _names(org_id, names))


async def newest(transaction: Transaction, org_id: int, group_id: int) -> TargetGroup | None:
    """Return the newest version of a group, None if the organisation never had a group with this id."""
    row = await transaction.row("newest_group", {"org_id": org_id, "group_id": group_id})
    return None if row is None else codec.decode_group(row[0])


async def versions_of(transaction: Transaction, org_id: int, group_id: int) -> list[tuple[int, Micros]]:
    """Return the versions of a group, latest first, each with the instant at which it was made (epoch microseconds)."""
    rows = await transaction.rows("versions_of_group", {"org_id": org_id, "group_id": group_id})
    return [(version, Micros(made_at)) for version, made_at in rows]


async def add(transaction: Transaction, org_id: int, group: TargetGroup, version: int) -> None:
    """Add *group* as it is in force from *version* on, and request jobs that enrol the members of its audiences."""
    await save_version(transaction, org_id, group, version)
    await jobs.request_enrolments(transaction, org_id, group)


async def all_versions(transaction: Transaction, org_id: int) -> list[tuple[int, TargetGroup]]:
    """Return every version of every group of an organisation, each with the number of the version."""
    rows = await transaction.rows("all_group_versions", {"org_id": org_id})
    return [(version, codec.decode_group(body)) for version, body in rows]


async def rewrite(transaction: Transaction, org_id: int, group: TargetGroup, version: int) -> None:
    """Replace what is stored of a version of *group*; only a change of the organisation's zone does that."""
    values = {"org_id": org_id, "group_id": group.id, "version": version, "body": codec.encode_group(group)}
    await transaction.run("rewrite_group_version", values)


async def save_version(transaction: Transaction, org_id: int, group: TargetGroup, version: int) -> None:
    """Add *group* as a version that differs in nothing that enrols anybody."""
    values = {"org_id": org_id, "group_id": group.id, "version": version, "body": codec.encode_group(group)}
    await transaction.run("add_group_version", values | {"made_at": _made_at(group)})


def _made_at(group: TargetGroup) -> Micros:
    """Return when this version of *group* was made: when the group or one of its parts was changed last."""
    of_parts = [*(period.attribution for period in group.periods), *(target.attribution for target in group.targets)]
    return max(one.updated_at for one in (group.attribution, *of_parts) if one is not None)


def _names(org_id: int, names: Mapping[NameKey, int]) -> dict[str, object]:
    return {
        "org_id": org_id,
        "kinds": [name.kind.value for name in names],
        "keys": [name.key for name in names],
        "holders": list(names.values()),
    }
