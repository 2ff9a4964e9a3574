"""Definitions: their ids, their names, and each version of them whole."""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import NamedTuple

from milepost.model.target import TargetGroup
from milepost.store import codec, jobs
from milepost.store.database import Transaction


class NameKind(Enum):
    """What carries a name that no other of its kind in the organisation may have (facts 8 #57)."""

    GROUP = "group"
    TARGET = "target"
    STREAK_LEVEL = "streak_level"


class NameKey(NamedTuple):
    """A name as it is compared: equal keys are the same name."""

    kind: NameKind
    key: str


async def taken(transaction: Transaction, org_id: int, names: Sequence[NameKey]) -> frozenset[NameKey]:
    """Return those of *names* that are taken."""
    values = {"org_id": org_id, "kinds": [name.kind.value for name in names], "keys": [name.key for name in names]}
    return frozenset(NameKey(NameKind(kind), key) for kind, key in await transaction.rows("taken_names", values))


async def take(transaction: Transaction, org_id: int, names: Mapping[NameKey, int]) -> None:
    """Take free *names* for the ids that hold them; the organisation is locked."""
    await transaction.run("take_names", _names(org_id, names))


async def fresh_ids(transaction: Transaction, needed: Mapping[str, int]) -> dict[str, list[int]]:
    """Return as many ids of each kind (`group`, `period`, …) as are needed, ascending."""
    kinds = {f"{kind}_id_seq": kind for kind in needed}
    found: dict[str, list[int]] = {kind: [] for kind in needed}
    values = {"sequences": list(kinds), "counts": list(needed.values())}
    for sequence, id_ in await transaction.rows("fresh_definition_ids", values):
        found[kinds[sequence]].append(id_)
    return {kind: sorted(ids) for kind, ids in found.items()}


async def keep_ids_above(transaction: Transaction, kind: str, id_: int) -> None:
    """See to it that ids of a kind that are handed out from now on are greater than *id_*."""
    await transaction.rows("keep_ids_above", {"sequence": f"{kind}_id_seq", "least": id_})


async def rename(transaction: Transaction, org_id: int, names: Mapping[NameKey, int]) -> None:
    """Let ids that hold a name hold a free one of *names* instead; the organisation is locked."""
    await transaction.run("move_names", _names(org_id, names))


async def newest(transaction: Transaction, org_id: int, group_id: int) -> TargetGroup | None:
    """Return a group as it is in force now; None if the organisation never had one with this id."""
    row = await transaction.row("group_now", {"org_id": org_id, "group_id": group_id})
    return None if row is None else codec.decode_group(row[0])


async def add(transaction: Transaction, org_id: int, group: TargetGroup, version: int) -> None:
    """Write *group* as it is in force from *version* on; who is in the audiences it names is to be enrolled."""
    values = {"org_id": org_id, "group_id": group.id, "version": version, "body": codec.encode_group(group)}
    await transaction.run("add_group_version", values)
    await jobs.follow_audiences(transaction, org_id, group)


def _names(org_id: int, names: Mapping[NameKey, int]) -> dict[str, object]:
    return {
        "org_id": org_id,
        "kinds": [name.kind.value for name in names],
        "keys": [name.key for name in names],
        "holders": list(names.values()),
    }
