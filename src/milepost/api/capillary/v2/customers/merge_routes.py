"""`/v2/requests`: the vendor's call for merging two customers, done at once (docs/compatibility.md)."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from msgspec import UNSET, Meta, Struct, UnsetType

from milepost.api.capillary.answer import BillError
from milepost.api.capillary.envelope import INVALID_INPUT, Json
from milepost.api.capillary.v2.customers.identifier_routes import read_names
from milepost.api.capillary.v2.customers.routes import IdentifierBody
from milepost.api.http.attribution import Posting
from milepost.api.http.authentication import RunningRuntime
from milepost.api.http.body import JsonResponse, holds_nul, read_body, read_json
from milepost.model.customer import Identifier
from milepost.model.problem import Problem, Refused
from milepost.service.customers.merge import merge_customers
from milepost.service.runtime.runtime import Runtime
from milepost.service.snapshot.access import Caller

TYPE, BASE_TYPE = "CHANGE_IDENTIFIER", "MERGE"
REQUESTS_MAX = 50
"""Requests in one call."""

WRONG_TYPE, WRONG_BASE_TYPE = 9006, 9008
WRONG_COUNT, NO_NAMES = 9041, 9043

router = APIRouter(tags=["customers"])

One = Annotated[list[IdentifierBody], Meta(min_length=1, max_length=1)]


class NamesOfBoth(Struct, rename="camel"):
    """The survivor's name, to which something is added, and the victim's, which goes."""

    add: One
    remove: One


class ChangeRequest(Struct, rename="camel"):
    """Whom a request is about."""

    change_identifiers: NamesOfBoth


class MergeRequest(Struct, rename="camel"):
    """A request to merge two customers; more than what is listed here may stand in it and is not looked at."""

    type: str
    base_type: str
    change_identifier_request: ChangeRequest


class RequestItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """What became of one request; `entityId` is null when it was refused."""

    entity_id: int | None
    warnings: list[Any]
    result: bool | UnsetType = UNSET
    errors: list[BillError] | UnsetType = UNSET


class RequestsAnswer(Struct, forbid_unknown_fields=True, rename="camel"):
    """What became of each request, and how many failed."""

    response: list[RequestItem]
    total_count: int
    failure_count: int


@router.post("/v2/requests", response_model=None)
async def post_requests(request: Request, runtime: RunningRuntime, posting: Posting) -> JsonResponse:
    """Merge customers, one pair for each request; each is answered by itself, and approved at once, asked to or not."""
    value = read_json(await read_body(request))
    items = value if isinstance(value, list) else [value]
    problems: list[Problem] = []
    if holds_nul(value):
        problems.append(Problem("", "a text holds the character U+0000"))
    if not items or not all(isinstance(item, dict) for item in items):
        problems.append(Problem("", "the body must be a request or a list of requests"))
    if len(items) > REQUESTS_MAX:
        problems.append(Problem("", f"a call may hold {REQUESTS_MAX} requests"))
    if problems:
        raise Refused(*problems)
    told = [await _merged(runtime, posting.caller, item) for item in items]
    failed = sum(one["entityId"] is None for one in told)
    return JsonResponse({"response": told, "totalCount": len(told), "failureCount": failed})


async def _merged(runtime: Runtime, caller: Caller, item: Json) -> Json:
    try:
        victim, survivor = _named(item)
        merger = await merge_customers(runtime, caller, victim, survivor)
    except Refused as refused:
        return {"entityId": None, "warnings": [], "errors": [_error(problem) for problem in refused.problems]}
    return {"entityId": merger.id, "warnings": [], "result": True}


def _error(problem: Problem) -> Json:
    where = f"{problem.path}: " if problem.path and problem.code == INVALID_INPUT else ""
    return {"status": False, "code": problem.code, "message": where + problem.reason}


def _named(item: Json) -> tuple[Identifier, Identifier]:
    """Return victim and survivor as a request names them; raises Refused with all that is wrong."""
    problems: list[Problem] = []
    if item.get("type") != TYPE:
        problems.append(Problem("type", f"Request Type is invalid: only {TYPE} is taken", WRONG_TYPE))
    if item.get("baseType") != BASE_TYPE:
        problems.append(
            Problem("baseType", f"Request Base Type is invalid: only {BASE_TYPE} is taken", WRONG_BASE_TYPE)
        )
    about = item.get("changeIdentifierRequest")
    names = about.get("changeIdentifiers") if isinstance(about, dict) else None
    if not isinstance(names, dict):
        path = "changeIdentifierRequest.changeIdentifiers"
        raise Refused(*problems, Problem(path, f"No request identifiers found: {path} is missing", NO_NAMES))
    found = [read_names(names.get(field), field, problems, by_id=True) for field in ("remove", "add")]
    if not problems and [len(one) for one in found] != [1, 1]:
        reason = "Invalid identifiers count: add names the survivor, remove the victim, each by one name"
        problems.append(Problem("changeIdentifiers", reason, WRONG_COUNT))
    if problems:
        raise Refused(*problems)
    return found[0][0], found[1][0]
