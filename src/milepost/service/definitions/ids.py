"""Ids for groups, targets, periods and levels that are defined."""

from collections.abc import Mapping

from milepost.rules.definition.build import IdKind, Ids
from milepost.store import definitions
from milepost.store.database import Transaction


async def fresh_ids(transaction: Transaction, needed: Mapping[IdKind, int]) -> Ids:
    """Reserve as many new ids of each kind as are *needed*; return a function that hands them out one by one."""
    reserved = await definitions.fresh_ids(transaction, {kind.value: count for kind, count in needed.items()})
    supply = {kind: iter(ids) for kind, ids in reserved.items()}

    def ids(kind: IdKind) -> int:
        return next(supply[kind.value])

    return ids
