"""`/api/v1/users`: the people of an organisation who sign in. The vendor's API calls customers users; they are not."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from fastapi import APIRouter, HTTPException, Request

from milepost.api.http.authentication import CurrentCaller, RunningRuntime
from milepost.api.http.body import JsonResponse, read_body, read_json
from milepost.api.http.route import ADMIN, READING, Body, Route
from milepost.api.native.answer import Page
from milepost.api.native.paging import PAGE_MAX, after_id, page_of
from milepost.api.native.path import path_id
from milepost.api.native.structure import struct_of
from milepost.api.native.users.answer import AddedUserItem, LinkItem, UserItem, link_item, user_item
from milepost.api.native.users.body import LinkBody, UserBody, UserChangeBody
from milepost.model.access.user import UserRole
from milepost.service.organisations.users import (
    UnknownUser,
    actor_of,
    add_user,
    change_user,
    listed_users,
    renew_link,
)

router = APIRouter(prefix="/api/v1/users", tags=["users who sign in"])


@router.post("", response_model=None)
async def post_user(request: Request, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Add a user. The one-time link in the answer is for the person, who chooses a password with it."""
    body = struct_of(read_json(await read_body(request)), UserBody)
    actor = await actor_of(runtime.database, caller)
    user, link = await add_user(
        runtime.database,
        actor,
        org_id=caller.org_id,
        email=body.email,
        name=body.name,
        role=body.role,
        now=runtime.clocks.real(),
    )
    return JsonResponse(AddedUserItem(user_item(user), link_item(link)))


@router.get("", response_model=None)
async def get_users(
    runtime: RunningRuntime, caller: CurrentCaller, cursor: str = "", limit: int = PAGE_MAX
) -> JsonResponse:
    """List the users of the caller's organisation."""
    after = after_id(cursor, limit)
    found = await listed_users(runtime.database, caller.org_id, after, limit + 1)
    return JsonResponse(page_of(found, limit, user_item, lambda user: user.id))


@router.patch("/{person_id}", response_model=None)
async def patch_user(person_id: str, request: Request, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Change the name or the role of a user, or disable or enable it. A disabled user is signed out everywhere."""
    body = struct_of(read_json(await read_body(request)), UserChangeBody)
    with _missing_is_404():
        user = await change_user(
            runtime.database,
            await actor_of(runtime.database, caller),
            org_id=caller.org_id,
            user_id=path_id(person_id, "user"),
            name=body.name if isinstance(body.name, str) else None,
            role=body.role if isinstance(body.role, UserRole) else None,
            disabled=body.disabled if isinstance(body.disabled, bool) else None,
        )
    return JsonResponse(user_item(user))


@router.post("/{person_id}/link", response_model=None)
async def post_link(person_id: str, request: Request, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Return a new one-time link for a user who lost the password or the link. An earlier link is void."""
    struct_of(read_json(await read_body(request) or b"{}"), LinkBody)
    with _missing_is_404():
        link = await renew_link(
            runtime.database,
            await actor_of(runtime.database, caller),
            org_id=caller.org_id,
            user_id=path_id(person_id, "user"),
            now=runtime.clocks.real(),
        )
    return JsonResponse(link_item(link))


@contextmanager
def _missing_is_404() -> Iterator[None]:
    try:
        yield
    except UnknownUser as error:
        raise HTTPException(404, error.problems[0].reason) from None


_ONE = "/api/v1/users/{person_id}"

ROUTES: Mapping[tuple[str, str], Route] = {
    ("post", "/api/v1/users"): Route(ADMIN, AddedUserItem, Body((UserBody,))),
    ("get", "/api/v1/users"): Route(ADMIN, Page[UserItem], statuses=READING),
    ("patch", _ONE): Route(ADMIN, UserItem, Body((UserChangeBody,)), statuses=("400", "401", "404", "413", "503")),
    ("post", f"{_ONE}/link"): Route(ADMIN, LinkItem, Body((LinkBody,)), statuses=("400", "401", "404", "413", "503")),
}
