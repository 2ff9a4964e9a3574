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
        if found is None or (
            found.task.done() and (_failed(found.task) or time.monotonic_ns() - found.begun > kept * _SECOND_NS)
        ):
            found = self._known[key] = _Computation(
                time.monotonic_ns(), asyncio.ensure_future(self._take_turn(compute))
            )
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


def _failed(task: "asyncio.Task[Any]") -> bool:
    return task.cancelled() or task.exception() is not None
