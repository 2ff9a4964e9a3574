"""`POST /v2/customers`: register a customer or change a known one (semantics 3.8)."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Request
from msgspec import Meta, Struct

from milepost.api.authentication import Asking, Here
from milepost.api.body import JsonResponse, holds_nul, read_body, read_json
from milepost.api.native.structure import structure_problems
from milepost.model.customer import LOYALTY_TYPE, Identifier, IdentifierKind
from milepost.model.event import Scalar
from milepost.model.problem import Problem, Refused
from milepost.service.customers import CustomerDraft, keep_customer

NO_STATUS_LABEL = {"status": False, "code": 8107, "message": "Default customer status label not set"}
"""The warning that the vendor gives with nearly every registration (semantics 6)."""

Short = Annotated[str, Meta(min_length=1, max_length=200)]
_KINDS = {kind.value: kind for kind in IdentifierKind if kind is not IdentifierKind.ID}

router = APIRouter(tags=["customers"])


class IdentifierBody(Struct, rename="camel"):
    """A name by which the customer is known."""

    type: Short
    value: Short


class ProfileBody(Struct, rename="camel"):
    """One profile; more than what is listed here may stand in it and is not kept."""

    identifiers: Annotated[list[IdentifierBody], Meta(min_length=1, max_length=20)]
    first_name: Annotated[str, Meta(max_length=200)] | None = None
    last_name: Annotated[str, Meta(max_length=200)] | None = None
    fields: dict[str, Any] = {}
    comm_channels: list[Any] = []
    source: str | None = None
    account_id: str | None = None


class RegistrationBody(Struct, rename="camel"):
    """What a registration says."""

    profiles: Annotated[list[ProfileBody], Meta(min_length=1, max_length=1)]
    loyalty_info: dict[str, Any] = {}
    associated_with: str | None = None
    extended_fields: dict[str, Any] = {}


@router.post("/v2/customers", response_model=None)
async def post_customer(request: Request, here: Here, caller: Asking) -> JsonResponse:
    """Register a customer, or change the one that the identifiers name; `createdId` is the customer's id."""
    kept = await keep_customer(here, caller, _draft(read_json(await read_body(request))))
    warnings = [NO_STATUS_LABEL] if kept.is_new else []
    return JsonResponse({"createdId": kept.customer.id, "warnings": warnings, "sideEffects": []})


def _draft(value: Any) -> CustomerDraft:
    problems = [
        problem for problem in structure_problems(value, RegistrationBody) if "is not a field" not in problem.reason
    ]
    if not problems:
        profiles = value["profiles"]
        problems += [
            problem
            for place, profile in enumerate(profiles)
            for problem in structure_problems(profile, ProfileBody, f"profiles[{place}]")
            if "is not a field" not in problem.reason
        ]
    if holds_nul(value):
        problems.append(Problem("", "a text holds the character U+0000"))
    if problems:
        raise Refused(*problems)
    body = msgspec.convert(value, RegistrationBody)
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
