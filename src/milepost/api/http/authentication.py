"""Finding the caller of a request: by Basic authentication (till code and password), a token (facts 7) or a session."""

import binascii
import hmac
from base64 import b64decode
from typing import Annotated

from fastapi import Depends, Request

from milepost.api.http.parameters import check_parameters
from milepost.api.http.request_log import note_caller
from milepost.model.access.role import Role
from milepost.model.access.scope import AccessScope
from milepost.service.organisations.sessions import csrf_token_of
from milepost.service.runtime.runtime import Runtime, within
from milepost.service.snapshot.access import Caller
from milepost.service.snapshot.current_request import answer_for


class NotRecognised(Exception):
    """The request has no login, or a login that is unknown or wrong."""


class NotAllowed(Exception):
    """The caller is known, but its role is not enough for the route."""

    def __init__(self, has: Role, needs: Role) -> None:
        """Name the role that the login *has* and the role that the route *needs*."""
        super().__init__(f"access denied: this login has the role {has.value}, and the request needs {needs.value}")


class OutOfScope(NotAllowed):
    """The caller's role is enough, but its scopes do not hold what the route needs."""

    def __init__(self, needs: AccessScope) -> None:
        """Name the scope that the route *needs*."""
        Exception.__init__(self, f"access denied: the request needs the scope {needs.value}, which this login has not")


class NoSandbox(NotAllowed):
    """The caller's organisation lives in real time, and the request is about the clock of a sandbox."""

    def __init__(self) -> None:
        """Say what is wrong."""
        Exception.__init__(self, "access denied: this organisation is no sandbox, its clock is that of the server")


class ForgedRequest(Exception):
    """A request with a session would change something, and does not carry the token of that session."""


class ForeignOrigin(Exception):
    """A web page of an origin that is not allowed tries to change something."""

    def __init__(self, origin: str) -> None:
        """Name the *origin*."""
        super().__init__(f"pages of {origin} may not send this request; see MILEPOST_ALLOWED_ORIGINS")


SESSION_COOKIE = "milepost_session"
CSRF_HEADER = "X-CSRF-Token"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


async def runtime_of(request: Request) -> Runtime:
    """Return the runtime of the app, whose clock is real.

    Async on purpose: FastAPI runs plain functions in a thread on every request.
    """
    runtime = request.app.state.runtime
    assert isinstance(runtime, Runtime)
    return runtime


async def caller_of(request: Request, runtime: Annotated[Runtime, Depends(runtime_of)]) -> Caller:
    """Return the caller; raises NotRecognised, or NotAllowed if the caller's role is not enough for the route."""
    recognised = getattr(request.state, "caller", None)
    if isinstance(recognised, Caller):
        return recognised
    check_origin(request)
    token = request.headers.get("x-cap-api-oauth-token")
    scheme, _, rest = request.headers.get("authorization", "").partition(" ")
    if token is None and scheme.lower() == "bearer":
        token = rest.strip()
    caller, session = None, request.cookies.get(SESSION_COOKIE)
    if token:
        caller = await runtime.access.by_token(token)
    elif scheme.lower() == "basic":
        code, password = _basic(rest)
        caller = await runtime.access.by_password(code, password, address_of(request))
    elif not scheme and session:
        caller = await runtime.access.by_session(session)
        check_csrf_token(request, session)
    if caller is None:
        raise NotRecognised
    answer_for(caller.org_id)
    note_caller(request, caller.org_id, caller.author.code)
    request.state.rate_limit = runtime.rates.count(caller)
    needs, scope = request.app.state.needs[request.method.lower(), request.scope["route"].path_format]
    if not caller.role.allows(needs):
        raise NotAllowed(caller.role, needs)
    if not caller.may(scope):
        raise OutOfScope(scope)
    check_parameters(request)
    request.state.caller = caller
    return caller


CurrentCaller = Annotated[Caller, Depends(caller_of)]


async def runtime_within(request: Request, runtime: Annotated[Runtime, Depends(runtime_of)]) -> Runtime:
    """Return the runtime with the clock of the caller's organisation, which may be a sandbox."""
    if (request.method.lower(), request.scope["route"].path_format) not in request.app.state.needs:
        return runtime
    caller = await caller_of(request, runtime)
    return await within(runtime, caller.org_id)


RunningRuntime = Annotated[Runtime, Depends(runtime_within)]


def address_of(request: Request) -> str:
    """Return the address of the client, behind a trusted proxy the one that it forwards."""
    return request.client.host if request.client else ""


def check_csrf_token(request: Request, session: str) -> None:
    """Raise ForgedRequest if a request with this *session* changes something without the session's token."""
    token = request.headers.get(CSRF_HEADER, "")
    expected = csrf_token_of(session)
    if request.method not in _SAFE_METHODS and not hmac.compare_digest(token.encode(), expected.encode()):
        raise ForgedRequest


def check_origin(request: Request) -> None:
    """Raise ForeignOrigin if a page of another origin makes the browser change something.

    A browser sends the login that its user typed for us with requests of any page, and says from where they come.
    """
    if request.method in _SAFE_METHODS:
        return
    origin = request.headers.get("origin")
    if origin is None:
        if request.headers.get("sec-fetch-site") in {"cross-site", "same-site"}:
            raise ForeignOrigin("another site")
        return
    host = request.headers.get("host", "")
    if origin.partition("://")[2] != host and origin not in request.app.state.allowed_origins:
        raise ForeignOrigin(origin)


def _basic(text: str) -> tuple[str, str]:
    try:
        code, colon, password = b64decode(text.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise NotRecognised from None
    if not colon:
        raise NotRecognised
    return code, password
