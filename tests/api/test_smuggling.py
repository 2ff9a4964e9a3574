"""S19: requests whose lengths contradict each other: at most one is served, the connection ends, nothing is smuggled.

A proxy in front may read such a request otherwise than the server does. Then what one of them takes for a body is a
request for the other, with the rights of whoever shares the connection.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import uvicorn

from milepost.api.http.connections import ConnectionLimits, protocol_within
from tests.api.test_connections import answer_to

INNER = b"GET /smuggled HTTP/1.1\r\nhost: m\r\nconnection: close\r\n\r\n"
CHUNKED_END = b"0\r\n\r\n"
LENGTH, CHUNKED = b"content-length: 4", b"transfer-encoding: chunked"


def framed(*fields: bytes, body: bytes = CHUNKED_END, method: bytes = b"POST") -> bytes:
    """Return a request with these header fields about its length, a body, and after it what is to be smuggled."""
    return b"\r\n".join((method + b" /outer HTTP/1.1", b"host: m", *fields, b"", b"")) + body + INNER


def chunk(size_line: bytes, data: bytes = b"abcd") -> bytes:
    """Return a chunked body whose only chunk has this line before it."""
    return size_line + b"\r\n" + data + b"\r\n" + CHUNKED_END


CONTRADICTING = {
    "length and chunks": framed(LENGTH, CHUNKED),
    "chunks and length": framed(CHUNKED, LENGTH),
    "length of all and chunks": framed(b"content-length: %d" % (5 + len(INNER)), CHUNKED),
    "two lengths": framed(b"content-length: 5", b"content-length: 0"),
    "two lengths, the first nothing": framed(b"content-length: 0", b"content-length: 5"),
    "a list of lengths": framed(b"content-length: 5, 0"),
    "a length with a sign": framed(b"content-length: +5"),
    "a negative length": framed(b"content-length: -5"),
    "a length in hexadecimal": framed(b"content-length: 0x5"),
    "a length with an underscore": framed(b"content-length: 0_5"),
    "a length in other digits": framed("content-length: \N{ARABIC-INDIC DIGIT FIVE}".encode()),
    "a length of nothing": framed(b"content-length: "),
    "a huge length": framed(b"content-length: 99999999999999999999999999"),
    "chunks twice": framed(CHUNKED, CHUNKED, LENGTH),
    "chunks before identity": framed(b"transfer-encoding: chunked, identity", LENGTH),
    "identity before chunks": framed(b"transfer-encoding: identity, chunked", LENGTH),
    "chunks in quotes": framed(b'transfer-encoding: "chunked"', LENGTH),
    "chunks that are no word": framed(b"transfer-encoding: xchunked", LENGTH),
    "chunks after a vertical tab": framed(b"transfer-encoding: \x0bchunked", LENGTH),
    "a space before the colon": framed(b"transfer-encoding : chunked", LENGTH),
    "a folded line": framed(b"transfer-encoding:\r\n chunked", LENGTH),
    "a bare line feed in a field": framed(b"x: y\ntransfer-encoding: chunked", LENGTH),
    "a bare carriage return in a field": framed(b"x: y\rtransfer-encoding: chunked", LENGTH),
    "a zero byte in a field": framed(b"x: y\0z", CHUNKED, LENGTH),
    "a field without a name": framed(b": chunked", LENGTH, CHUNKED),
    "a space in a name": framed(b"transfer encoding: chunked", b"transfer-encoding: chunked", LENGTH),
    "a chunk size with a sign": framed(CHUNKED, body=chunk(b"+4")),
    "a chunk size with 0x": framed(CHUNKED, body=chunk(b"0x4")),
    "a chunk size with a space": framed(CHUNKED, body=chunk(b"4 4")),
    "a chunk size that overflows": framed(CHUNKED, body=chunk(b"1" + b"0" * 15 + b"4")),
    "a chunk longer than said": framed(CHUNKED, body=chunk(b"2")),
    "a chunk that ends by a line feed": framed(CHUNKED, body=b"4\nabcd\n0\n\n"),
    "an extension with a line feed": framed(CHUNKED, body=b"4;a\nb\r\nabcd\r\n" + CHUNKED_END),
    "chunks of an older protocol": framed(CHUNKED, LENGTH).replace(b"HTTP/1.1", b"HTTP/1.0", 1),
}
"""Requests by what is wrong with their lengths."""

SOUND = {
    "a length": framed(b"content-length: 5"),
    "chunks": framed(CHUNKED, body=chunk(b"4")),
}


def served(request: bytes) -> tuple[list[str], bytes, bool]:
    """Return the paths that the server serves, its answer, and whether it closed the connection."""
    paths = []

    async def app(scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]) -> None:
        paths.append(scope["path"])
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    async def run() -> tuple[bytes, bool]:
        limits = ConnectionLimits(clients_max=5, header_seconds=0.3, body_seconds=0.3)
        config = uvicorn.Config(app, port=0, http=protocol_within(limits), log_config=None, lifespan="off")
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
        try:
            port = server.servers[0].sockets[0].getsockname()[1]
            answer, _ = await asyncio.wait_for(answer_to(port, request), 5)
        except TimeoutError:
            return b"", False
        else:
            return answer, True
        finally:
            server.should_exit = True
            await task

    answer, closed = asyncio.run(run())
    return paths, answer, closed


@pytest.mark.parametrize("what", CONTRADICTING)
def test_nothing_is_smuggled(what: str) -> None:
    """What stands behind the body is never served, and the connection ends."""
    paths, answer, closed = served(CONTRADICTING[what])
    assert ("/smuggled" in paths, closed) == (False, True), answer


@pytest.mark.parametrize("what", SOUND)
def test_a_second_request_of_a_sound_connection_is_served(what: str) -> None:
    """Control: behind a body whose length is certain stands another request."""
    paths, _, _ = served(SOUND[what])
    assert ["/outer", "/smuggled"] == paths
