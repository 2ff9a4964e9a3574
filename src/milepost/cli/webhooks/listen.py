"""`milepost webhooks listen`: a receiver on this machine that prints each message and whether its signature is good."""

import asyncio
import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from milepost.cli.in_process import run_for
from milepost.cli.options import Data, DatabaseUrl, Org
from milepost.cli.output import print_message
from milepost.cli.webhooks.options import Types

if TYPE_CHECKING:
    from milepost.service.delivery.webhooks import AddedWebhook
    from milepost.service.runtime.runtime import Runtime

HEAD_BYTES_MAX = 64 * 1024
BODY_BYTES_MAX = 1024 * 1024
_ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"


def listen(
    organisation: Org,
    types: Types = None,
    count: Annotated[int, typer.Option("--count", help="end after so many messages; 0 for never", min=0)] = 0,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Print what customers reach, as a webhook on this machine is told it, until Ctrl-C.

    The server needs MILEPOST_WEBHOOKS_PRIVATE=1. The webhook is deleted at the end.
    """
    from milepost.model.problem import Problem, Refused

    async def work(runtime: "Runtime", org_id: int) -> None:
        if not runtime.outgoing.allows_private:
            raise Refused(Problem("MILEPOST_WEBHOOKS_PRIVATE", "must be set, here and for the server"))
        await _listen(runtime, org_id, tuple(types or ()), count)

    run_for(organisation, {"data": data, "database_url": database_url}, work)


async def _listen(runtime: "Runtime", org_id: int, types: tuple[str, ...], count: int) -> None:
    from milepost.model.delivery.webhook import Style, Webhook
    from milepost.service.delivery.webhooks import add_webhook, delete_webhook, usual_types

    printer = _Printer(runtime, count)
    server = await asyncio.start_server(printer.serve, "127.0.0.1", 0, limit=HEAD_BYTES_MAX)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    webhook = Webhook(url=url, types=types or usual_types(Style.MILEPOST), description="milepost webhooks listen")
    printer.added = await add_webhook(runtime, org_id, webhook)
    print_message(f"listening on {url}")
    try:
        await printer.done.wait()
    finally:
        server.close()
        printer.close()
        await delete_webhook(runtime, org_id, printer.added.stored.id)


class _Printer:
    def __init__(self, runtime: "Runtime", count: int) -> None:
        self.added: AddedWebhook | None = None
        self.done = asyncio.Event()
        self._runtime = runtime
        self._left = count or -1
        self._connections: set[asyncio.StreamWriter] = set()

    def close(self) -> None:
        """Close the connections that the server keeps open; what serves them ends by itself."""
        for connection in self._connections:
            connection.close()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections.add(writer)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                headers = {line.split(":", 1)[0].lower(): line.split(":", 1)[1].strip() for line in head[1:] if line}
                size = int(headers.get("content-length", "0"))
                if size > BODY_BYTES_MAX:
                    break
                self._print(headers, await reader.readexactly(size))
                writer.write(_ANSWER)
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, ValueError, IndexError):
            pass
        finally:
            self._connections.discard(writer)
            writer.close()

    def _print(self, headers: dict[str, str], body: bytes) -> None:
        from milepost.model.time import to_seconds
        from milepost.service.delivery.sending.signature import is_signed

        assert self.added is not None, "nobody knows the address before the webhook is added"
        verified = is_signed([self.added.secret], headers, body, to_seconds(self._runtime.outgoing.now()))
        line = {"verified": verified, "message": json.loads(body)}
        sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
        sys.stdout.flush()
        self._left -= 1
        if self._left == 0:
            self.done.set()
