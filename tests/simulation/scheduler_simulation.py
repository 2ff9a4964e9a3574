"""The scheduler of period boundaries in simulated time: three servers in one thread, and faults drawn from a seed.

`python -m tests.simulation.scheduler_simulation SEED` repeats one run and prints the digest of its trace.
"""

import random
import sys
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from types import SimpleNamespace
from typing import Any, cast

from milepost.model.organisation import PeriodEndOutcome, Settings
from milepost.model.problem import Unavailable
from milepost.model.time import SECOND_US, Micros
from milepost.rules.compiled.index import build_rule_index
from milepost.service.ingest.incoming_event import IncomingEvent
from milepost.service.runtime.clocks import Clocks
from milepost.service.scheduled.boundaries import BoundaryNotifier
from milepost.service.snapshot.organisation_snapshot import OrganisationSnapshot, Places
from milepost.store.scheduled.boundaries import finish
from tests.core.sample_shop import GROUP, PERIODS, SHOP, TARGET
from tests.simulation.virtual_store import ORG_ID, Pause, VirtualStore

SERVERS, CUSTOMERS, PAGE = 3, 5, 2
FAULTY_STEPS, STEPS_MAX = 400, 20_000
LOST_RETRY = "a page that failed is not tried again"
BEGIN = PERIODS[0].opens_at
MINUTE = 60 * SECOND_US


def snapshot() -> OrganisationSnapshot:
    """Return a shop with three periods of a minute, whose ends every customer is notified of."""
    periods = tuple(
        replace(
            PERIODS[0],
            id=number,
            ref_code=str(number),
            opens_at=Micros(BEGIN + number * MINUTE),
            closes_at=Micros(BEGIN + (number + 1) * MINUTE),
        )
        for number in (1, 2, 3)
    )
    target = replace(TARGET, goals=tuple(replace(TARGET.goals[0], period_id=period.id) for period in periods))
    group = replace(GROUP, periods=periods, targets=(target,), total_periods=3)
    organisation = replace(SHOP, settings=Settings(period_end_outcome=PeriodEndOutcome.ALL_ENROLLED))
    return OrganisationSnapshot(
        organisation=organisation,
        groups={group.id: group},
        rule_index=build_rule_index(organisation, [group]),
        places=Places([], [], [], []),
        shared=(group,),
        holders={target.id: group},
    )


SNAPSHOT = snapshot()
EXPECTED = {
    (customer_id, f"1/{period}/{kind}"): 1
    for customer_id in range(1, CUSTOMERS + 1)
    for period in (1, 2, 3)
    for kind in ("opened", "closed")
}


class Parts:
    """What stands in for the snapshots and the ingestion of a server."""

    async def current(self, transaction: object, org_ids: object) -> dict[int, OrganisationSnapshot]:
        """Return the snapshot of the only organisation."""
        del transaction, org_ids
        return {ORG_ID: SNAPSHOT}

    async def of_organisation(self, transaction: object, org_id: int) -> OrganisationSnapshot:
        """Return the snapshot of the only organisation."""
        del transaction, org_id
        return SNAPSHOT

    async def inside(self, transaction: Any, incoming_events: Sequence[IncomingEvent]) -> list[Any]:
        """Add the events of notices."""
        for incoming_event in incoming_events:
            await transaction.notify(int(incoming_event.customer.value), incoming_event.key.id)
        return []


@dataclass(slots=True)
class Server:
    """A server that works on boundaries; its clock is wrong by *skew*, and it stands still until *paused_until*."""

    life: Coroutine[Any, Any, None] | None = None
    skew: int = 0
    paused_until: int = 0


class Simulation:
    """One run: the seed decides who goes on at each pause, and what fails there."""

    def __init__(self, seed: int, bug: str = "") -> None:
        """Begin a minute before the first period, with the planted *bug*, if any."""
        self._random = random.Random(seed)
        self.store = VirtualStore(BEGIN, CUSTOMERS, bug)
        self._servers = [Server() for _ in range(SERVERS)]

    def run(self) -> str:
        """Run until all is done; return what is wrong with the result, nothing if all is well."""
        for step in range(STEPS_MAX):
            self._step(is_faulty=step < FAULTY_STEPS)
            rows = self.store.boundaries.values()
            if step >= FAULTY_STEPS and len(rows) == len(EXPECTED) // CUSTOMERS and all(row.done for row in rows):
                break
        for server in self._servers:
            _close(server)
        if self.store.notices == EXPECTED:
            return ""
        keys = sorted({*EXPECTED, *self.store.notices})
        wrong = {key: self.store.notices[key] for key in keys if self.store.notices[key] != EXPECTED.get(key)}
        return f"notices that are not there once: {wrong}"

    def digest(self) -> str:
        """Return the digest of everything that happened, in its order."""
        return sha256("\n".join(self.store.trace).encode()).hexdigest()

    def _step(self, *, is_faulty: bool) -> None:
        chance = self._random.random()
        self.store.now += self._random.randrange(2 * SECOND_US)
        number = self._random.randrange(SERVERS)
        server = self._servers[number]
        if server.paused_until > self.store.now:
            return
        if is_faulty and chance < 0.02:
            server.paused_until = self.store.now + self._random.randrange(5, 90) * SECOND_US
        elif is_faulty and chance < 0.03:
            server.skew = self._random.randrange(-40, 40) * SECOND_US
        elif is_faulty and chance < 0.05:
            self.store.trace.append(f"{number} is killed")
            _close(server)
        else:
            self.store.trace.append(f"{number} at {self.store.now}")
            self._go_on(server, fails=is_faulty and chance < 0.10)

    def _go_on(self, server: Server, *, fails: bool) -> None:
        if server.life is None:
            server.life = self._work(server)
            server.life.send(None)
        elif fails:
            self.store.trace.append("fails")
            server.life.throw(Unavailable("away"))
        else:
            server.life.send(None)

    async def _work(self, server: Server) -> None:
        """Work as the worker does: plan, lease, notify page by page; begin again when the database was away."""

        def clock() -> Micros:
            return Micros(self.store.now + server.skew)

        parts, store = Parts(), cast("Any", self.store)
        runtime = SimpleNamespace(
            database=store, snapshots=parts, ingest=parts, clock=clock, clocks=Clocks(store, clock)
        )
        notifier = BoundaryNotifier(cast("Any", runtime), page=PAGE)
        while True:
            lease = None
            try:
                await Pause()
                await notifier.plan()
                lease = await notifier.acquire_lease()
                while lease is not None:
                    lease = await notifier.notify_page(lease)
            except Unavailable:
                if lease is not None and self.store.bug == LOST_RETRY:
                    await self._give_up(lease)

    async def _give_up(self, lease: Any) -> None:
        try:
            async with self.store.transaction() as transaction:
                await finish(cast("Any", transaction), lease, Micros(self.store.now))
        except Unavailable:
            return


def _close(server: Server) -> None:
    """Kill a server; what it did not commit is gone."""
    if server.life is not None:
        server.life.close()
    server.life = None


if __name__ == "__main__":
    simulation = Simulation(int(sys.argv[1]))
    sys.stdout.write(f"{simulation.run() or 'all is well'}\n{simulation.digest()}\n")
