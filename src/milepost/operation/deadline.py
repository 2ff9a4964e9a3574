"""Ends a process that was told to stop and does not: whatever it is doing, it is gone in ten seconds.

Nothing that was confirmed is lost by that, because confirmed events are committed. The embedded database is told to
stop by the kernel when this process is gone.
"""

import os
import sys
import threading

END_SECONDS = 9.5
"""Seconds after the first signal to stop. Service managers often kill after ten."""

EXIT_TOO_LATE = 124
"""The exit code of a process that did not end in time, as `timeout` has it."""

_begun = threading.Event()


def begin_deadline(seconds: float = END_SECONDS) -> None:
    """End this process in *seconds*, unless it has ended by then; the first call counts."""
    if _begun.is_set():
        return
    _begun.set()
    timer = threading.Timer(seconds, _end_now)
    timer.daemon = True
    timer.start()


def _end_now() -> None:
    sys.stderr.write("milepost: told to stop and still busy; ended without waiting longer\n")
    sys.stderr.flush()
    os._exit(EXIT_TOO_LATE)
