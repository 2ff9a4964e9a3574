"""Audiences: make, list, renew; who is in them: upload, add one, remove one, list."""

import asyncio
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Request
from msgspec import UNSET, Struct, UnsetType

from milepost.api.http.authentication import CurrentCaller, RunningRuntime
from milepost.api.http.body import BATCH_BYTES_MAX, JsonResponse, holds_nul, id_of, read_body, read_json
from milepost.api.native.audiences.members import member_names
from milepost.api.native.paging import PAGE_MAX, after_customer, after_id
from milepost.api.native.structure import structure_problems
from milepost.model.customer import Identifier, IdentifierKind
from milepost.model.problem import Problem, Refused
from milepost.rules.calendar import calendar_of
from milepost.service.enrolments.audience_edits import delete_audience, rename_audience
from milepost.service.enrolments.audiences import (
    UNKNOWN_AUDIENCE,
    AudienceView,
    add_audience_version,
    add_members,
    create_audience,
    list_audiences,
    list_members,
    remove_member,
    view_audience,
)

UNKNOWN_CUSTOMER = Problem("customerId", "there is no customer with this id", 310011)

Version = Annotated[str | None, Query(alias="versionId")]

router = APIRouter(prefix="/api/v1/audiences", tags=["audiences"])


class AudienceBody(Struct, forbid_unknown_fields=True):
    """An audience to be made, or what it is to be called."""

    name: str


class VersionBody(Struct, forbid_unknown_fields=True):
    """A version to be begun: there is nothing to say of it."""


class MemberBody(Struct, forbid_unknown_fields=True, rename="camel"):
    """Who is to enter: exactly one of these."""

    user_id: int | str | UnsetType = UNSET
    external_id: str | UnsetType = UNSET
    mobile: str | UnsetType = UNSET
    email: str | UnsetType = UNSET
    cardnumber: str | UnsetType = UNSET


class VersionItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """A version of an audience, and how many customers are in it."""

    id: int
    created_at: str
    members: int


class AudienceItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """An audience; `versionId` is today's version, which is the last."""

    id: int
    name: str
    created_at: str
    version_id: int
    versions: list[VersionItem]


class EnteredItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """What became of an upload: how many entered, how many were in already, and the places of those nobody knows."""

    version_id: int
    entered: int
    already: int
    unknown: list[int]


class MemberItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """Who is in an audience, and since when."""

    customer_id: int
    entered_at: str


class LeftItem(Struct, forbid_unknown_fields=True):
    """Whether the customer was in the audience."""

    left: bool


