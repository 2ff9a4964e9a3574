"""`/v2/customers/{id}/changeIdentifier`: names are added to a customer and taken away (docs/compatibility.md)."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from msgspec import Meta, Struct

from milepost.api.capillary.identifiers import read_identifier
from milepost.api.capillary.v2.customers.routes import IdentifierBody
from milepost.api.http.attribution import Posting
from milepost.api.http.authentication import RunningRuntime
from milepost.api.http.body import JsonResponse, holds_nul, id_of, read_body, read_json
from milepost.model.customer import Identifier, IdentifierKind
from milepost.model.problem import Problem, Refused
from milepost.service.customers.identifiers import change_identifiers
from milepost.service.customers.profile import NO_CUSTOMER

NAMES_MAX = 20
"""Names that one request adds, and that it takes away."""

router = APIRouter(tags=["customers"])


class NamesBody(Struct, rename="camel"):
    """The names to add and to take away; of a card's series and status nothing is kept."""

    add: Annotated[list[IdentifierBody], Meta(max_length=NAMES_MAX)] = []
    remove: Annotated[list[IdentifierBody], Meta(max_length=NAMES_MAX)] = []


@router.post("/v2/customers/{customer_id}/changeIdentifier", response_model=None)
async def change_identifier(
    customer_id: str, request: Request, runtime: RunningRuntime, posting: Posting
) -> JsonResponse:
    """Add names to a customer and take others away, all of it or nothing."""
    value = read_json(await read_body(request))
    problems: list[Problem] = []
    if not isinstance(value, dict):
        problems.append(Problem("", "must be a JSON object"))
    elif holds_nul(value):
        problems.append(Problem("", "a text holds the character U+0000"))
    elif not value.get("add") and not value.get("remove"):
        problems.append(Problem("", "neither add nor remove has a name"))
    if problems:
        raise Refused(*problems)
    added, removed = (read_names(value.get(field), field, problems) for field in ("add", "remove"))
    if problems:
        raise Refused(*problems)
    id_ = id_of(customer_id)
    if id_ is None:
        raise Refused(NO_CUSTOMER)
    changed = await change_identifiers(runtime, posting.caller, id_, added, removed)
    return JsonResponse({"createdId": changed.id, "warnings": [], "sideEffects": []})


def read_names(value: Any, field: str, problems: list[Problem], *, by_id: bool = False) -> list[Identifier]:
    """Return names that a list of `type` and `value` holds; one may stand alone. What is wrong goes to *problems*."""
    items = [] if value is None else value if isinstance(value, list) else [value]
    if len(items) > NAMES_MAX:
        problems.append(Problem(field, f"must not hold more than {NAMES_MAX} names"))
        return []
    found: list[Identifier] = []
    for place, item in enumerate(items):
        path = f"{field}[{place}]"
        if not isinstance(item, dict):
            problems.append(Problem(path, "must be an object with type and value"))
            continue
        name = read_identifier(item.get("type"), item.get("value"), problems, (f"{path}.type", f"{path}.value"))
        if name is not None and name.kind is IdentifierKind.ID and not by_id:
            problems.append(Problem(f"{path}.type", "id is no name that can be given or taken away"))
        elif name is not None:
            found.append(name)
    return found
