"""Connections of clients, within limits: a request has to arrive in time, and headers have a size.

uvicorn waits without end for the rest of a request that was begun. A client could so hold connections that it does not
use, until there are none for others.
"""

import asyncio
from collections.abc import Callable
from typing import ClassVar, NamedTuple

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEADER_BYTES_MAX = 64 * 1024
"""Bytes of the first line and all headers of a request."""

_ANSWERS = {408: b"Request Timeout", 431: b"Request Header Fields Too Large"}


class ConnectionLimits(NamedTuple):
    """How many connections there may be, and in how many seconds the headers and the body of a request arrive."""

    clients_max: int = 2_000
    header_seconds: float = 10
    body_seconds: float = 60


def protocol_within(limits: ConnectionLimits) -> type[asyncio.Protocol]:
    """Return the protocol of a server whose connections together stay within *limits*."""
    return type("LimitedProtocol", (_LimitedProtocol,), {"limits": limits, "waiting": {}})


class _LimitedProtocol(HttpToolsProtocol):
    limits: ClassVar[ConnectionLimits]
    waiting: ClassVar[dict["_LimitedProtocol", None]]
    """The connections on which no request is being answered, the one that has waited longest first."""

    _timer: asyncio.TimerHandle | None = None
    _header_bytes: int | None = 0
    """The bytes of the request whose headers are not complete; None while no headers are awaited."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self.limits.clients_max and self.waiting:
            next(iter(self.waiting)).transport.close()
        self._await_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        self.waiting.pop(self, None)
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._header_bytes is not None:
            self._header_bytes += len(data)
        super().data_received(data)
        if self._header_bytes is not None and self._header_bytes > HEADER_BYTES_MAX:
            self._refuse(431)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if self._header_bytes is None:
            self._await_headers()

    def on_headers_complete(self) -> None:
        too_large = sum(len(name) + len(value) for name, value in self.headers) + len(self.url) > HEADER_BYTES_MAX
        self._header_bytes = None
        self.waiting.pop(self, None)
        if too_large:
            self._refuse(431)
            return
        super().on_headers_complete()
        self._start_timer(self.limits.body_seconds, self._body_is_late)

    def on_message_complete(self) -> None:
        if self.transport.is_closing():
            return
        self._stop_timer()
        super().on_message_complete()

    def on_body(self, body: bytes) -> None:
        if not self.transport.is_closing():
            super().on_body(body)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self.transport.is_closing() and not self.pipeline:
            self.waiting[self] = None

    def _await_headers(self) -> None:
        self._header_bytes = 0
        self.waiting[self] = None
        self._start_timer(self.limits.header_seconds, self._header_is_late)

    def _header_is_late(self) -> None:
        if self.flow.read_paused:
            self._start_timer(self.limits.header_seconds, self._header_is_late)
        elif self._header_bytes:
            self._refuse(408)
        else:
            self.transport.close()

    def _body_is_late(self) -> None:
        if self.flow.read_paused:
            self._start_timer(self.limits.body_seconds, self._body_is_late)
        elif self.cycle.response_started:
            self.transport.close()
        else:
            self._refuse(408)

    def _refuse(self, status: int) -> None:
        if not self.transport.is_closing():
            lines = (
                b"HTTP/1.1 %d %b" % (status, _ANSWERS[status]),
                b"content-length: 0",
                b"connection: close",
                b"",
                b"",
            )
            self.transport.write(b"\r\n".join(lines))
            self.transport.close()

    def _start_timer(self, seconds: float, call: Callable[[], None]) -> None:
        self._stop_timer()
        self._timer = self.loop.call_later(seconds, call)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
