"""A small installation: two processes that serve and work, three tills that send until they are answered."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from contextvars import copy_context
from random import Random

import msgspec

from milepost.model.event_key import EventKey
from milepost.model.problem import Unavailable
from milepost.model.time import Micros
from milepost.service.delivery.relay import relay_once
from milepost.service.ingest.incoming_event import Answer, IncomingEvent, Status
from milepost.service.ingest.lanes.lane import Limits
from milepost.service.runtime.runtime import Runtime, build_runtime
from milepost.service.scheduled.boundaries import BoundaryNotifier
from tests.simulation.conductor import HOUR_US, SECOND_US, START_US, Conductor, Process
from tests.simulation.faulty_store import SimulatedDatabase
from tests.store.fixtures_db import House

CUSTOMERS = ("anna", "bert", "cleo")
TILLS, BATCHES, BILLS_MAX = 3, 4, 3
PROCESSES = 2
NETWORK = Process("network")
RESTS_MAX = 40
"""How often everything that is left is done at the end, before it is said to have no end."""


class Server:
    """A process: its runtime, its lanes, and a worker that tells of periods and relays outcomes."""

    def __init__(self, conductor: Conductor, runtime: Runtime, process: Process) -> None:
        """Stand for a process that runs; *conductor* gives it its turns."""
        self.process, self.runtime = process, runtime
        self._conductor = conductor
        self._notifier = BoundaryNotifier(runtime, page=2)

    async def work(self) -> None:
        """Tell of periods and relay, for as long as the process lives."""
        while not self.process.is_dead:
            with suppress(Unavailable):
                await self.work_once()
            async with self._conductor.turn(self.process, "rest"):
                pass

    async def work_once(self) -> bool:
        """Tell of one boundary and relay one group of buckets; whether there was anything to do."""
        await self._notifier.plan()
        lease = await self._notifier.acquire_lease()
        had_work = lease is not None
        while lease is not None:
            lease = await self._notifier.notify_page(lease)
        return await relay_once(self.runtime, page=3) > 0 or had_work


class Installation:
    """What one seed makes of an installation. With `renames` tills repeat under new ids: a planted mistake."""

    renames = False

    def __init__(self, url: str, house: House, seed: int) -> None:
        """Simulate on the database at *url*, which holds the organisation of *house*."""
        self.conductor = Conductor(seed)
        self._url, self._house = url, house
        self._is_optimistic = Random(seed).random() < 0.5
        self.servers: list[Server] = []
        self.sent: dict[str, IncomingEvent] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._number = 0
        self._context = copy_context()

    async def run(self) -> None:
        """Let tills send everything while things go wrong, then let everything come to rest."""
        async with AsyncExitStack() as stack:
            for _ in range(PROCESSES):
                await self._start(stack)
            await self._open()
            tills = [asyncio.create_task(self._till(number, stack)) for number in range(TILLS)]
            upsets = asyncio.create_task(self._upset(stack))
            try:
                await self.conductor.conduct(lambda: all(till.done() for till in tills))
                for till in tills:
                    till.result()
                upsets.cancel()
                await self._come_to_rest(stack)
            finally:
                await _ended([*tills, upsets, *self._tasks])

    async def _open(self) -> None:
        """Let each customer buy once before anything goes wrong: whoever comes after a month is not told of its end."""
        self.conductor.has_faults = False
        bills = [self._bill(f"first of {customer}", Random(customer), customer) for customer in CUSTOMERS]
        first = asyncio.create_task(_received(self.servers[0], bills))
        await self.conductor.conduct(first.done)
        assert first.result() is not None
        self.sent |= {bill.key.id: bill for bill in bills}
        self.conductor.has_faults = True

    async def _start(self, stack: AsyncExitStack) -> None:
        self._number += 1
        server = await stack.enter_async_context(self._started(f"server {self._number}"))
        self.servers.append(server)
        # Tasks that are made within a turn do not have it themselves.
        self._tasks.append(asyncio.create_task(server.work(), context=self._context.copy()))

    @asynccontextmanager
    async def _started(self, name: str) -> AsyncIterator[Server]:
        process = Process(name)
        database = SimulatedDatabase(self._url, self.conductor, process)
        await database.open_quietly()
        runtime = build_runtime(
            database,
            lambda: Micros(self.conductor.now + process.clock_error),
            lanes=1,
            limits=Limits(),
            is_optimistic=self._is_optimistic,
        )
        lanes = asyncio.create_task(runtime.lanes.start(), context=self._context.copy())
        await lanes
        try:
            yield Server(self.conductor, runtime, process)
        finally:
            await database.close()

    async def _till(self, number: int, stack: AsyncExitStack) -> None:
        """Send batches of bills, each until it is answered; some bills have been sent by another till before."""
        chance = Random(f"{self._house.org_id} {number} {self.conductor.random.random()}")
        for batch in range(BATCHES):
            bills = [self._bill(f"{number} {batch} {place}", chance) for place in range(chance.randint(1, BILLS_MAX))]
            if self.sent and chance.random() < 0.3:
                bills.append(chance.choice([*self.sent.values()]))
            self.sent |= {bill.key.id: bill for bill in bills}
            while not await self._answered(bills, stack):
                if self.renames:
                    bills = [renamed(bill) for bill in bills]

    def _bill(self, id_: str, chance: Random, customer: str | None = None) -> IncomingEvent:
        at = START_US - chance.randrange(200) * HOUR_US
        return self._house.bill(id_, customer or chance.choice(CUSTOMERS), str(chance.randint(1, 60)), at)

    async def _answered(self, bills: Sequence[IncomingEvent], stack: AsyncExitStack) -> bool:
        """Send *bills* to a process; whether an answer arrived."""
        async with self.conductor.turn(NETWORK, "request"):
            living = [server for server in self.servers if not server.process.is_dead]
            server = self.conductor.random.choice(living) if living else None
            if server is None:
                await self._start(stack)
            loses_request, doubles, loses_reply = (self.conductor.happens(0.1) for _ in range(3))
        if server is None or loses_request:
            return False
        if doubles:
            self._tasks.append(asyncio.create_task(_ignored(server, bills)))
        receiving = asyncio.create_task(_received(server, bills))
        while not receiving.done() and not server.process.is_dead:
            async with self.conductor.turn(NETWORK, "reply"):
                pass
        if not receiving.done():
            self._tasks.append(asyncio.create_task(_forgotten(receiving)))
            return False
        answers = receiving.result()
        if answers is None or loses_reply:
            return False
        assert {answer.status for answer in answers} <= {Status.APPLIED, Status.DUPLICATE}, answers
        return True

    async def _upset(self, stack: AsyncExitStack) -> None:
        """Make clocks jump, have processes stand still for a while, let the month end, start processes anew."""
        while True:
            async with self.conductor.turn(NETWORK, "upset"):
                living = [server for server in self.servers if not server.process.is_dead]
                if len(living) < PROCESSES:
                    await self._start(stack)
                if living and self.conductor.happens(0.2):
                    one = self.conductor.random.choice(living).process
                    one.clock_error = self.conductor.random.randrange(-600, 600) * SECOND_US
                if living and self.conductor.happens(0.1):
                    one = self.conductor.random.choice(living).process
                    one.paused_until = self.conductor.turns + self.conductor.random.randrange(60)
                if self.conductor.happens(0.1):
                    self.conductor.now += self.conductor.random.randrange(3_600) * SECOND_US

    async def _come_to_rest(self, stack: AsyncExitStack) -> None:
        """Let nothing go wrong any more, and one new process do all that is left, long after the month's end."""
        self.conductor.has_faults = False
        for server in self.servers:
            server.process.is_dead = True
        self.conductor.now = START_US + 30 * HOUR_US
        last = await stack.enter_async_context(self._started("last"))
        done = asyncio.create_task(self._rest(last))
        await self.conductor.conduct(done.done)
        done.result()

    async def _rest(self, last: Server) -> None:
        for _ in range(RESTS_MAX):
            if not await last.work_once():
                return
            self.conductor.now += HOUR_US
        raise AssertionError("there is always something left to do")


def renamed(bill: IncomingEvent) -> IncomingEvent:
    """Return *bill* under another id."""
    return msgspec.structs.replace(bill, key=EventKey(bill.key.source, f"{bill.key.id} again"))


async def _received(server: Server, bills: Sequence[IncomingEvent]) -> list[Answer] | None:
    try:
        return [*await server.runtime.lanes.receive(bills)]
    except Unavailable:
        return None


async def _ignored(server: Server, bills: Sequence[IncomingEvent]) -> None:
    await _received(server, bills)


async def _forgotten(receiving: "asyncio.Task[list[Answer] | None]") -> None:
    await receiving


async def _ended(tasks: Sequence["asyncio.Task[None]"]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
