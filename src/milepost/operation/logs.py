"""One log for all: lines of JSON on standard error, ours and those of uvicorn and the driver.

Lines of one kind are bounded, so that a fault that repeats itself fills no disk. Lines of requests are not.
"""

import logging
import sys
import time
from collections.abc import MutableMapping
from typing import Any, BinaryIO

import msgspec
import structlog

SAME_LINES_MAX = 50
"""Lines of one kind within a window; the rest are counted."""

WINDOW_SECONDS = 10
KINDS_MAX = 1_000
REQUEST = "request"
"""The kind of line that is written for each request."""

Line = MutableMapping[str, Any]


class SameLines:
    """Leaves out lines of a kind that repeats itself; the next line of the kind says how many were left out."""

    def __init__(self) -> None:
        """Count nothing yet."""
        self._windows: dict[str, tuple[float, int]] = {}

    def __call__(self, _logger: object, _method: str, line: Line) -> Line:
        """Return *line*, or drop it."""
        kind = str(line.pop("kind", line["event"]))
        if kind == REQUEST:
            return line
        now = time.monotonic()
        began, count = self._windows.get(kind, (now, 0))
        if now - began >= WINDOW_SECONDS:
            if count > SAME_LINES_MAX:
                line["left_out"] = count - SAME_LINES_MAX
            began, count = now, 0
        if len(self._windows) >= KINDS_MAX:
            self._windows.clear()
        self._windows[kind] = began, count + 1
        if count >= SAME_LINES_MAX:
            raise structlog.DropEvent
        return line


class _ToStructlog(logging.Handler):
    """Writes the lines of libraries as our own."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write *record*; its kind is the text before values are put into it."""
        error = record.exc_info if record.exc_info and record.exc_info[0] else None
        structlog.get_logger().log(
            record.levelno, record.getMessage(), logger=record.name, kind=str(record.msg), exc_info=error
        )


def log_as_json(level: str, stream: BinaryIO | None = None) -> None:
    """Write lines from *level* on to *stream*, and those of libraries from the level of warnings on.

    Without a *stream* they are written to standard error.
    """
    least = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            SameLines(),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(serializer=_encode),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.BytesLoggerFactory(stream or sys.stderr.buffer),
    )
    logging.basicConfig(level=max(least, logging.WARNING), handlers=[_ToStructlog()], force=True)


def _encode(line: Line, **_options: object) -> bytes:
    return msgspec.json.encode(line, enc_hook=str)
