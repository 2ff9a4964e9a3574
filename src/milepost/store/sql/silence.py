"""Cuts a connection on which the server stays silent, so that no request waits for an answer that does not come.

A limit of the server itself (`statement_timeout`) does not help when the server is stopped, or when the network
swallows its answers. The socket is shut down, and the driver then reports a lost connection as after any other loss.
"""

import asyncio
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

import psycopg
import structlog

SLOW_SECONDS = 1
"""From how long on a statement is logged."""

_log = structlog.get_logger()


class SilenceWatch:
    """Cuts a connection when *seconds* have passed since the last `touch`, until the block ends."""

    def __init__(self, connection: psycopg.AsyncConnection[Any], seconds: float) -> None:
        """Watch *connection* from the beginning of the block on."""
        self._connection = connection
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._deadline = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> Self:
        """Begin to watch."""
        self.touch()
        self._timer = self._loop.call_at(self._deadline, self._look)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Watch no longer."""
        if self._timer is not None:
            self._timer.cancel()

    def touch(self) -> None:
        """Wait anew: a statement is about to be sent."""
        self._deadline = self._loop.time() + self._seconds

    @contextmanager
    def statement(self, name: str) -> Iterator[None]:
        """Wait anew while the statement *name* runs, and log it if it is slow."""
        self.touch()
        began = self._loop.time()
        yield
        took = self._loop.time() - began
        if took > SLOW_SECONDS:
            _log.warning("slow_statement", statement=name, milliseconds=round(took * 1_000))

    def _look(self) -> None:
        if self._loop.time() < self._deadline:
            self._timer = self._loop.call_at(self._deadline, self._look)
            return
        self._timer = None
        cut(self._connection)


def cut(connection: psycopg.AsyncConnection[Any]) -> None:
    """Shut the socket of *connection* down; whoever waits for its server gets an error at once."""
    try:
        with socket.socket(fileno=os.dup(connection.pgconn.socket)) as duplicate:
            duplicate.shutdown(socket.SHUT_RDWR)
    except (psycopg.Error, OSError):
        return  # it is closed already
