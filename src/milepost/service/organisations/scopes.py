"""Finds the organisations whose data a request is about, where organisations are connected (facts 7)."""

from collections.abc import Sequence
from enum import Enum

from milepost.model.problem import Problem, Refused
from milepost.service.runtime.runtime import Runtime
from milepost.service.snapshot.access import Caller
from milepost.store import organisations
from milepost.store.organisations import Family
from milepost.store.sql.visibility import ALL

ORGANISATIONS_MAX = 2
"""How many children a scope may hold."""


class DataScope(Enum):
    """Whose data a request asks for: the caller's organisation, others of its family, or all of the family."""

    SELF = "SELF"
    OTHER = "OTHER"
    ALL = "ALL"


ALL_READS_ONLY = Problem("DATA-SCOPE", "Datascope 'ALL' is not supported for this 'API'", 310141)
NOT_NAMED = Problem("DATA-SCOPE-ORG", "Connected organisations are not set in the headers", 310144)


async def organisations_read(
    runtime: Runtime, caller: Caller, scope: DataScope, named: Sequence[int]
) -> tuple[int, ...]:
    """Return the ids of the organisations that a reading request is about; *named* are those that it names.

    A parent may read itself and its children. A child may read itself, and with ALL its parent too. Raises Refused.
    """
    if scope is DataScope.SELF:
        return (caller.org_id,)
    family = await _family(runtime, caller)
    if scope is DataScope.OTHER:
        return _named(named, family.children or (caller.org_id,))
    if len(family.children) > ORGANISATIONS_MAX:
        reason = f"ALL is for at most {ORGANISATIONS_MAX} children; this organisation has {len(family.children)}"
        raise Refused(Problem("DATA-SCOPE", reason))
    return (*(() if family.parent_id is None else (family.parent_id,)), caller.org_id, *family.children)


async def organisation_written(runtime: Runtime, caller: Caller, scope: DataScope, named: Sequence[int]) -> int:
    """Return the organisation that a writing request is about: the caller's own, or one of its children.

    Raises Refused.
    """
    if scope is DataScope.ALL:
        raise Refused(ALL_READS_ONLY)
    if scope is DataScope.SELF:
        return caller.org_id
    children = _named(named, (await _family(runtime, caller)).children)
    if len(children) > 1:
        raise Refused(Problem("DATA-SCOPE-ORG", "must be one organisation for a request that writes"))
    return children[0]


async def _family(runtime: Runtime, caller: Caller) -> Family:
    async with runtime.database.reading(ALL) as reading:
        return await organisations.family(reading, caller.org_id)


def _named(named: Sequence[int], allowed: Sequence[int]) -> tuple[int, ...]:
    if not named:
        raise Refused(NOT_NAMED)
    if len(named) > ORGANISATIONS_MAX:
        raise Refused(Problem("DATA-SCOPE-ORG", f"must be at most {ORGANISATIONS_MAX} organisations"))
    outside = [org_id for org_id in named if org_id not in allowed]
    if outside:
        raise Refused(outside_the_family("DATA-SCOPE-ORG", *outside))
    return tuple(dict.fromkeys(named))


def outside_the_family(path: str, *org_ids: object) -> Problem:
    """Return the problem that organisations named at *path* do not belong to the caller's family."""
    return Problem(path, f"Organisations are not in the hierarchy: {', '.join(map(str, org_ids))}", 51512)
