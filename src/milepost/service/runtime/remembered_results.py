"""Results that cost much and may be some seconds old: each is computed once for all who ask meanwhile."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, NamedTuple, TypeVar, cast

from milepost.model.problem import Unavailable

Result = TypeVar("Result")

_SECOND_NS = 1_000_000_000
KEPT_MAX = 100
"""How many results are remembered."""

STILL_COUNTED = "this is still being counted; ask again in some seconds"


class _Computation(NamedTuple):
    """A computation, and when it was begun: nanoseconds of the process' steady clock."""

    begun: int
    task: "asyncio.Task[Any]"

    def is_over(self, kept: int) -> bool:
        """Whether it has failed, or has a result that was begun more than *kept* seconds ago."""
        if not self.task.done():
            return False
        has_failed = self.task.cancelled() or self.task.exception() is not None
        return has_failed or time.monotonic_ns() - self.begun > kept * _SECOND_NS


class RememberedResults:
    """The results of this process, by key. One is computed at a time, so that other requests go on."""

    def __init__(self) -> None:
        """Remember nothing yet."""
        self._known: dict[Hashable, _Computation] = {}
        self._turn = asyncio.Semaphore(1)

    async def get(self, key: Hashable, compute: Callable[[], Awaitable[Result]], *, kept: int, patience: int) -> Result:
        """Return the result of *key*, computed at most *kept* seconds ago.

        Raises Unavailable if it takes longer than *patience* seconds; the computation goes on for whoever asks next.
        """
        found = self._known.get(key)
        if found is None or found.is_over(kept):
            task = asyncio.ensure_future(self._take_turn(compute))
            found = self._known[key] = _Computation(time.monotonic_ns(), task)
            self._forget()
        try:
            return cast("Result", await asyncio.wait_for(asyncio.shield(found.task), patience))
        except TimeoutError:
            raise Unavailable(STILL_COUNTED) from None

    def forget_all(self) -> None:
        """Forget all results, so that whoever asks next gets new ones."""
        self._known.clear()

    async def _take_turn(self, compute: Callable[[], Awaitable[Result]]) -> Result:
        async with self._turn:
            return await compute()

    def _forget(self) -> None:
        while len(self._known) > KEPT_MAX:
            oldest = min(self._known, key=lambda key: self._known[key].begun)
            del self._known[oldest]
