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
from milepost.service.snapshot.current_request import answer_for

Result = TypeVar("Result")

SCOPE, ORGANISATIONS, ORGANISATIONS_PLURAL = "DATA-SCOPE", "DATA-SCOPE-ORG", "DATA-SCOPE-ORGS"
HEADERS = (SCOPE, ORGANISATIONS)
"""One page of the vendor's writes the second in the plural; that is read as well."""


async def readers_of(request: Request, runtime: RunningRuntime, caller: CurrentCaller) -> list[Caller]:
    """Return *caller* once for each organisation that a GET is about, acting for it; raises Refused."""
    scope, named_ids = _scope_of(request)
    org_ids = await organisations_read(runtime, caller, scope, named_ids)
    answer_for(caller.org_id, *org_ids)
    return [_acting_for(caller, org_id) for org_id in org_ids]


async def writer_of(request: Request, runtime: RunningRuntime, caller: CurrentCaller) -> Caller:
    """Return *caller* acting for the organisation that a POST is about; raises Refused."""
    scope, named_ids = _scope_of(request)
    org_id = await organisation_written(runtime, caller, scope, named_ids)
    answer_for(caller.org_id, org_id)
    return _acting_for(caller, org_id)


ReadingFor = Annotated[list[Caller], Depends(readers_of)]
WritingFor = Annotated[Caller, Depends(writer_of)]


async def first_found(readers: Sequence[Caller], ask: Callable[[Caller], Awaitable[Result]]) -> Result:
    """Return the result of *ask* for the first organisation that has the target group; raises Refused."""
    for reader in readers[:-1]:
        try:
            return await ask(reader)
        except Refused as refused:
            if UNKNOWN_GROUP not in refused.problems:
                raise
    return await ask(readers[-1])


async def find_group_by_text(
    runtime: Runtime, readers: Sequence[Caller], group_id: str
) -> tuple[Organisation, TargetGroup]:
    """Return the target group whose id an address names, and the first organisation that has it; raises Refused."""
    id_ = group_id_of(group_id)
    return await first_found(
        readers, lambda reader: find_group(runtime.database, runtime.snapshots, reader.org_id, id_)
    )


def _acting_for(caller: Caller, org_id: int) -> Caller:
    """Return *caller* acting for an organisation; in another organisation than its own a till has no place."""
    return caller if org_id == caller.org_id else replace(caller, org_id=org_id, till_id=None)


def _scope_of(request: Request) -> tuple[DataScope, list[int]]:
    """Return the scope and the ids of organisations that the headers name; raises Refused."""
    word = request.headers.get(SCOPE, DataScope.SELF.value).strip().upper()
    if word not in DataScope.__members__:
        raise Refused(Problem(SCOPE, f"must be one of {', '.join(DataScope.__members__)}"))
    text = request.headers.get(ORGANISATIONS) or request.headers.get(ORGANISATIONS_PLURAL) or ""
    ids = [id_of(part.strip()) for part in text.split(",")] if text.strip() else []
    if None in ids:
        raise Refused(Problem(ORGANISATIONS, "must be ids of organisations, separated by commas"))
    return DataScope[word], [id_ for id_ in ids if id_ is not None]
