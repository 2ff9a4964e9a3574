"""A small HTTP/1.1 client: one connection that is kept, one request at a time; cheap enough to measure with."""

import asyncio
from base64 import b64encode
from typing import NamedTuple, Self

from bench.hosts import Address

READ_BYTES_MAX = 16 * 1024 * 1024
_LENGTH = b"\r\ncontent-length:"


class Asked(NamedTuple):
    """One request: a GET; if it has a body a POST, or what `method` says."""

    path: str
    body: bytes | None = None
    method: str = "POST"


class Connection:
    """A kept connection, as an asynchronous context manager; answers other than 2xx are our mistake."""

    def __init__(self, address: Address, authorization: str) -> None:
        """Prepare to ask the server at *address* with this header; nothing is opened yet."""
        self._address = address
        self._head = f"Host: {address.host}\r\nAuthorization: {authorization}\r\n"

    async def __aenter__(self) -> Self:
        """Open the connection."""
        self._reader, self._writer = await asyncio.open_connection(
            self._address.host, self._address.port, limit=READ_BYTES_MAX
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the connection."""
        self._writer.close()
        await self._writer.wait_closed()

    async def get(self, path: str) -> bytes:
        """Return the body of the answer to a GET."""
        return await self._ask(f"GET {path} HTTP/1.1\r\n{self._head}\r\n".encode())

    async def ask(self, asked: Asked) -> bytes:
        """Return the body of the answer to a GET, with a body of its own if *asked* says so, or to a POST."""
        if asked.body is None:
            return await self.get(asked.path)
        return await self._sent(asked.method, asked.path, asked.body)

    async def post(self, path: str, body: bytes) -> bytes:
        """Return the body of the answer to a POST of JSON."""
        return await self._sent("POST", path, body)

    async def _sent(self, method: str, path: str, body: bytes) -> bytes:
        kind = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        return await self._ask(f"{method} {path} HTTP/1.1\r\n{self._head}{kind}\r\n".encode() + body)

    async def _ask(self, request: bytes) -> bytes:
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        start = head.lower().index(_LENGTH) + len(_LENGTH)
        body = await self._reader.readexactly(int(head[start : head.index(b"\r", start)]))
        assert head.startswith(b"HTTP/1.1 2"), (head + body[:500]).decode()
        return body


def basic(user: str, password: str) -> str:
    """Return the header of a Basic login."""
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode()
