"""The HTTP server of a process: it says when it answers, and ends in time."""

import socket
from collections.abc import Callable
from types import FrameType

import uvicorn

from milepost.operation.deadline import begin_deadline
from milepost.operation.listeners import address_of


class ReportingServer(uvicorn.Server):
    """A uvicorn server that reports when it answers requests."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[str], None]) -> None:
        """Call *ready* with the address once requests are answered."""
        super().__init__(config)
        self._ready = ready
        self.handle_exit = self._end_in_time  # type: ignore[method-assign, assignment]

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen, and say so."""
        await super().startup(sockets)
        if self.started:
            self._ready(address_of(self.servers[0].sockets[0]))

    def _end_in_time(self, number: int, frame: FrameType | None) -> None:
        """Finish the requests in progress, then end; all that within the deadline."""
        begin_deadline()
        uvicorn.Server.handle_exit(self, number, frame)

    def stop(self) -> None:
        """Finish the requests in progress, then end."""
        self.should_exit = True
