"""Audiences: create, list, rename, delete, begin a new version; their members: upload, add one, remove one, list."""

import asyncio
from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Query, Request

from milepost.api.http.authentication import CurrentCaller, RunningRuntime
from milepost.api.http.body import BATCH_BYTES_MAX, JsonResponse, read_body, read_json
from milepost.api.http.route import ADMIN, READ, READING, Body, Route
from milepost.api.native.answer import Page
from milepost.api.native.audiences.answer import (
    AudienceItem,
    EnteredItem,
    LeftItem,
    MemberItem,
    audience_item,
    entered_item,
    member_item,
)
from milepost.api.native.audiences.body import AudienceBody, MemberBody, VersionBody
from milepost.api.native.audiences.members import member_names
from milepost.api.native.paging import PAGE_MAX, after_customer, after_id, page_of
from milepost.api.native.path import id_or_refuse
from milepost.api.native.structure import struct_of
from milepost.model.customer import Identifier, IdentifierKind
from milepost.model.problem import Problem, Refused
from milepost.service.enrolments.audience_edits import delete_audience, rename_audience
from milepost.service.enrolments.audiences import (
    UNKNOWN_AUDIENCE,
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


@router.post("", response_model=None)
async def post_audience(request: Request, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Create an audience with its first version."""
    return JsonResponse(audience_item(await create_audience(runtime, caller, await _name(request))))


@router.get("", response_model=None)
async def get_audiences(
    runtime: RunningRuntime, caller: CurrentCaller, cursor: str = "", limit: int = PAGE_MAX
) -> JsonResponse:
    """List audiences by id."""
    views = await list_audiences(runtime, caller, after_id(cursor, limit), limit + 1)
    return JsonResponse(page_of(views, limit, audience_item, lambda view: view.audience.id))


@router.get("/{audience_id}", response_model=None)
async def get_audience(audience_id: str, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Return one audience."""
    return JsonResponse(audience_item(await view_audience(runtime, caller, _audience_id(audience_id))))


@router.patch("/{audience_id}", response_model=None)
async def patch_audience(
    audience_id: str, request: Request, runtime: RunningRuntime, caller: CurrentCaller
) -> JsonResponse:
    """Rename an audience; targets that use it keep using it."""
    name = await _name(request)
    return JsonResponse(audience_item(await rename_audience(runtime, caller, _audience_id(audience_id), name)))


@router.delete("/{audience_id}", response_model=None)
async def remove_audience(audience_id: str, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Delete an audience that no target uses any more, and return it. Enrolments stay; its name may be used again."""
    return JsonResponse(audience_item(await delete_audience(runtime, caller, _audience_id(audience_id))))


@router.post("/{audience_id}/versions", response_model=None)
async def post_audience_version(
    audience_id: str, request: Request, runtime: RunningRuntime, caller: CurrentCaller
) -> JsonResponse:
    """Begin a new version without members. Targets that use an earlier version keep using that one."""
    body = await read_body(request)
    if body.strip():
        struct_of(read_json(body), VersionBody)
    return JsonResponse(audience_item(await add_audience_version(runtime, caller, _audience_id(audience_id))))


@router.post("/{audience_id}/members", response_model=None)
async def post_members(
    audience_id: str, request: Request, runtime: RunningRuntime, caller: CurrentCaller, version: Version = None
) -> JsonResponse:
    """Add customers to an audience, from a JSON array of identifiers or a CSV file with one column of them."""
    audience, version_id = _audience_id(audience_id), _version_id(version)
    body, kind = await read_body(request, BATCH_BYTES_MAX), request.headers.get("content-type", "")
    # In a thread, because reading a large upload would keep other requests waiting.
    identifiers = await asyncio.to_thread(member_names, body, kind)
    return JsonResponse(entered_item(await add_members(runtime, caller, audience, version_id, identifiers)))


@router.put("/{audience_id}/members/{customer_id}", response_model=None)
async def put_member(
    audience_id: str, customer_id: str, runtime: RunningRuntime, caller: CurrentCaller, version: Version = None
) -> JsonResponse:
    """Add one customer to an audience."""
    identifier = Identifier(IdentifierKind.ID, str(id_or_refuse(customer_id, UNKNOWN_CUSTOMER)))
    entered = await add_members(runtime, caller, _audience_id(audience_id), _version_id(version), [identifier])
    if entered.unknown:
        raise Refused(UNKNOWN_CUSTOMER)
    return JsonResponse(entered_item(entered))


@router.delete("/{audience_id}/members/{customer_id}", response_model=None)
async def delete_member(
    audience_id: str, customer_id: str, runtime: RunningRuntime, caller: CurrentCaller, version: Version = None
) -> JsonResponse:
    """Remove one customer from an audience; enrolments stay."""
    audience, version_id = _audience_id(audience_id), _version_id(version)
    customer = id_or_refuse(customer_id, UNKNOWN_CUSTOMER)
    return JsonResponse(LeftItem(await remove_member(runtime, caller, audience, version_id, customer)))


@router.get("/{audience_id}/members", response_model=None)
async def get_members(
    audience_id: str,
    runtime: RunningRuntime,
    caller: CurrentCaller,
    version: Version = None,
    cursor: str = "",
    limit: int = PAGE_MAX,
) -> JsonResponse:
    """List the members of an audience; their order has no meaning."""
    after = after_customer(cursor, limit)
    members = await list_members(runtime, caller, _audience_id(audience_id), _version_id(version), after, limit + 1)
    return JsonResponse(page_of(members, limit, member_item, lambda member: f"{member.bucket}-{member.customer_id}"))


async def _name(request: Request) -> str:
    """Return the name of an audience in a body; raises Refused."""
    return struct_of(read_json(await read_body(request)), AudienceBody, "name").name


def _audience_id(text: str) -> int:
    return id_or_refuse(text, UNKNOWN_AUDIENCE)


def _version_id(text: str | None) -> int | None:
    return None if text is None else id_or_refuse(text, Problem("versionId", "must be an id"))


_MEMBERS = Body(
    (MemberBody,),
    alone=False,
    listed=True,
    table="One column of identifiers, named by its kind.",
    table_example="externalId\nanna\n",
)

ROUTES: Mapping[tuple[str, str], Route] = {
    ("get", "/api/v1/audiences"): Route(READ, Page[AudienceItem], statuses=READING),
    ("post", "/api/v1/audiences"): Route(ADMIN, AudienceItem, Body((AudienceBody,))),
    ("get", "/api/v1/audiences/{audience_id}"): Route(READ, AudienceItem, statuses=READING),
    ("patch", "/api/v1/audiences/{audience_id}"): Route(ADMIN, AudienceItem, Body((AudienceBody,))),
    ("delete", "/api/v1/audiences/{audience_id}"): Route(ADMIN, AudienceItem, statuses=READING),
    ("post", "/api/v1/audiences/{audience_id}/versions"): Route(ADMIN, AudienceItem, Body((VersionBody,))),
    ("get", "/api/v1/audiences/{audience_id}/members"): Route(READ, Page[MemberItem], statuses=READING),
    ("post", "/api/v1/audiences/{audience_id}/members"): Route(ADMIN, EnteredItem, _MEMBERS),
    ("put", "/api/v1/audiences/{audience_id}/members/{customer_id}"): Route(ADMIN, EnteredItem, statuses=READING),
    ("delete", "/api/v1/audiences/{audience_id}/members/{customer_id}"): Route(ADMIN, LeftItem, statuses=READING),
}
