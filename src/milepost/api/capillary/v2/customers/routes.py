"""`/v2/customers`: register a customer, change a known one, find one by a name, give all of one (facts 3.8)."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Request
from msgspec import Meta, Struct

from milepost.api.capillary.identifiers import read_identifier
from milepost.api.capillary.v2.customers.details import details_shown
from milepost.api.http.attribution import Posting
from milepost.api.http.authentication import CurrentCaller, RunningRuntime
from milepost.api.http.body import JsonResponse, holds_nul, id_of, read_body, read_json
from milepost.api.native.structure import structure_problems
from milepost.model.customer import LOYALTY_TYPE, Identifier, IdentifierKind
from milepost.model.event import Scalar
from milepost.model.problem import Problem, Refused
from milepost.service.customers.profile import NO_CUSTOMER, CustomerDraft, change_customer, keep_customer
from milepost.service.customers.view import find_customer, view_customer
from milepost.service.runtime.runtime import Runtime
from milepost.service.snapshot.access import Caller

NO_STATUS_LABEL = {"status": False, "code": 8107, "message": "Default customer status label not set"}
"""The warning that the vendor gives with nearly every registration (facts 6)."""

Short = Annotated[str, Meta(min_length=1, max_length=200)]
_KINDS = {kind.value: kind for kind in IdentifierKind if kind is not IdentifierKind.ID}

router = APIRouter(tags=["customers"])


class IdentifierBody(Struct, rename="camel"):
    """A name by which the customer is known."""

    type: Short
    value: Short


class ProfileBody(Struct, rename="camel"):
    """One profile; more than what is listed here may stand in it and is not kept."""

    identifiers: Annotated[list[IdentifierBody], Meta(max_length=20)] = []
    first_name: Annotated[str, Meta(max_length=200)] | None = None
    last_name: Annotated[str, Meta(max_length=200)] | None = None
    fields: dict[str, Any] = {}
    comm_channels: list[Any] = []
    source: str | None = None
    account_id: str | None = None


class RegisteredProfileBody(ProfileBody):
    """A profile that names whom it is of."""

    identifiers: Annotated[list[IdentifierBody], Meta(min_length=1, max_length=20)]


class RegistrationBody(Struct, rename="camel"):
    """What a registration says."""

    profiles: Annotated[list[RegisteredProfileBody], Meta(min_length=1, max_length=1)]
    loyalty_info: dict[str, Any] = {}
    associated_with: str | None = None
    extended_fields: dict[str, Any] = {}


class ChangeBody(Struct, rename="camel"):
    """What a change of a profile says; identifiers may stand in it and stay as they are."""

    profiles: Annotated[list[ProfileBody], Meta(min_length=1, max_length=1)]
    loyalty_info: dict[str, Any] = {}
    associated_with: str | None = None
    extended_fields: dict[str, Any] = {}


@router.post("/v2/customers", response_model=None)
async def post_customer(request: Request, runtime: RunningRuntime, posting: Posting) -> JsonResponse:
    """Register a customer, or change the one that the identifiers name; `createdId` is the customer's id."""
    draft = _draft(read_json(await read_body(request)), RegistrationBody, RegisteredProfileBody)
    kept = await keep_customer(runtime, posting.caller, draft)
    return JsonResponse(_shown(kept.customer.id, NO_STATUS_LABEL if kept.is_new else None))


@router.put("/v2/customers/{customer_id}", response_model=None)
async def put_customer(customer_id: str, request: Request, runtime: RunningRuntime, posting: Posting) -> JsonResponse:
    """Change names, fields and loyalty type of a customer; identifiers are not changed by this call."""
    draft = _draft(read_json(await read_body(request)), ChangeBody, ProfileBody)
    changed = await change_customer(runtime, posting.caller, _id(customer_id), draft)
    return JsonResponse(_shown(changed.id, None))


@router.get("/v2/customers", response_model=None)
async def get_customer_named(
    runtime: RunningRuntime, caller: CurrentCaller, identifierName: str = "", identifierValue: str = ""
) -> JsonResponse:
    """Return all of the customer that one of the names of customers leads to."""
    return await _details(runtime, caller, await _named(runtime, caller, identifierName, identifierValue))


