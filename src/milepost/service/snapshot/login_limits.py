"""Limits of wrong passwords: for each account and for each address, before anything is hashed.

Verifying a password is slow on purpose. Without limits, wrong passwords would take the processor from events, and
passwords could be guessed. An account that logged in from an address before may try again from there, so that nobody
can lock a till out of its shop.
"""

import asyncio
import math
import time
from collections.abc import Callable
from weakref import WeakValueDictionary

FAILURES_MAX = 10
"""Wrong passwords that an account, or an address, may bring within the window."""

WINDOW_SECONDS = 60
KNOWN_SECONDS = 24 * 60 * 60
"""How long it is remembered that an account logged in from an address."""

AT_ONCE = 2
"""Passwords of one address that are verified at a time. The others wait, and meet the limit if these were wrong."""

REMEMBERED_MAX = 100_000
"""Accounts and addresses that are counted at a time; with more, the counts begin anew."""


class TooManyLogins(Exception):
    """Too many wrong passwords came from an address or for an account, or too many wait to be verified."""

    def __init__(self, seconds: int) -> None:
        """Say in how many *seconds* a login may be tried again."""
        super().__init__(f"too many wrong passwords; a login may be tried again in {seconds} s")
        self.seconds = seconds


class LoginLimits:
    """The wrong passwords of the last minute."""

    def __init__(self, failures_max: int = FAILURES_MAX, now: Callable[[], float] = time.monotonic) -> None:
        """Let *failures_max* wrong passwords pass in a window; *now* returns seconds."""
        self._failures_max = failures_max
        self._now = now
        self._windows: dict[tuple[str, str], tuple[int, float]] = {}
        self._known: dict[tuple[str, str], float] = {}
        self._turns: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    def turn(self, address: str) -> asyncio.Semaphore:
        """Return what a password from *address* waits for before it is checked and verified."""
        turn = self._turns.get(address)
        if turn is None:
            turn = self._turns[address] = asyncio.Semaphore(AT_ONCE)
        return turn

    def check(self, code: str, address: str) -> None:
        """Raise TooManyLogins if no further password may be verified now."""
        now = self._now()
        if self._known.get((code, address), 0) > now:
            return
        for key in (("account", code), ("address", address)):
            count, ends = self._windows.get(key, (0, 0))
            if ends > now and count >= self._failures_max:
                raise TooManyLogins(math.ceil(ends - now))

    def record(self, code: str, address: str, *, succeeded: bool) -> None:
        """Record the result of verifying a password."""
        now = self._now()
        if succeeded:
            self._known = self._known if len(self._known) < REMEMBERED_MAX else {}
            self._known[code, address] = now + KNOWN_SECONDS
            return
        if len(self._windows) >= REMEMBERED_MAX:
            self._windows.clear()
        for key in (("account", code), ("address", address)):
            count, ends = self._windows.get(key, (0, 0))
            self._windows[key] = (count + 1, ends) if ends > now else (1, now + WINDOW_SECONDS)
