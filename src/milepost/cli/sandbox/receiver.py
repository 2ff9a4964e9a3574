"""A receiver of webhooks on this machine, which a scenario lets fail and work."""

import asyncio
import json
from typing import Any

OK = 200
_BYTES_MAX = 1024 * 1024


class Receiver:
    """Takes messages, and answers each with `status`; it remembers those that it answered with 200."""

    def __init__(self) -> None:
        """Take messages once it is opened."""
        self.status = OK
        self.taken: list[dict[str, Any]] = []
        self.refused = 0
        self._server: asyncio.Server | None = None

    async def open(self) -> str:
        """Listen on a free port of this machine; return the address."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=_BYTES_MAX)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/"

    def close(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            lengths = [line.partition(":")[2] for line in head.split("\r\n") if line.startswith("content-length:")]
            body = await reader.readexactly(int(lengths[0]) if lengths else 0)
            if self.status == OK:
                self.taken.append(json.loads(body))
            else:
                self.refused += 1
            writer.write(b"HTTP/1.1 %d x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n" % self.status)
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
