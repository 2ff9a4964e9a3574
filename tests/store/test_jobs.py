"""Jobs page by page: nothing twice on any number of servers, no customer left out, none spoils the rest."""

import asyncio
from decimal import Decimal

import psycopg
import pytest

from milepost.model.access.role import Role
from milepost.model.customer import Identifier, IdentifierKind
from milepost.model.definitions.audience import Audience
from milepost.model.problem import Unavailable
from milepost.model.target import Author, EnrolmentMethod, Entity, Kpi, TargetGroup, Tracking
from milepost.rules.definition.draft import AudienceDraft, GroupDraft, TargetDraft
from milepost.service.definitions.define import DefinitionRequest, define_groups
from milepost.service.enrolments.audiences import add_members, create_audience
from milepost.service.enrolments.stored_events import count_stored
from milepost.service.scheduled.jobs import find_job, work_once
from milepost.service.snapshot.access import Caller
from milepost.store.log import lock_standings
from milepost.worker.jobs import JobWorker
from tests.store.fixtures_db import MONTHS, NOW, House, run_on_servers

AUTHOR = Author(id=1, code="t", name="t")
NAMES = tuple(f"customer {number}" for number in range(30))


def caller(house: House) -> Caller:
    """Return the caller."""
    return Caller(org_id=house.org_id, author=AUTHOR, till_id=None, role=Role.ADMIN)


async def by_audience(house: House, audience: Audience, name: str = "by audience") -> TargetGroup:
    """Define a target whose customers are those of an audience."""
    target = TargetDraft(
        name=name,
        entity=Entity.TRANSACTION,
        kpi=Kpi.SALES,
        enrolment=EnrolmentMethod.AUDIENCE_FILTER,
        goals=(Decimal(100),),
        audiences=(AudienceDraft(audience_id=audience.id),),
    )
    draft = GroupDraft(
        name=name,
        preferred_till_id=0,
        tracking=Tracking.DEFAULT,
        total_periods=len(MONTHS),
        periods=MONTHS,
        targets=(target,),
    )
    return (await define_groups(house.database, house.org_id, AUTHOR, DefinitionRequest(draft), NOW)).group


async def known(house: House) -> list[Identifier]:
    """Register customers, each by a bill; return their names."""
    await house.servers[0].lanes.receive([house.bill(name, customer=name) for name in NAMES])
    return [Identifier(IdentifierKind.EXTERNAL_ID, name) for name in NAMES]


async def enrolled(house: House, group: TargetGroup) -> list[int]:
    """Return how often each customer was enrolled in the group's target."""
    async with house.database.transaction() as transaction:
        standings = await lock_standings(transaction, sorted([await house.customer_key(name) for name in NAMES]))
    target = group.targets[0].id
    return [sum(e.target_id == target for e in standing.enrolments) for standing in standings.values()]


async def worked_off(house: House, *, page: int) -> None:
    """Run all servers side by side until no job is left."""

    async def work(place: int) -> None:
        while await work_once(house.servers[place], page=page):
            pass

    await asyncio.gather(*(work(place) for place in range(len(house.servers))))


@pytest.mark.parametrize("page", [1, 7, 30, 500])
def test_servers_share_work_and_nothing_is_done_twice(database_url: str, page: int) -> None:
    """Every member is enrolled once, and the job counts them."""

    async def life(house: House) -> None:
        names = await known(house)
        runtime = house.servers[0]
        audience = (await create_audience(runtime, caller(house), "gold")).audience
        await add_members(runtime, caller(house), audience.id, None, names)
        group = await by_audience(house, audience)
        await worked_off(house, page=page)
        assert [1] * len(NAMES) == await enrolled(house, group)
        job = await find_job(runtime, house.org_id, 1)
        assert job is not None
        assert (30, 30, 0, NOW) == (job.looked_at, job.concerned, job.failed, job.done_at)

    run_on_servers(database_url, life)


def test_a_member_who_enters_while_a_target_is_defined_is_not_left_out(database_url: str) -> None:
    """By the job or by entering, each once; whichever comes first."""

    async def life(house: House) -> None:
        names = await known(house)
        audience = (await create_audience(house.servers[0], caller(house), "gold")).audience

        async def enter() -> None:
            for name in names:
                await add_members(house.servers[0], caller(house), audience.id, None, [name])

        async def define_some() -> list[TargetGroup]:
            return [await by_audience(house, audience, f"target {number}") for number in range(4)]

        _, groups = await asyncio.gather(enter(), define_some())
        await worked_off(house, page=7)
        assert [[1] * len(NAMES)] * 4 == [await enrolled(house, group) for group in groups]

    run_on_servers(database_url, life)


def test_a_server_that_dies_leaves_no_trace_of_its_page(database_url: str) -> None:
    """What it had not finished is done by the next."""

    async def life(house: House) -> None:
        await known(house)
        runtime = house.servers[0]
        late = await define_late(house)
        counting = await count_stored(runtime, caller(house), late.id, None)
        task = asyncio.create_task(work_once(runtime, page=10))
        await asyncio.sleep(0.005)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await worked_off(house, page=10)
        assert counting.job_id is not None
        job = await find_job(runtime, house.org_id, counting.job_id)
        assert job is not None
        assert (30, 30) == (job.looked_at, job.concerned)
        assert [1] * len(NAMES) == await enrolled(house, late)

    run_on_servers(database_url, life)


async def define_late(house: House) -> TargetGroup:
    """Define a TRANSACTION target, after the events that it is to count."""
    target = TargetDraft(
        name="late",
        entity=Entity.TRANSACTION,
        kpi=Kpi.SALES,
        enrolment=EnrolmentMethod.TRANSACTION,
        goals=(Decimal(5),),
    )
    draft = GroupDraft(
        name="late",
        preferred_till_id=0,
        tracking=Tracking.DEFAULT,
        total_periods=len(MONTHS),
        periods=MONTHS,
        targets=(target,),
    )
    return (await define_groups(house.database, house.org_id, AUTHOR, DefinitionRequest(draft), NOW)).group


def test_a_customer_whose_work_fails_is_passed_over(database_url: str) -> None:
    """Here a customer with an unreadable standing; the others are done, and the job counts the failures."""

    async def life(house: House) -> None:
        await known(house)
        runtime = house.servers[0]
        late = await define_late(house)
        unlucky = (await house.customer_key(NAMES[3])).customer_id
        counting = await count_stored(runtime, caller(house), late.id, None)
        with psycopg.connect(database_url, autocommit=True) as other:
            row = other.execute("select body from standing where customer_id = %s", [unlucky]).fetchone()
            assert row is not None
            other.execute("update standing set body = 'x' where customer_id = %s", [unlucky])
            await worked_off(house, page=8)
            other.execute("update standing set body = %s where customer_id = %s", [row[0], unlucky])
        assert counting.job_id is not None
        job = await find_job(runtime, house.org_id, counting.job_id)
        assert job is not None
        assert (30, 29, 1) == (job.looked_at, job.concerned, job.failed)

    run_on_servers(database_url, life, servers=1)


def test_the_job_worker_does_every_job_and_stops_on_request() -> None:
    """Also after something went wrong."""

    async def life() -> int:
        done = 0

        async def work() -> bool:
            nonlocal done
            done += 1
            if done == 2:
                raise Unavailable("away")
            if done == 4:
                workshop.stop()
            return True

        workshop = JobWorker(work, lambda: 0)
        await asyncio.wait_for(workshop.run(), 20)
        return done

    assert 4 == asyncio.run(life())
