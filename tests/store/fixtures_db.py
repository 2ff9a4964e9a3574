"""Servers that share one database, with an organisation of two targets: what the write path is tried on."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar

from milepost.engine.apply import Replayed, replay
from milepost.model.customer import Identifier, IdentifierKind
from milepost.model.event import BILL, Bill, EventKey
from milepost.model.problem import Unavailable
from milepost.model.standing import Outcome
from milepost.model.target import Author, EnrolmentMethod, Entity, Kpi, TargetGroup, Tracking
from milepost.model.time import Micros
from milepost.rules.calendar import calendar_of
from milepost.rules.definition.draft import GroupDraft, PeriodDraft, TargetDraft
from milepost.service.definitions.define import DefinitionRequest, define_groups
from milepost.service.ingest.incoming_event import Answer, IncomingEvent, Status
from milepost.service.ingest.lanes.lane import Limits
from milepost.service.organisations.provisioning import add_organisation, change_settings
from milepost.service.runtime.runtime import Runtime, build_runtime
from milepost.service.scheduled.verify import verify
from milepost.service.snapshot.organisation_snapshot import snapshot_at
from milepost.store import codec, customers
from milepost.store.database import Database
from milepost.store.log import CustomerKey, key_of_customer

Result = TypeVar("Result")

NOW = calendar_of("UTC").read("2026-01-20T12:00:00Z").instant
HOUR = 3_600_000_000
CONNECTION_TRIES = 5
MONTHS = tuple(
    PeriodDraft(ref_code=name, starts=f"2026-{month}-01", ends=f"2026-{month}-{last}")
    for name, month, last in (("January", "01", "31"), ("February", "02", "28"), ("March", "03", "31"))
)


@dataclass(frozen=True, slots=True)
class House:
    """Servers that share a database, and the organisation whose events they receive.

    Goals are 100 and 3 bills a month.
    """

    servers: tuple[Runtime, ...]
    org_id: int
    groups: tuple[TargetGroup, ...]

    @property
    def database(self) -> Database:
        """Return the first server's connections."""
        return self.servers[0].database

    def bill(self, id_: str, customer: str = "anna", net: str = "10", at: int = NOW) -> IncomingEvent:
        """Return an incoming event: a bill that is received at once."""
        amount = Decimal(net)
        payload = Bill(number=id_, net=amount, gross=amount, discount=Decimal(0), lines=(), extended_fields={})
        return IncomingEvent(
            org_id=self.org_id,
            customer=Identifier(IdentifierKind.EXTERNAL_ID, customer),
            key=EventKey("test", id_),
            name=BILL,
            occurred_at=Micros(at),
            received_at=Micros(max(at, NOW)),
            place=None,
            till_id=None,
            payload=payload,
        )

    async def customer_key(self, customer: str = "anna") -> CustomerKey:
        """Return a registered customer."""
        name = (self.org_id, Identifier(IdentifierKind.EXTERNAL_ID, customer))
        async with self.database.reading() as reading:
            return key_of_customer(self.org_id, (await customers.ids_by_identifier(reading, [name]))[name])

    async def replayed(self, customer_key: CustomerKey) -> Replayed:
        """Return where the log of a customer leads."""
        async with self.database.transaction() as transaction:
            log = await customers.full_log(transaction, customer_key)
            versions = {version for version, _ in log}
            catalogues = {
                version: (await snapshot_at(transaction, self.org_id, version)).rule_index for version in versions
            }
        return replay(catalogues.__getitem__, [(version, row.event()) for version, row in log])

    async def disagreeing(self) -> list[CustomerKey]:
        """Return the customers whose replayed log differs from what is stored.

        A connection that a test has killed is found out at its next use, so the database is asked again.
        """
        for attempt in range(1, CONNECTION_TRIES + 1):
            try:
                return [verified.customer_key async for verified in verify(self.database) if not verified.agrees]
            except Unavailable:
                if attempt == CONNECTION_TRIES:
                    raise
                await asyncio.sleep(0.5)
        raise AssertionError("the last try returns or raises")


