"""Recognising callers: Basic (till code and password) or a token (semantics 7)."""

import binascii
from base64 import b64decode
from typing import Annotated

from fastapi import Depends, Request

from milepost.service.access import Caller
from milepost.service.installation import Installation


class NotRecognised(Exception):
    """The request names nobody, or nobody who may."""


def installation_of(request: Request) -> Installation:
    """Give the running installation."""
    here = request.app.state.installation
    assert isinstance(here, Installation)
    return here


Here = Annotated[Installation, Depends(installation_of)]


async def caller_of(request: Request, here: Here) -> Caller:
    """Give who asks; raises NotRecognised."""
    token = request.headers.get("x-cap-api-oauth-token")
    scheme, _, rest = request.headers.get("authorization", "").partition(" ")
    if token is None and scheme.lower() == "bearer":
        token = rest.strip()
    caller = None
    if token:
        caller = await here.access.by_token(token)
    elif scheme.lower() == "basic":
        code, password = _basic(rest)
        caller = await here.access.by_password(code, password)
    if caller is None:
        raise NotRecognised
    return caller


Asking = Annotated[Caller, Depends(caller_of)]


def _basic(text: str) -> tuple[str, str]:
    try:
        code, colon, password = b64decode(text.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise NotRecognised from None
    if not colon:
        raise NotRecognised
    return code, password
