"""Alerts for operators: a webhook of the installation gets each problem once when it begins, and once when it ends."""

from collections.abc import Awaitable, Callable

import httpx2
import structlog

from milepost.service.runtime.health import Readiness

SEND_SECONDS = 5
_log = structlog.get_logger()

Send = Callable[[dict[str, object]], Awaitable[None]]


class Alerts:
    """The problems that operators were told of."""

    def __init__(self, send: Send) -> None:
        """Tell them by *send*."""
        self._send = send
        self._known: set[str] = set()

    async def look(self, readiness: Readiness, at: str) -> None:
        """Tell of problems that began or ended; *at* is the time as text.

        What could not be told is tried again at the next look.
        """
        present = {problem.kind: problem.text for problem in readiness.problems}
        for kind in present.keys() - self._known:
            if await self._tell(kind, present[kind], "began", readiness, at):
                self._known.add(kind)
        for kind in self._known - present.keys():
            if await self._tell(kind, "", "ended", readiness, at):
                self._known.discard(kind)

    async def _tell(self, kind: str, text: str, change: str, readiness: Readiness, at: str) -> bool:
        alert: dict[str, object] = {
            "type": "milepost.alert",
            "at": at,
            "problem": kind,
            "change": change,
            "text": text,
            "receivesEvents": readiness.receives_events,
        }
        try:
            await self._send(alert)
        except (httpx2.HTTPError, OSError) as error:
            _log.warning("alert_not_sent", problem=kind, reason=type(error).__name__)
            return False
        return True


def sender(url: str) -> Send:
    """Return what posts an alert to *url*. Redirects are not followed, and an answer of 300 or more is a failure."""

    async def send(alert: dict[str, object]) -> None:
        async with httpx2.AsyncClient(timeout=SEND_SECONDS) as client:
            response = await client.post(url, json=alert)
            if response.status_code >= 300:
                raise httpx2.HTTPError(f"the receiver answered {response.status_code}")

    return send
