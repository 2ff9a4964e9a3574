"""A receiver in a process of its own making: a real socket that answers as a test tells it, and keeps what it got."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from milepost.service.delivery.relay import relay_once
from milepost.service.delivery.sending.sender import Sender
from milepost.service.delivery.sending.transport import Transport
from tests.api.client import ApiClient

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


@dataclass(frozen=True, slots=True)
class Got:
    """A request that arrived: its path, headers with small names, and body."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)


Answering = Callable[[Got, asyncio.StreamWriter], Awaitable[None]]
"""Answers a request; what it writes is sent as it is."""


@dataclass(slots=True)
class Receiver:
    """What arrived so far; `answer` is what is written to each request."""

    answer: bytes | Answering = OK
    got: list[Got] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    connections: int = 0
    port: int = 0

    @property
    def url(self) -> str:
        """Return the address of the receiver."""
        return f"http://127.0.0.1:{self.port}/hook"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of a connection."""
        self.connections += 1
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                headers = {line.split(": ", 1)[0].lower(): line.split(": ", 1)[1] for line in head[1:] if line}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                got = Got(head[0].split(" ")[1], headers, body)
                self.got.append(got)
                self.arrived.set()
                if isinstance(self.answer, bytes):
                    writer.write(self.answer)
                    await writer.drain()
                else:
                    await self.answer(got, writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def receiving(answer: bytes | Answering = OK) -> AsyncIterator[Receiver]:
    """Run a receiver on a free port of this machine."""
    receiver = Receiver(answer)
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()


async def kill(sender: Sender) -> None:
    """End a sender as a signal would: what is in flight is broken off, and nothing is recorded."""
    for task in sender._in_flight:
        task.cancel()
    await asyncio.gather(*sender._in_flight, return_exceptions=True)
    await sender._transport.close()


class Stage:
    """Runs the relay and a sender in a test, one after the other, so that nothing depends on time."""

    def __init__(self, front: ApiClient, answer: bytes | Answering = OK) -> None:
        """Open a receiver that answers so."""
        self._front = front
        self._receiving = receiving(answer)
        self.receiver = front.run(self._receiving.__aenter__)
        self.sender = self.new_sender()

    def new_sender(self) -> Sender:
        """Return a sender of the test's runtime."""
        outgoing = self._front.runtime.outgoing
        return Sender(self._front.runtime, Transport(outgoing.now, allows_private=True))

    def close(self) -> None:
        """Close the receiver and all connections."""

        async def close() -> None:
            await self.sender.finish(5)
            await self._receiving.__aexit__(None, None, None)

        self._front.run(close)

    def deliver(self) -> None:
        """Relay everything and make every attempt that is due by the clock."""

        async def work() -> None:
            while await relay_once(self._front.runtime):
                pass
            while await self.sender.once() or self.sender.in_flight:
                await self.sender.wait(5_000)

        self._front.run(work)
