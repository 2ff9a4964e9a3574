"""Finding customers by the names they are known by."""

from fastapi import APIRouter, Request

from milepost.api.http.authentication import CurrentCaller, RunningRuntime
from milepost.api.http.body import JsonResponse
from milepost.model.customer import Identifier, IdentifierKind
from milepost.model.problem import Problem, Refused
from milepost.service.customers.view import find_customer

_KINDS = {kind.value: kind for kind in IdentifierKind if kind is not IdentifierKind.ID}
VALUE_CHARACTERS_MAX = 200

router = APIRouter(prefix="/api/v1", tags=["customers"])


@router.get("/customers", response_model=None)
async def get_customers(request: Request, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Return the customer that one name, such as externalId or mobile, leads to; no customer is an empty list."""
    named = [(name, value) for name, value in request.query_params.multi_items() if name in _KINDS]
    if len(named) != 1 or len(request.query_params) != 1:
        raise Refused(Problem("", f"give exactly one of {', '.join(_KINDS)}"))
    name, value = named[0]
    if len(value) > VALUE_CHARACTERS_MAX or "\0" in value:
        raise Refused(Problem(name, f"must have at most {VALUE_CHARACTERS_MAX} characters, none of them U+0000"))
    kind = _KINDS[name]
    identifier = Identifier(kind, value.lower() if kind is IdentifierKind.EMAIL else value)
    customer_id = await find_customer(runtime.database, caller.org_id, identifier)
    items = [] if customer_id is None else [{"id": customer_id, name: value}]
    return JsonResponse({"items": items, "nextCursor": None})
