"""`X-Request-Id`: taken from the caller or made, kept while the request is answered, and given back on every answer."""

import re
from uuid import uuid4

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from milepost.service.snapshot.current_request import (
    REQUEST_ID_CHARACTERS_MAX,
    current_request_id,
    without_organisation,
)

HEADER = b"x-request-id"
_USABLE = re.compile(rb"[!-~]{1,%d}" % REQUEST_ID_CHARACTERS_MAX)
"""Printable ASCII without blanks; any other id is replaced by one of ours, because it could not be a header."""


class RequestIds:
    """Wraps a whole app, its answers to failures included."""

    def __init__(self, app: ASGIApp) -> None:
        """Answer by *app*."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request with its id."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _given(scope) or uuid4().hex.encode()

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (HEADER, request_id)]
            await send(message)

        token = current_request_id.set(request_id.decode())
        try:
            with without_organisation():
                await self._app(scope, receive, send_with_id)
        finally:
            current_request_id.reset(token)


def _given(scope: Scope) -> bytes | None:
    """Return the id that the caller sent, None if it sent none that is usable."""
    given: bytes = next((value for name, value in scope["headers"] if name == HEADER), b"")
    return given if _USABLE.fullmatch(given) else None
