"""What is known of each request once it is answered: for the log, the metrics and the list of requests.

This is a plain ASGI middleware, because it costs a microsecond or two for each request.
"""

import time
from collections.abc import Callable

from msgspec import Struct
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

UNKNOWN_ROUTE = "unknown"
CLIENT_WENT = 499
"""The status of a request whose client went away before it was answered."""

REQUEST_ID = b"x-request-id"
TRACE_PARENT = b"traceparent"
ID_CHARACTERS_MAX = 128


class AnsweredRequest(Struct, kw_only=True):
    """A request and how it was answered. `route` is the address with the names of its parameters, never with values."""

    method: str = ""
    route: str = UNKNOWN_ROUTE
    status: int = CLIENT_WENT
    milliseconds: int = 0
    nanoseconds: int = 0
    traceparent: str = ""
    request_id: str = ""
    address: str = ""
    org_id: int | None = None
    login: str = ""
    events: int = 0


class RequestLog:
    """Passes what is known of each request to *observe*, once it is answered."""

    def __init__(self, app: ASGIApp, observe: Callable[[AnsweredRequest], None]) -> None:
        """Stand around *app*."""
        self._app = app
        self._observe = observe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, then observe it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = scope["headers"]
        seen = AnsweredRequest(
            method=scope["method"],
            request_id=_text_of(headers, REQUEST_ID),
            traceparent=_text_of(headers, TRACE_PARENT),
        )
        scope.setdefault("state", {})["answered_request"] = seen
        began = time.perf_counter_ns()

        async def send_observed(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen.status = message["status"]
                seen.request_id = _text_of(message.get("headers", ()), REQUEST_ID) or seen.request_id
            await send(message)

        try:
            await self._app(scope, receive, send_observed)
        finally:
            seen.nanoseconds = time.perf_counter_ns() - began
            seen.milliseconds = round(seen.nanoseconds / 1_000_000)
            route, client = scope.get("route"), scope.get("client")
            seen.route = UNKNOWN_ROUTE if route is None else route.path
            seen.address = client[0] if client else ""
            self._observe(seen)


def note_caller(request: Request, org_id: int, login: str) -> None:
    """Note who sent *request*."""
    seen = getattr(request.state, "answered_request", None)
    if isinstance(seen, AnsweredRequest):
        seen.org_id, seen.login = org_id, login


def note_events(request: Request, count: int) -> None:
    """Note how many events *request* brought."""
    seen = getattr(request.state, "answered_request", None)
    if isinstance(seen, AnsweredRequest):
        seen.events = count


def _text_of(headers: object, wanted: bytes) -> str:
    assert isinstance(headers, (list, tuple))
    for name, value in headers:
        if name.lower() == wanted:
            return str(value.decode("latin-1")[:ID_CHARACTERS_MAX])
    return ""
