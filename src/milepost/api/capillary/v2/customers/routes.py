"""`/v2/customers` and `/v2/requests`: register, change, find, show and merge customers (facts 3.8)."""

from collections.abc import Mapping

from fastapi import APIRouter, Request

from milepost.api.capillary.envelope import Json, warning_answers
from milepost.api.capillary.identifiers import read_identifier
from milepost.api.capillary.v2.customers.answer import (
    NO_STATUS_LABEL,
    CustomerIdAnswer,
    DetailsAnswer,
    MergeAnswer,
    MergesAnswer,
    RegistrationAnswer,
    details_answer,
    merges_answer,
    refused_merge,
    registration_answer,
)
from milepost.api.capillary.v2.customers.body import (
    ChangeBody,
    IdentifiersBody,
    RegistrationBody,
    read_change,
    read_identifier_change,
    read_registration,
)
from milepost.api.capillary.v2.customers.merge_body import MergeBody, read_merges, read_victim_and_survivor
from milepost.api.http.attribution import HEADERS, Posting
from milepost.api.http.authentication import CurrentCaller, RunningRuntime
from milepost.api.http.body import JsonResponse, id_of, read_body, read_json
from milepost.api.http.route import ADMIN, EVENTS, READ, READING, Body, Route
from milepost.model.customer import IdentifierKind
from milepost.model.problem import Problem, Refused
from milepost.service.customers.identifiers import change_identifiers
from milepost.service.customers.merge import merge_customers
from milepost.service.customers.profile import NO_CUSTOMER, change_customer, keep_customer
from milepost.service.customers.view import find_customer, view_customer
from milepost.service.runtime.runtime import Runtime
from milepost.service.snapshot.access import Caller

CUSTOMERS = "/v2/customers"
LOOKUP = "/v2/customers/lookup"
LOOKUP_DETAILS = "/v2/customers/lookup/customerDetails"
CUSTOMER = "/v2/customers/{customer_id}"
IDENTIFIERS = "/v2/customers/{customer_id}/changeIdentifier"
REQUESTS = "/v2/requests"

_DETAILS = Route(READ, DetailsAnswer, statuses=READING)
_MERGES = Body((MergeBody,), listed=True)

router = APIRouter(tags=["customers"])

ROUTES: Mapping[tuple[str, str], Route] = {
    ("post", CUSTOMERS): Route(EVENTS, RegistrationAnswer, Body((RegistrationBody,)), headers=HEADERS),
    ("put", CUSTOMER): Route(EVENTS, RegistrationAnswer, Body((ChangeBody,)), headers=HEADERS),
    ("get", CUSTOMERS): _DETAILS,
    ("get", LOOKUP_DETAILS): _DETAILS,
    ("get", LOOKUP): Route(READ, CustomerIdAnswer, statuses=READING),
    ("get", CUSTOMER): _DETAILS,
    ("post", IDENTIFIERS): Route(EVENTS, RegistrationAnswer, Body((IdentifiersBody,)), headers=HEADERS),
    ("post", REQUESTS): Route(ADMIN, MergesAnswer, _MERGES, query=("client_auto_approve",), headers=HEADERS),
}


@router.post(CUSTOMERS, response_model=None)
async def post_customer(request: Request, runtime: RunningRuntime, posting: Posting) -> JsonResponse:
    """Register a customer, or change the one that the identifiers name; `createdId` is the customer's id."""
    draft = read_registration(read_json(await read_body(request)))
    kept = await keep_customer(runtime, posting.caller, draft)
    return JsonResponse(registration_answer(kept.customer.id, NO_STATUS_LABEL if kept.is_new else None))


@router.put(CUSTOMER, response_model=None)
async def put_customer(customer_id: str, request: Request, runtime: RunningRuntime, posting: Posting) -> JsonResponse:
    """Change names, fields and loyalty type of a customer; identifiers are not changed by this call."""
    draft = read_change(read_json(await read_body(request)))
    changed = await change_customer(runtime, posting.caller, _id(customer_id), draft)
    return JsonResponse(registration_answer(changed.id))


@router.get(CUSTOMERS, response_model=None)
async def get_customer_named(
    runtime: RunningRuntime, caller: CurrentCaller, identifierName: str = "", identifierValue: str = ""
) -> JsonResponse:
    """Return all of the customer with this identifier."""
    return await _details(runtime, caller, await _identified(runtime, caller, identifierName, identifierValue))


@router.get(LOOKUP_DETAILS, response_model=None)
async def get_customer_details(
    runtime: RunningRuntime, caller: CurrentCaller, identifierName: str = "", identifierValue: str = ""
) -> JsonResponse:
    """Return all of the customer with this identifier, at the vendor's newer address."""
    return await _details(runtime, caller, await _identified(runtime, caller, identifierName, identifierValue))


@router.get(LOOKUP, response_model=None)
async def get_customer_id(
    runtime: RunningRuntime, caller: CurrentCaller, identifierName: str = "", identifierValue: str = ""
) -> JsonResponse:
    """Return the id of the customer with this identifier."""
    customer_id = await _identified(runtime, caller, identifierName, identifierValue)
    return JsonResponse(CustomerIdAnswer(entity=customer_id, warnings=warning_answers()))


@router.get(CUSTOMER, response_model=None)
async def get_customer(customer_id: str, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Return all of the customer with this id."""
    return await _details(runtime, caller, _id(customer_id))


@router.post(IDENTIFIERS, response_model=None)
async def change_identifier(
    customer_id: str, request: Request, runtime: RunningRuntime, posting: Posting
) -> JsonResponse:
    """Add identifiers to a customer and remove others; either all of it is done or nothing."""
    added, removed = read_identifier_change(read_json(await read_body(request)))
    changed = await change_identifiers(runtime, posting.caller, _id(customer_id), added, removed)
    return JsonResponse(registration_answer(changed.id))


@router.post(REQUESTS, response_model=None)
async def post_requests(request: Request, runtime: RunningRuntime, posting: Posting) -> JsonResponse:
    """Merge customers, one pair for each request; each is answered by itself and needs no approval."""
    items = read_merges(read_json(await read_body(request)))
    return JsonResponse(merges_answer([await _merge(runtime, posting.caller, item) for item in items]))


async def _merge(runtime: Runtime, caller: Caller, item: Json) -> MergeAnswer:
    try:
        victim, survivor = read_victim_and_survivor(item)
        merge = await merge_customers(runtime, caller, victim, survivor)
    except Refused as refused:
        return refused_merge(refused.problems)
    return MergeAnswer(entity_id=merge.id, warnings=warning_answers(), result=True)


async def _identified(runtime: Runtime, caller: Caller, name: str, value: str) -> int:
    """Return the id of the customer with an identifier; raises Refused."""
    problems: list[Problem] = []
    identifier = read_identifier(name, value, problems)
    if problems or identifier is None:
        raise Refused(*problems)
    if identifier.kind is IdentifierKind.ID:
        return int(identifier.value)
    customer_id = await find_customer(runtime.database, caller.org_id, identifier)
    if customer_id is None:
        raise Refused(NO_CUSTOMER)
    return customer_id


async def _details(runtime: Runtime, caller: Caller, customer_id: int) -> JsonResponse:
    view = await view_customer(runtime.database, runtime.snapshots, caller.org_id, customer_id)
    if view is None:
        raise Refused(NO_CUSTOMER)
    return JsonResponse(details_answer(view))


def _id(text: str) -> int:
    id_ = id_of(text)
    if id_ is None:
        raise Refused(NO_CUSTOMER)
    return id_
