"""The headers DATA-SCOPE and DATA-SCOPE-ORG, by which a request asks about connected organisations (facts 7)."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Annotated, TypeVar

from fastapi import Depends, Request

from milepost.api.capillary.query import group_id_of
from milepost.api.http.authentication import CurrentCaller, RunningRuntime
from milepost.api.http.body import id_of
from milepost.model.organisation import Organisation
from milepost.model.problem import Problem, Refused
from milepost.model.target import TargetGroup
from milepost.service.definitions.group_queries import find_group
from milepost.service.definitions.participation import UNKNOWN_GROUP
from milepost.service.organisations.scopes import DataScope, organisation_written, organisations_read
from milepost.service.runtime.runtime import Runtime
from milepost.service.snapshot.access import Caller

Found = TypeVar("Found")

SCOPE, NAMED, ALSO_NAMED = "DATA-SCOPE", "DATA-SCOPE-ORG", "DATA-SCOPE-ORGS"
HEADERS = (SCOPE, NAMED)
"""One page of the vendor's writes the second in the plural; that is read as well."""


async def readers_of(request: Request, runtime: RunningRuntime, caller: CurrentCaller) -> list[Caller]:
    """Return the caller as of each organisation that a GET is about; raises Refused."""
    scope, named = _asked(request)
    found = await organisations_read(runtime, caller, scope, named)
    return [_as_of(caller, org_id) for org_id in found]


async def writer_of(request: Request, runtime: RunningRuntime, caller: CurrentCaller) -> Caller:
    """Return the caller as of the organisation that a POST is about; raises Refused."""
    scope, named = _asked(request)
    return _as_of(caller, await organisation_written(runtime, caller, scope, named))


ReadingFor = Annotated[list[Caller], Depends(readers_of)]
WritingFor = Annotated[Caller, Depends(writer_of)]


async def first_found(readers: Sequence[Caller], ask: Callable[[Caller], Awaitable[Found]]) -> Found:
    """Return what *ask* finds for the first of the organisations that has the target group; raises Refused."""
    for reader in readers[:-1]:
        try:
            return await ask(reader)
        except Refused as refused:
            if UNKNOWN_GROUP not in refused.problems:
                raise
    return await ask(readers[-1])


async def found_group(runtime: Runtime, readers: Sequence[Caller], group_id: str) -> tuple[Organisation, TargetGroup]:
    """Return a target group by its id in an address, with the first organisation that has it; raises Refused."""
    asked = group_id_of(group_id)
    return await first_found(
        readers, lambda reader: find_group(runtime.database, runtime.snapshots, reader.org_id, asked)
    )


def _as_of(caller: Caller, org_id: int) -> Caller:
    """Return *caller* acting for an organisation; another's till is at no place there."""
    return caller if org_id == caller.org_id else replace(caller, org_id=org_id, till_id=None)


def _asked(request: Request) -> tuple[DataScope, list[int]]:
    word = request.headers.get(SCOPE, DataScope.SELF.value).strip().upper()
    if word not in DataScope.__members__:
        raise Refused(Problem(SCOPE, f"must be one of {', '.join(DataScope.__members__)}"))
    text = request.headers.get(NAMED) or request.headers.get(ALSO_NAMED) or ""
    ids = [id_of(part.strip()) for part in text.split(",")] if text.strip() else []
    if None in ids:
        raise Refused(Problem(NAMED, "must be ids of organisations, parted by commas"))
    return DataScope[word], [one for one in ids if one is not None]