@asynccontextmanager
async def open_house(
    url: str, *, servers: int = 2, lanes: int = 2, limits: Limits | None = None, is_optimistic: bool = True
) -> AsyncIterator[House]:
    """Start servers with so many *lanes* on the database at *url* and define the organisation."""
    async with AsyncExitStack() as stack:
        server = partial(started_server, url, limits or Limits(), lanes, is_optimistic=is_optimistic)
        started = [await stack.enter_async_context(server()) for _ in range(servers)]
        database = started[0].database
        organisation, _ = await add_organisation(database, name="brand", zone="UTC", now=NOW)
        await change_settings(database, organisation="brand", changes={"outcomeFeed": "ON"})
        groups = [
            await _define(database, organisation.id, kind, goal) for kind, goal in ((Kpi.SALES, 100), (Kpi.COUNT, 3))
        ]
        yield House(tuple(started), organisation.id, tuple(groups))


async def define_again(house: House) -> TargetGroup:
    """Define one more target of the organisation."""
    return await _define(house.database, house.org_id, Kpi.VISIT, 2)


async def define_asking(house: House, expression: str) -> TargetGroup:
    """Define one more target of the organisation, which counts the bills that *expression* holds for."""
    return await _define(house.database, house.org_id, Kpi.QUANTITY, 2, expression)


async def second_organisation(house: House) -> House:
    """Add an organisation without targets to the same servers."""
    organisation, _ = await add_organisation(house.database, name="other", zone="UTC", now=NOW)
    return replace(house, org_id=organisation.id, groups=())


async def _define(database: Database, org_id: int, kpi: Kpi, goal: int, expression: str = "true") -> TargetGroup:
    draft = group_draft(kpi, goal, expression)
    return (
        await define_groups(database, org_id, Author(id=1, code="t", name="t"), DefinitionRequest(draft), NOW)
    ).group


def group_draft(kpi: Kpi, goal: int, expression: str = "true") -> GroupDraft:
    """Return the definition of a target that is called like its measure, with one *goal* for each month."""
    target = TargetDraft(
        name=kpi.value,
        entity=Entity.TRANSACTION,
        kpi=kpi,
        expression=expression,
        enrolment=EnrolmentMethod.TRANSACTION,
        goals=(Decimal(goal),),
    )
    return GroupDraft(
        name=kpi.value,
        preferred_till_id=0,
        tracking=Tracking.DEFAULT,
        total_periods=len(MONTHS),
        periods=MONTHS,
        targets=(target,),
    )


@asynccontextmanager
async def started_server(url: str, limits: Limits, lanes: int, *, is_optimistic: bool = True) -> AsyncIterator[Runtime]:
    """Start a server on the database at *url*; *is_optimistic* says whether it may write by two statements."""
    database = Database(url, connections_max=10)
    await database.open(unsafe_durability=True)
    runtime = build_runtime(database, lambda: NOW, lanes=lanes, limits=limits, is_optimistic=is_optimistic)
    await runtime.lanes.start()
    try:
        yield runtime
    finally:
        await runtime.lanes.stop()
        await database.close()


def outcomes_of(bodies: Sequence[str]) -> list[Outcome]:
    """Return the outcomes that rows of the outbox hold."""
    return [outcome for body in bodies for outcome in codec.decode_outcomes(body)]


def run_on_servers(url: str, life: Callable[[House], Awaitable[Result]], **options: Any) -> Result:
    """Run *life* on servers of its own; afterwards replaying every log must give what is stored (law 7)."""

    async def happened() -> Result:
        async with open_house(url, **options) as house:
            result = await life(house)
            assert [] == await house.disagreeing()
            return result

    return run(happened)


def run(work: Callable[[], Awaitable[Result]]) -> Result:
    """Run *work* in a loop of its own."""

    async def wait() -> Result:
        return await work()

    return asyncio.run(wait())


def statuses(answers: list[Answer]) -> list[Status]:
    """Return what became of each event."""
    return [answer.status for answer in answers]
