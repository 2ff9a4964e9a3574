"""Connections that hold a place without sending a request are closed, and others are served meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import uvicorn

from milepost.api.http.connections import HEADER_BYTES_MAX, ConnectionLimits, protocol_within

LIMITS = ConnectionLimits(clients_max=50, header_seconds=0.4, body_seconds=0.6)
WHOLE = b"GET / HTTP/1.1\r\nhost: m\r\nconnection: close\r\n\r\n"


async def echo(_scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]) -> None:
    """Read the body to its end and say how long it was."""
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size, more = size + len(message.get("body", b"")), message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(str(size)))]})
    await send({"type": "http.response.body", "body": str(size).encode()})


@asynccontextmanager
async def serving(limits: ConnectionLimits = LIMITS) -> AsyncIterator[int]:
    """Run a server within *limits*; return its port."""
    config = uvicorn.Config(echo, port=0, http=protocol_within(limits), log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await task


async def answer_to(port: int, *parts: bytes, pause: float = 0) -> tuple[bytes, float]:
    """Send *parts* with pauses between them; return the whole answer, and the seconds until the connection closed."""
    loop = asyncio.get_running_loop()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    began = loop.time()

    async def send() -> None:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)

    sending = asyncio.create_task(send())
    try:
        answer = await reader.read()
    except ConnectionResetError:
        answer = b""
    took = loop.time() - began
    sending.cancel()
    writer.close()
    return answer, took


def status_of(*parts: bytes, pause: float = 0) -> tuple[bytes, float]:
    """Return the status line that a server answers to *parts*, and the seconds until the connection closed."""

    async def run() -> tuple[bytes, float]:
        async with serving() as port:
            answer, took = await answer_to(port, *parts, pause=pause)
            return answer.partition(b"\r\n")[0], took

    return asyncio.run(run())


def test_a_whole_request_is_answered() -> None:
    """Also one whose parts arrive in time, one after the other."""
    assert b"HTTP/1.1 200 OK" == status_of(WHOLE)[0]
    halves = b"POST / HTTP/1.1\r\nconnection: close\r\n", b"content-length: 4\r\n\r\nab", b"cd"
    assert b"HTTP/1.1 200 OK" == status_of(*halves, pause=0.15)[0]


def test_headers_have_to_arrive_in_time() -> None:
    """A request that drips in is ended, however busily."""
    status, took = status_of(b"GET / HTTP/1.1\r\n", *(b"x-%d: 1\r\n" % number for number in range(50)), pause=0.05)
    assert b"HTTP/1.1 408 Request Timeout" == status
    assert took < 1


def test_a_connection_without_a_request_is_closed() -> None:
    """Nothing is answered to it."""
    status, took = status_of()
    assert (b"", True) == (status, took < 1)


def test_a_body_has_to_arrive_in_time() -> None:
    """A body that is announced and does not come is not waited for."""
    head = b"POST / HTTP/1.1\r\nhost: m\r\ncontent-length: 100000\r\n\r\n"
    status, took = status_of(head, *(b"x" for _ in range(50)), pause=0.05)
    assert b"HTTP/1.1 408 Request Timeout" == status
    assert took < 1.5


def test_headers_have_a_size() -> None:
    """Whether there are many, or one without an end."""
    many = b"".join(b"x-%d: %b\r\n" % (number, b"y" * 100) for number in range(1_000))
    assert b"HTTP/1.1 431 Request Header Fields Too Large" == status_of(b"GET / HTTP/1.1\r\n" + many)[0]
    endless = (b"z" * 10_000 for _ in range(HEADER_BYTES_MAX // 10_000 + 1))
    assert b"HTTP/1.1 431 Request Header Fields Too Large" == status_of(b"GET / HTTP/1.1\r\nx: ", *endless)[0]


def test_others_are_served_beside_half_requests() -> None:
    """Above the limit of connections, the one that has waited longest makes room."""

    async def run() -> tuple[bytes, float]:
        async with serving(LIMITS._replace(header_seconds=30)) as port, AsyncExitStack() as stack:
            for _ in range(200):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                stack.callback(writer.close)
                writer.write(b"GET / HT")
            return await answer_to(port, WHOLE)

    answer, took = asyncio.run(run())
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert took < 1
