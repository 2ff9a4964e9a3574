"""Keeps the embedded server running: when it ends without being told to, it is started again.

A server may be killed, or end itself because the disk is full. It is tried again until it runs. If it does not run for
a minute, the process is told, so that it ends with a sentence and its service manager sees it.
"""

import signal
import subprocess
import time
from collections.abc import Callable
from threading import Event, Thread

from milepost.postgres.account import NotStarted

LOOK_SECONDS = 0.1
"""How often it is checked that the server runs."""

AGAIN_SECONDS_MAX = 1
GIVE_UP_SECONDS = 60
"""How long the server is tried again before the process is told that there is no database."""

Server = subprocess.Popen[bytes]


class Keeper:
    """A thread that watches a server and starts it again."""

    def __init__(
        self,
        start: Callable[[Callable[[Server], None]], None],
        report: Callable[[str], None],
        give_up: Callable[[str], None],
    ) -> None:
        """Keep the server that *start* starts; it passes the process on and returns once the server is ready.

        *report* gets messages, *give_up* the reason why there is no server. *start* raises NotStarted.
        """
        self._start = start
        self._report = report
        self._give_up = give_up
        self._stopping = Event()
        self._thread = Thread(target=self._watch, name="keeper of the database", daemon=True)
        self.server: Server | None = None

    def begin(self) -> None:
        """Start the server and watch it from then on. Raises NotStarted."""
        self._start(self._take)
        self._thread.start()

    def end(self) -> None:
        """Watch no longer, and ask the server for a clean shutdown."""
        self._stopping.set()
        self._interrupt()
        if self._thread.ident is not None:
            self._thread.join()
        self._interrupt()

    def _take(self, server: Server) -> None:
        self.server = server
        if self._stopping.is_set():
            self._interrupt()

    def _interrupt(self) -> None:
        if self.server is not None and self.server.poll() is None:
            self.server.send_signal(signal.SIGINT)

    def _watch(self) -> None:
        while not self._stopping.wait(LOOK_SECONDS):
            if self.server is not None and self.server.poll() is not None:
                self._report(f"the database ended (exit code {self.server.returncode}); starting it again")
                self._restart()

    def _restart(self) -> None:
        began = time.monotonic()
        pause = LOOK_SECONDS
        while not self._stopping.is_set():
            try:
                self._start(self._take)
            except (NotStarted, OSError) as error:
                if self._stopping.is_set():
                    return
                if time.monotonic() - began > GIVE_UP_SECONDS:
                    self._stopping.set()
                    self._give_up(f"The embedded database ended and does not start again. {error}")
                    return
                self._stopping.wait(pause)
                pause = min(pause * 2, AGAIN_SECONDS_MAX)
                continue
            self._report(f"the database is back after {time.monotonic() - began:.1f} s")
            return
