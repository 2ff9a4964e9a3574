"""A proxy between a server and PostgreSQL that cuts a connection around a COMMIT."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import Enum

import psycopg

CHUNK = 65_536


class Cut(Enum):
    """Where the next connection that commits is cut."""

    NOWHERE = "nowhere"
    BEFORE_COMMIT = "before COMMIT reaches the database"
    AFTER_COMMIT = "after the database has committed, before its reply"


class CuttingProxy:
    """Forwards connections to the database at *url*; `cut` is where the next commit is cut, `cuts` counts them."""

    def __init__(self, url: str) -> None:
        """Forward to *url*."""
        known = psycopg.conninfo.conninfo_to_dict(url)
        self._target = f"{known['host']}/.s.PGSQL.{known.get('port') or 5432}"
        self._url = url
        self.port = 0
        self.cut = Cut.NOWHERE
        self.cuts = 0

    @property
    def url(self) -> str:
        """Return the address of the database behind this proxy."""
        return psycopg.conninfo.make_conninfo(self._url, host="127.0.0.1", port=self.port)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Forward one connection until an end closes it or it is cut."""
        back_reader, back_writer = await asyncio.open_unix_connection(self._target)
        answers = asyncio.create_task(_pour(back_reader, writer))
        try:
            while sent := await reader.read(CHUNK):
                if b"COMMIT" in sent.upper() and self.cut is not Cut.NOWHERE:
                    await self._cut(sent, back_reader, back_writer, answers)
                    break
                back_writer.write(sent)
                await back_writer.drain()
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            answers.cancel()
            writer.transport.abort()
            back_writer.close()

    async def _cut(
        self,
        sent: bytes,
        back_reader: asyncio.StreamReader,
        back_writer: asyncio.StreamWriter,
        answers: "asyncio.Task[None]",
    ) -> None:
        cut, self.cut = self.cut, Cut.NOWHERE
        self.cuts += 1
        answers.cancel()
        await asyncio.gather(answers, return_exceptions=True)
        if cut is Cut.AFTER_COMMIT:
            back_writer.write(sent)
            await back_writer.drain()
            # The database answers once the commit is on disk; the client never reads it.
            await back_reader.read(CHUNK)


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while told := await reader.read(CHUNK):
            writer.write(told)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


@asynccontextmanager
async def cutting(url: str) -> AsyncIterator[CuttingProxy]:
    """Run a proxy before the database at *url*."""
    proxy = CuttingProxy(url)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()


def free_port() -> int:
    """Return a port at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])
