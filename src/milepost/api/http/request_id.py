"""The fields of every answer: `X-Request-Id`, taken from the caller or made, and what is left of a caller's limit."""

import re
from secrets import token_hex

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from milepost.api.http.rate_limit import fields_of
from milepost.service.snapshot.current_request import (
    REQUEST_ID_CHARACTERS_MAX,
    current_request_id,
    without_organisation,
)

HEADER = b"x-request-id"
_USABLE = re.compile(rb"[!-~]{1,%d}" % REQUEST_ID_CHARACTERS_MAX)
"""Printable ASCII without blanks; any other id is replaced by one of ours, because it could not be a header."""


class ResponseFields:
    """Wraps a whole app: each answer, also to a failure, has the request's id, and what is left of a caller's limit.

    One wrapper adds both, because each wrapper around every answer costs a hot route some microseconds.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Answer by *app*."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request with its id."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _given(scope) or token_hex(16).encode()

        async def send_with_fields(message: Message) -> None:
            if message["type"] == "http.response.start":
                limit = scope.get("state", {}).get("rate_limit")
                limit_fields = () if limit is None else fields_of(limit)
                message["headers"] = [*message.get("headers", ()), *limit_fields, (HEADER, request_id)]
            await send(message)

        token = current_request_id.set(request_id.decode())
        try:
            with without_organisation():
                await self._app(scope, receive, send_with_fields)
        finally:
            current_request_id.reset(token)


def _given(scope: Scope) -> bytes | None:
    """Return the id that the caller sent, None if it sent none that is usable."""
    given: bytes = next((value for name, value in scope["headers"] if name == HEADER), b"")
    return given if _USABLE.fullmatch(given) else None
