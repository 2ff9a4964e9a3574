"""`/api/v1/session`: users sign in and out, and learn what they may do; `/api/v1/password` is for one-time links."""

from collections.abc import Mapping

from fastapi import APIRouter, Request

from milepost.api.http.authentication import (
    SESSION_COOKIE,
    CurrentCaller,
    RunningRuntime,
    address_of,
    check_origin,
)
from milepost.api.http.body import JsonResponse, read_body, read_json
from milepost.api.http.parameters import check_parameters
from milepost.api.http.route import READ, READING, Body, Route
from milepost.api.native.sessions.answer import CallerItem, PasswordItem, SignedOutItem, caller_item
from milepost.api.native.sessions.body import ChosenPasswordBody, SignInBody
from milepost.api.native.structure import struct_of
from milepost.service.organisations.sessions import (
    SESSION_SECONDS,
    choose_password,
    csrf_token_of,
    sign_in,
    sign_out,
)

router = APIRouter(prefix="/api/v1", tags=["signing in"])


@router.post("/session", response_model=None)
async def post_session(request: Request, runtime: RunningRuntime) -> JsonResponse:
    """Sign a user in. The answer sets a cookie that scripts cannot read, and holds the token for writing requests."""
    check_origin(request)
    check_parameters(request)
    body = struct_of(read_json(await read_body(request)), SignInBody)
    signed_in = await sign_in(
        runtime,
        email=body.email,
        password=body.password,
        organisation=body.organisation,
        address=address_of(request),
    )
    response = JsonResponse(caller_item(signed_in.caller, signed_in.csrf_token))
    response.set_cookie(
        SESSION_COOKIE,
        signed_in.session,
        max_age=SESSION_SECONDS,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
    return response


@router.get("/session", response_model=None)
async def get_session(request: Request, caller: CurrentCaller) -> JsonResponse:
    """Return who the caller is, the caller's scopes and, for a session, its token for writing requests."""
    session = request.cookies.get(SESSION_COOKIE)
    token = csrf_token_of(session) if session and caller.user_id is not None else None
    return JsonResponse(caller_item(caller, token))


@router.delete("/session", response_model=None)
async def delete_session(request: Request, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Sign out: the session ends on every server within a second. Other logins have no session that could end."""
    session = request.cookies.get(SESSION_COOKIE)
    ended = await sign_out(runtime, session) if session and caller.user_id is not None else False
    response = JsonResponse(SignedOutItem(ended))
    response.delete_cookie(SESSION_COOKIE)
    return response


@router.post("/password", response_model=None)
async def post_password(request: Request, runtime: RunningRuntime) -> JsonResponse:
    """Choose a password by a one-time link, which then no longer works. All sessions of the user end."""
    check_origin(request)
    check_parameters(request)
    body = struct_of(read_json(await read_body(request)), ChosenPasswordBody)
    await choose_password(runtime, link=body.link, password=body.password)
    return JsonResponse(PasswordItem(changed=True))


ROUTES: Mapping[tuple[str, str], Route] = {
    ("post", "/api/v1/session"): Route(
        None, CallerItem, Body((SignInBody,)), statuses=("400", "401", "403", "413", "429", "503")
    ),
    ("get", "/api/v1/session"): Route(READ, CallerItem, statuses=READING),
    ("delete", "/api/v1/session"): Route(READ, SignedOutItem, statuses=READING),
    ("post", "/api/v1/password"): Route(
        None, PasswordItem, Body((ChosenPasswordBody,)), statuses=("400", "403", "413", "503")
    ),
}
