"""Finding a customer, how leaderboards show a customer, and a customer's data: taking them out, and erasing them."""

from collections.abc import Mapping

from fastapi import APIRouter, HTTPException, Request
from msgspec import UNSET

from milepost.api.http.authentication import CurrentCaller, RunningRuntime
from milepost.api.http.body import JsonResponse, read_body
from milepost.api.http.route import ADMIN, EVENTS, READ, READING, READING_ONE, Body, Route
from milepost.api.native.answer import Page
from milepost.api.native.customers.answer import (
    CustomerItem,
    DisplayItem,
    WaitingReturnItem,
    customer_item,
    display_item,
)
from milepost.api.native.customers.body import DisplayBody, ErasureBody, alias_of
from milepost.api.native.customers.record_answer import (
    CustomerExport,
    ErasureItem,
    customer_export,
    erasure_item,
)
from milepost.api.native.identifiers import EXTERNAL_NAMES, VALUE_CHARACTERS_MAX
from milepost.api.native.path import path_id, view_of
from milepost.api.native.structure import read_struct
from milepost.model.customer import Identifier, IdentifierKind
from milepost.model.problem import Problem, Refused
from milepost.service.customers.erasure import ErasureRequest, erase_customer
from milepost.service.customers.profile import change_display
from milepost.service.customers.record import read_record
from milepost.service.customers.view import find_customer

router = APIRouter(prefix="/api/v1", tags=["customers"])


@router.get("/customers", response_model=None)
async def get_customers(request: Request, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Return the customer with one identifier, such as externalId or mobile, in a list; without one it is empty."""
    parameters = request.query_params.multi_items()
    if len(parameters) != 1 or parameters[0][0] not in EXTERNAL_NAMES:
        raise Refused(Problem("", f"give exactly one of {', '.join(EXTERNAL_NAMES)}"))
    name, value = parameters[0]
    if len(value) > VALUE_CHARACTERS_MAX or "\0" in value:
        raise Refused(Problem(name, f"must have at most {VALUE_CHARACTERS_MAX} characters, none of them U+0000"))
    kind = EXTERNAL_NAMES[name]
    identifier = Identifier(kind, value.lower() if kind is IdentifierKind.EMAIL else value)
    customer_id = await find_customer(runtime.database, caller.org_id, identifier)
    items = [] if customer_id is None else [customer_item(customer_id, name, value)]
    return JsonResponse(Page(items, None))


@router.patch("/customers/{customer_id}", response_model=None)
async def change_customer_display(
    customer_id: str, request: Request, runtime: RunningRuntime, caller: CurrentCaller
) -> JsonResponse:
    """Set a customer's alias for leaderboards, or hide the customer there."""
    id_ = path_id(customer_id, "customer")
    body = read_struct(await read_body(request), DisplayBody)
    hidden = None if body.hidden is UNSET else body.hidden
    customer = await change_display(runtime, caller, id_, alias=alias_of(body), hidden=hidden)
    if customer is None:
        raise HTTPException(404, f"there is no customer {id_}")
    return JsonResponse(display_item(customer))


@router.get("/customers/{customer_id}/waiting-returns", response_model=None)
async def get_waiting_returns(customer_id: str, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Return the returns and reversals of the customer that have not found what they name, in the order of receipt."""
    view = await view_of(runtime, caller, customer_id)
    items = [
        WaitingReturnItem(source=one.key.source, id=one.key.id, original=one.original) for one in view.standing.waiting
    ]
    return JsonResponse(Page(items, None))


@router.post("/customers/{customer_id}/erasure", response_model=None)
async def erase(customer_id: str, request: Request, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Erase a customer and everything that the customer did; it cannot be undone.

    Sent again, it returns the erasure as it was recorded.
    """
    id_ = path_id(customer_id, "customer")
    body = read_struct(await read_body(request), ErasureBody)
    erased = await erase_customer(
        runtime,
        ErasureRequest(
            org_id=caller.org_id,
            customer_id=id_,
            actor=caller.author.code,
            reference=body.reference,
            at=runtime.clock(),
        ),
    )
    if erased is None:
        raise HTTPException(404, f"there is no customer {id_}")
    return JsonResponse(erasure_item(erased))


@router.get("/customers/{customer_id}/export", response_model=None)
async def export(customer_id: str, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Return everything that is stored of a customer, to be handed to the person."""
    id_ = path_id(customer_id, "customer")
    records = await read_record(runtime, caller.org_id, id_)
    if not records:
        raise HTTPException(404, f"there is no customer {id_}")
    return JsonResponse(customer_export(records, runtime.clock()))


ROUTES: Mapping[tuple[str, str], Route] = {
    ("get", "/api/v1/customers"): Route(READ, Page[CustomerItem], query=tuple(EXTERNAL_NAMES), statuses=READING),
    ("patch", "/api/v1/customers/{customer_id}"): Route(
        EVENTS, DisplayItem, Body((DisplayBody,)), statuses=("400", "401", "404", "413", "503")
    ),
    ("get", "/api/v1/customers/{customer_id}/waiting-returns"): Route(
        READ, Page[WaitingReturnItem], statuses=READING_ONE
    ),
    ("post", "/api/v1/customers/{customer_id}/erasure"): Route(
        ADMIN, ErasureItem, Body((ErasureBody,)), statuses=("400", "401", "404", "413", "503")
    ),
    ("get", "/api/v1/customers/{customer_id}/export"): Route(ADMIN, CustomerExport, statuses=READING_ONE),
}
