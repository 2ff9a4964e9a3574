"""Recognising callers: Basic (till code and password) or a token (facts 7)."""

import binascii
from base64 import b64decode
from typing import Annotated

from fastapi import Depends, Request

from milepost.model.role import Role
from milepost.service.runtime.runtime import Runtime
from milepost.service.snapshot.access import Caller


class NotRecognised(Exception):
    """The request names nobody who is known here."""


class NotAllowed(Exception):
    """Who asks is known, and may not do this."""

    def __init__(self, has: Role, needs: Role) -> None:
        """Say what role the login *has* and which one the route *needs*."""
        super().__init__(f"access denied: this login has the role {has.value}, and the request needs {needs.value}")


async def runtime_of(request: Request) -> Runtime:
    """Return the running installation; awaited, since FastAPI hands what is not to a thread, at each request."""
    runtime = request.app.state.runtime
    assert isinstance(runtime, Runtime)
    return runtime


RunningRuntime = Annotated[Runtime, Depends(runtime_of)]


async def caller_of(request: Request, runtime: RunningRuntime) -> Caller:
    """Return who asks; raises NotRecognised, or NotAllowed where the caller's role is not enough for the route."""
    token = request.headers.get("x-cap-api-oauth-token")
    scheme, _, rest = request.headers.get("authorization", "").partition(" ")
    if token is None and scheme.lower() == "bearer":
        token = rest.strip()
    caller = None
    if token:
        caller = await runtime.access.by_token(token)
    elif scheme.lower() == "basic":
        code, password = _basic(rest)
        caller = await runtime.access.by_password(code, password)
    if caller is None:
        raise NotRecognised
    needs = request.app.state.needs[request.method.lower(), request.scope["route"].path]
    if not caller.role.allows(needs):
        raise NotAllowed(caller.role, needs)
    return caller


CurrentCaller = Annotated[Caller, Depends(caller_of)]


def _basic(text: str) -> tuple[str, str]:
    try:
        code, colon, password = b64decode(text.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise NotRecognised from None
    if not colon:
        raise NotRecognised
    return code, password
