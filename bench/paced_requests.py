"""Requests at fixed instants, whatever the answers take; and something done at fixed instants beside them."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack

from bench.client import Asked, Connection, basic
from bench.hosts import PASSWORD, TILL, Address
from bench.latency import Repeated, Times

CONNECTIONS = 8
"""Connections of an open loop; a request that finds none waits, and its time runs."""


def _at_nothing(_asked: Asked, _answer: bytes) -> None:
    """Look at no answer."""


async def paced(
    contestant: str,
    address: Address,
    asked: Sequence[Asked],
    rate: float,
    look: Callable[[Asked, bytes], None] = _at_nothing,
) -> Times:
    """Send *asked*, so many a second (open loop), and *look* at each answer.

    The time of each runs from the instant it was due.
    """
    free: asyncio.Queue[Connection] = asyncio.Queue()
    async with AsyncExitStack() as stack:
        for _ in range(CONNECTIONS):
            free.put_nowait(await stack.enter_async_context(Connection(address, basic(TILL, PASSWORD))))
        began = time.perf_counter()
        async with asyncio.TaskGroup() as tasks:
            sending = [
                tasks.create_task(_at(free, one, began + number / rate, look)) for number, one in enumerate(asked)
            ]
        seconds = time.perf_counter() - began
    found = [task.result() for task in sending]
    return Times(
        contestant=contestant,
        clients=CONNECTIONS,
        each=tuple(taken for taken, _ in found),
        seconds=seconds,
        answer_bytes=sum(size for _, size in found) // max(1, len(found)),
    )


async def _at(
    free: "asyncio.Queue[Connection]", asked: Asked, due: float, look: Callable[[Asked, bytes], None]
) -> tuple[float, int]:
    await asyncio.sleep(max(0.0, due - time.perf_counter()))
    connection = await free.get()
    answer = await connection.ask(asked)
    free.put_nowait(connection)
    seconds = time.perf_counter() - due
    look(asked, answer)
    return seconds, len(answer)


class Every(Repeated):
    """Something that is done at every so many *seconds* while something else is measured; late ones are not made up."""

    def __init__(self, work: Callable[[], Awaitable[object]], seconds: float) -> None:
        """Do *work* once it is started."""
        super().__init__(work)
        self._seconds = seconds
        self._due: float | None = None

    def rest(self, began: float) -> float:
        """Rest until the next one is due."""
        now = time.perf_counter()
        self._due = max((began if self._due is None else self._due) + self._seconds, now)
        return self._due - now
