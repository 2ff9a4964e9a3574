"""Reads one queue: what a poll gives is received as events, and only then the position is written (decision 0035)."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

import structlog

from milepost.model.delivery.queue import Positions, QueueLease, QueueMessage
from milepost.model.problem import Fault, Problem, Unavailable
from milepost.model.time import Micros
from milepost.service.ingest.incoming_event import Answer, IncomingEvent, Status
from milepost.service.ingest.lanes.lane import Overloaded
from milepost.service.queues.address import QueueAddress, address_of
from milepost.service.queues.broker import BrokerFailure, Source, open_source
from milepost.service.queues.queues import ReadEvent, read_message
from milepost.service.runtime.runtime import Runtime, within
from milepost.service.snapshot.current_request import current_request_id
from milepost.store.database import Transaction
from milepost.store.delivery import queues

POLL_MAX = 1_000
POLL_SECONDS = 1
KEEP_SECONDS = 2
"""How often the lease is renewed and the lag is asked for."""

PAUSE_MS, PAUSE_MS_MAX = 250, 10_000
TRY_MS = 100
TRIES_MAX = 5
"""How often an event that a fault of ours keeps from being stored is tried before it is a dead letter."""

REASON_CHARACTERS_MAX = 2_000
_log = structlog.get_logger()


class LeaseLost(Exception):
    """Another server reads the queue by now, or it was stopped or deleted."""


class Queued(NamedTuple):
    """A queue that this process reads: the lease, and the address with credentials."""

    lease: QueueLease
    address: QueueAddress


async def lease_queue(runtime: Runtime) -> Queued | None:
    """Lease a queue that nobody reads; None if there is none. Raises Fault if its address cannot be decrypted."""

    async def work(transaction: Transaction) -> tuple[QueueLease, str] | None:
        return await queues.lease(transaction)

    leased = await runtime.database.attempt(work)
    if leased is None:
        return None
    return Queued(leased[0], address_of(runtime.outgoing.box.open(leased[1])))


class QueueReader:
    """Reads a leased queue until it is told to stop or loses the lease."""

    def __init__(self, runtime: Runtime, queued: Queued, read_event: ReadEvent) -> None:
        """Read *queued*; each message is read as an event by *read_event*."""
        self._runtime = runtime
        self._lease, self._address = queued
        self._read_event = read_event
        self._stopping = asyncio.Event()
        self._reached: dict[int, int] = {}
        self._kept = asyncio.get_running_loop().time()

    def stop(self) -> None:
        """Stop after the messages at hand."""
        self._stopping.set()

    async def run(self) -> None:
        """Read until told to stop. A broker or database that is away is tried again, later after each failure."""
        failures = 0
        while not self._stopping.is_set():
            before = dict(self._reached)
            try:
                await self._read()
            except LeaseLost:
                return
            except (BrokerFailure, Fault, Overloaded, Unavailable) as error:
                failures = 1 if self._reached != before else failures + 1
                _log.warning("queue_waits", queue=self._lease.queue_id, reason=str(error))
                if not await self._note(str(error)):
                    return
                await self._rest(min(PAUSE_MS_MAX, PAUSE_MS << min(failures, 10)))
        await self._release()

    async def _read(self) -> None:
        """Open the queue at the stored positions, and read it."""
        async with self._runtime.database.reading() as reading:
            self._reached = dict(await queues.positions(reading, self._lease))
        source = await open_source(self._address, self._reached)
        try:
            await self._keep(source)
            while not self._stopping.is_set():
                messages = await source.poll(POLL_MAX, POLL_SECONDS)
                if messages:
                    await self.take(messages)
                if asyncio.get_running_loop().time() - self._kept > KEEP_SECONDS:
                    await self._keep(source)
        finally:
            await source.close()

    async def take(self, messages: Sequence[QueueMessage]) -> None:
        """Receive *messages* as events; then write the positions behind them, together with the dead letters."""
        now = (await within(self._runtime, self._lease.org_id)).clock()
        incoming: list[tuple[QueueMessage, IncomingEvent]] = []
        dead: list[tuple[QueueMessage, str]] = []
        for message in messages:
            read = self._read_message(message, now)
            if isinstance(read, IncomingEvent):
                incoming.append((message, read))
            else:
                dead.append((message, _words(read)))
        dead += await self._receive(incoming)
        reached = {message.partition: message.position + 1 for message in messages}

        async def work(transaction: Transaction) -> None:
            if not await queues.keep(transaction, self._lease):
                raise LeaseLost
            await queues.move(transaction, self._lease, reached)
            if dead:
                await queues.bury(transaction, self._lease, dead, now)

        await self._runtime.database.attempt(work)
        self._reached.update(reached)

    def _read_message(self, message: QueueMessage, now: Micros) -> IncomingEvent | tuple[Problem, ...]:
        token = current_request_id.set(f"queue-{self._lease.queue_id}/{message.partition}/{message.position}")
        try:
            url, org_id = self._address.shown, self._lease.org_id
            return read_message(self._read_event, url, org_id, message, now)
        finally:
            current_request_id.reset(token)

    async def _receive(self, incoming: Sequence[tuple[QueueMessage, IncomingEvent]]) -> list[tuple[QueueMessage, str]]:
        """Receive events; return those that were refused, and those that a fault of ours keeps from being stored."""
        refused: list[tuple[QueueMessage, str]] = []
        failed: list[tuple[tuple[QueueMessage, IncomingEvent], Answer]] = []
        for tries in range(TRIES_MAX):
            if not incoming:
                return refused
            answers = await self._runtime.lanes.receive([event for _, event in incoming])
            judged = list(zip(incoming, answers, strict=True))
            refused += [(one[0], _words_of(answer)) for one, answer in judged if answer.status in _REFUSALS]
            failed = [(one, answer) for one, answer in judged if answer.status is Status.FAILED]
            incoming = [one for one, _ in failed]
            if incoming:
                await self._rest(TRY_MS << tries)
        return refused + [(message, _words_of(answer)) for (message, _), answer in failed]

    async def _keep(self, source: Source) -> None:
        """Renew the lease, and note how many messages wait."""
        lag = await source.lag(self._reached)

        async def work(transaction: Transaction) -> bool:
            return await queues.keep(transaction, self._lease, lag=lag)

        if not await self._runtime.database.attempt(work):
            raise LeaseLost
        self._kept = asyncio.get_running_loop().time()

    async def _note(self, failure: str) -> bool:
        """Note why the queue cannot be read; return whether the lease is still ours, as far as is known."""

        async def work(transaction: Transaction) -> bool:
            return await queues.keep(transaction, self._lease, failure=failure[:REASON_CHARACTERS_MAX])

        try:
            return await self._runtime.database.attempt(work)
        except (Unavailable, Fault):
            return True  # Whether it is ours is asked again before any position is written.

    async def _release(self) -> None:
        async def work(transaction: Transaction) -> None:
            await queues.release(transaction, self._lease)

        try:
            await self._runtime.database.attempt(work)
        except (Unavailable, Fault):
            return  # The lease ends by itself.

    async def _rest(self, milliseconds: int) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), milliseconds / 1_000)
        except TimeoutError:
            return

    @property
    def reached(self) -> Positions:
        """Return the positions that are read next."""
        return self._reached


_REFUSALS = frozenset({Status.CONFLICT, Status.REFUSED})


def _words_of(answer: Answer) -> str:
    return _words(answer.problems) or answer.status.value


def _words(problems: Sequence[Problem]) -> str:
    """Return all *problems* as one text."""
    words = "; ".join(f"{one.path}: {one.reason}" if one.path else one.reason for one in problems)
    return words[:REASON_CHARACTERS_MAX]
