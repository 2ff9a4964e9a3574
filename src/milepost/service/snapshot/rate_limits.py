"""Limits of requests: for each organisation and for each caller, so that one takes nothing from the others.

Each limit is a number of requests a second. It is counted in windows of ten seconds, so that requests may come in
bursts. Each process counts by itself.
"""

import math
import time
from collections.abc import Callable
from typing import NamedTuple

from milepost.service.snapshot.access import Caller

WINDOW_SECONDS = 10
COUNTED_MAX = 100_000
"""Organisations and callers that are counted at a time; with more, the counts begin anew."""

NO_LIMIT = 0


class RateLimit(NamedTuple):
    """A limit as a client is told of it: its name, its quota in a window, what is left, and when it is full."""

    name: str
    quota: int
    remaining: int
    seconds: int


class TooManyRequests(Exception):
    """An organisation or a caller has sent more requests than its limit."""

    def __init__(self, limit: RateLimit) -> None:
        """Name the *limit* that was reached."""
        rate = limit.quota // WINDOW_SECONDS
        super().__init__(f"more than {rate} requests a second for this {limit.name}; wait {limit.seconds} s")
        self.limit = limit


class RateLimits:
    """What organisations and callers have sent lately."""

    def __init__(
        self,
        organisation: int = NO_LIMIT,
        caller: int = NO_LIMIT,
        processes: int = 1,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Limit each *organisation* and each *caller* to so many requests a second, unless the organisation says more.

        Each of *processes* lets its share pass, and at least one request a second. *now* returns seconds.
        """
        self._usual = {"organisation": organisation, "caller": caller}
        self._processes = processes
        self._now = now
        self._taken: dict[tuple[str, int, str], tuple[float, float]] = {}

    def count(self, caller: Caller) -> RateLimit | None:
        """Count a request of *caller*; return the nearest limit, None without limits. Raises TooManyRequests."""
        rates = self._rates(caller)
        if not rates:
            return None
        limits = [self._limit(name, caller, rate) for name, rate in rates]
        return min(limits, key=lambda limit: limit.remaining / limit.quota)

    def _rates(self, caller: Caller) -> list[tuple[str, int]]:
        said = {"caller": caller.rates.caller, "organisation": caller.rates.organisation}
        rates = [(name, self._usual[name] if rate is None else rate) for name, rate in said.items()]
        return [(name, max(1, rate // self._processes)) for name, rate in rates if rate != NO_LIMIT]

    def _limit(self, name: str, caller: Caller, rate: int) -> RateLimit:
        """Take one request from a limit: what was taken comes back at *rate* a second, up to a whole window."""
        key = (name, caller.org_id, f"{caller.author.kind} {caller.author.id}" if name == "caller" else "")
        now, quota = self._now(), rate * WINDOW_SECONDS
        before, at = self._taken.get(key, (0.0, now))
        taken = max(0.0, before - (now - at) * rate) + 1
        if taken > quota:
            raise TooManyRequests(RateLimit(name, quota, 0, max(1, math.ceil((taken - quota) / rate))))
        if len(self._taken) >= COUNTED_MAX:
            self._taken.clear()
        self._taken[key] = taken, now
        return RateLimit(name, quota, int(quota - taken), max(1, math.ceil(taken / rate)))