@router.get("/v2/customers/lookup/customerDetails", response_model=None)
async def get_customer_details(
    runtime: RunningRuntime, caller: CurrentCaller, identifierName: str = "", identifierValue: str = ""
) -> JsonResponse:
    """Return all of the customer that a name leads to, under the vendor's newer address."""
    return await _details(runtime, caller, await _named(runtime, caller, identifierName, identifierValue))


@router.get("/v2/customers/lookup", response_model=None)
async def get_customer_id(
    runtime: RunningRuntime, caller: CurrentCaller, identifierName: str = "", identifierValue: str = ""
) -> JsonResponse:
    """Return the id of the customer that a name leads to."""
    found = await _named(runtime, caller, identifierName, identifierValue)
    return JsonResponse({"entity": found, "warnings": []})


@router.get("/v2/customers/{customer_id}", response_model=None)
async def get_customer(customer_id: str, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Return all of the customer with this id."""
    return await _details(runtime, caller, _id(customer_id))


async def _named(runtime: Runtime, caller: Caller, name: str, value: str) -> int:
    """Return the id of the customer called so; raises Refused."""
    problems: list[Problem] = []
    identifier = read_identifier(name, value, problems)
    if problems or identifier is None:
        raise Refused(*problems)
    if identifier.kind is IdentifierKind.ID:
        return int(identifier.value)
    found = await find_customer(runtime.database, caller.org_id, identifier)
    if found is None:
        raise Refused(NO_CUSTOMER)
    return found


async def _details(runtime: Runtime, caller: Caller, customer_id: int) -> JsonResponse:
    view = await view_customer(runtime.database, runtime.snapshots, caller.org_id, customer_id)
    if view is None:
        raise Refused(NO_CUSTOMER)
    return JsonResponse(details_shown(view))


def _id(text: str) -> int:
    found = id_of(text)
    if found is None:
        raise Refused(NO_CUSTOMER)
    return found


def _shown(customer_id: int, warning: dict[str, Any] | None) -> dict[str, Any]:
    return {"createdId": customer_id, "warnings": [] if warning is None else [warning], "sideEffects": []}


def _draft(value: Any, kind: type[RegistrationBody | ChangeBody], profile_kind: type[ProfileBody]) -> CustomerDraft:
    problems = [problem for problem in structure_problems(value, kind) if "is not a field" not in problem.reason]
    if not problems:
        problems += [
            problem
            for place, profile in enumerate(value["profiles"])
            for problem in structure_problems(profile, profile_kind, f"profiles[{place}]")
            if "is not a field" not in problem.reason
        ]
    if holds_nul(value):
        problems.append(Problem("", "a text holds the character U+0000"))
    if problems:
        raise Refused(*problems)
    body = msgspec.convert(value, kind)
    profile = body.profiles[0]
    identifiers = [_identifier(place, one, problems) for place, one in enumerate(profile.identifiers)]
    fields = _values(profile.fields, "profiles[0].fields", problems)
    extended_fields = _values(body.extended_fields, "extendedFields", problems)
    loyalty_type = body.loyalty_info.get(LOYALTY_TYPE)
    _values({LOYALTY_TYPE: loyalty_type}, "loyaltyInfo", problems)
    if problems:
        raise Refused(*problems)
    return CustomerDraft(
        identifiers=[one for one in identifiers if one is not None],
        first_name=profile.first_name,
        last_name=profile.last_name,
        fields=fields,
        extended_fields=extended_fields,
        loyalty_type=loyalty_type,
    )


def _values(named: Mapping[str, Any], path: str, problems: list[Problem]) -> dict[str, Scalar]:
    for name, value in named.items():
        if not isinstance(value, (str, int, Decimal, bool, type(None))):
            problems.append(Problem(f"{path}.{name}", "must be text, a number, true, false or null"))
    return dict(named)


def _identifier(place: int, body: IdentifierBody, problems: list[Problem]) -> Identifier | None:
    kind = _KINDS.get(body.type)
    if kind is None:
        reason = f"is not a kind of identifier; there are {', '.join(_KINDS)}"
        problems.append(Problem(f"profiles[0].identifiers[{place}].type", reason))
        return None
    return Identifier(kind, body.value.lower() if kind is IdentifierKind.EMAIL else body.value)