@router.post("", response_model=None)
async def post_audience(request: Request, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Make an audience with its first version."""
    return JsonResponse(_item(await create_audience(runtime, caller, _name(read_json(await read_body(request))))))


@router.get("", response_model=None)
async def get_audiences(
    runtime: RunningRuntime, caller: CurrentCaller, cursor: str = "", limit: int = PAGE_MAX
) -> JsonResponse:
    """List audiences by id."""
    after = after_id(cursor, limit)
    found = await list_audiences(runtime, caller, after, limit + 1)
    more = str(found[limit - 1].audience.id) if len(found) > limit else None
    return JsonResponse({"items": [_item(view) for view in found[:limit]], "nextCursor": more})


@router.get("/{audience_id}", response_model=None)
async def get_audience(audience_id: str, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Return one audience."""
    return JsonResponse(_item(await view_audience(runtime, caller, _id(audience_id))))


@router.patch("/{audience_id}", response_model=None)
async def patch_audience(
    audience_id: str, request: Request, runtime: RunningRuntime, caller: CurrentCaller
) -> JsonResponse:
    """Call an audience otherwise; targets that name it go on."""
    name = _name(read_json(await read_body(request)))
    return JsonResponse(_item(await rename_audience(runtime, caller, _id(audience_id), name)))


@router.delete("/{audience_id}", response_model=None)
async def remove_audience(audience_id: str, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Delete an audience that no target needs any more, and answer what it was; enrolments stay, its name is free."""
    return JsonResponse(_item(await delete_audience(runtime, caller, _id(audience_id))))


@router.post("/{audience_id}/versions", response_model=None)
async def post_audience_version(
    audience_id: str, request: Request, runtime: RunningRuntime, caller: CurrentCaller
) -> JsonResponse:
    """Begin a new version, which nobody is in yet; targets that name an earlier one go on with that."""
    body = await read_body(request)
    problems = structure_problems(read_json(body), VersionBody) if body.strip() else []
    if problems:
        raise Refused(*problems)
    return JsonResponse(_item(await add_audience_version(runtime, caller, _id(audience_id))))


@router.post("/{audience_id}/members", response_model=None)
async def post_members(
    audience_id: str, request: Request, runtime: RunningRuntime, caller: CurrentCaller, version: Version = None
) -> JsonResponse:
    """Let customers enter, from a JSON array of identifiers or a CSV file with one column of them."""
    audience, meant = _id(audience_id), _version(version)
    body, kind = await read_body(request, BATCH_BYTES_MAX), request.headers.get("content-type", "")
    names = await asyncio.to_thread(member_names, body, kind)
    entered = await add_members(runtime, caller, audience, meant, names)
    return JsonResponse(EnteredItem(entered.version.id, entered.added, entered.already, list(entered.unknown)))


@router.put("/{audience_id}/members/{customer_id}", response_model=None)
async def put_member(
    audience_id: str, customer_id: str, runtime: RunningRuntime, caller: CurrentCaller, version: Version = None
) -> JsonResponse:
    """Let one customer enter."""
    names = [Identifier(IdentifierKind.ID, str(_customer(customer_id)))]
    entered = await add_members(runtime, caller, _id(audience_id), _version(version), names)
    if entered.unknown:
        raise Refused(UNKNOWN_CUSTOMER)
    return JsonResponse(EnteredItem(entered.version.id, entered.added, entered.already, []))


@router.delete("/{audience_id}/members/{customer_id}", response_model=None)
async def delete_member(
    audience_id: str, customer_id: str, runtime: RunningRuntime, caller: CurrentCaller, version: Version = None
) -> JsonResponse:
    """Let one customer leave; enrolments stay."""
    left = await remove_member(runtime, caller, _id(audience_id), _version(version), _customer(customer_id))
    return JsonResponse(LeftItem(left))


@router.get("/{audience_id}/members", response_model=None)
async def get_members(
    audience_id: str,
    runtime: RunningRuntime,
    caller: CurrentCaller,
    version: Version = None,
    cursor: str = "",
    limit: int = PAGE_MAX,
) -> JsonResponse:
    """List who is in an audience, in no order that means anything."""
    after = after_customer(cursor, limit)
    found = await list_members(runtime, caller, _id(audience_id), _version(version), after, limit + 1)
    utc = calendar_of("UTC")
    items = [MemberItem(member.customer_id, utc.iso(member.entered_at)) for member in found[:limit]]
    more = f"{found[limit - 1].bucket}-{found[limit - 1].customer_id}" if len(found) > limit else None
    return JsonResponse({"items": items, "nextCursor": more})


def _name(value: Any) -> str:
    """Return the name that a body says; raises Refused."""
    problems = structure_problems(value, AudienceBody)
    if not problems and holds_nul(value):
        problems = [Problem("name", "holds the character U+0000")]
    if problems:
        raise Refused(*problems)
    return msgspec.convert(value, AudienceBody).name


def _item(view: AudienceView) -> AudienceItem:
    utc = calendar_of("UTC")
    audience = view.audience
    versions = [
        VersionItem(version.id, utc.iso(version.created_at), view.members.get(version.id, 0))
        for version in audience.versions
    ]
    return AudienceItem(audience.id, audience.name, utc.iso(audience.created_at), audience.current.id, versions)


def _id(text: str) -> int:
    found = id_of(text)
    if not found:
        raise Refused(UNKNOWN_AUDIENCE)
    return found


def _customer(text: str) -> int:
    found = id_of(text)
    if not found:
        raise Refused(UNKNOWN_CUSTOMER)
    return found


def _version(text: str | None) -> int | None:
    if text is None:
        return None
    found = id_of(text)
    if not found:
        raise Refused(Problem("versionId", "must be an id"))
    return found
