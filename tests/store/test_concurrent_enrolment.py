"""A customer takes part in a target once at a time, by however many ways and servers that is asked for (law 14)."""

import asyncio
from collections.abc import Awaitable
from decimal import Decimal

import pytest

from milepost.model.problem import Refused
from milepost.model.target import TargetGroup
from milepost.service.enrolments.audiences import add_members, create_audience
from milepost.service.enrolments.bulk_enrolment import EnrolmentRow, RowStatus, enrol_rows
from milepost.service.enrolments.single_enrolment import EnrolmentDraft, enrol, unenrol
from milepost.store.log import lock_standings
from tests.store.fixtures_db import House, run_on_servers
from tests.store.test_jobs import NAMES, by_audience, caller, enrolled, known, worked_off


async def went_well(one: Awaitable[object]) -> bool:
    """Return whether a call was not refused."""
    try:
        await one
    except Refused:
        return False
    return True


@pytest.mark.parametrize("goals", [(), (Decimal(5),)])
def test_by_call_file_and_audience_at_once(database_url: str, goals: tuple[Decimal, ...]) -> None:
    """The first one enrols; a file with own goals sets them for a customer who takes part already."""

    async def life(house: House) -> None:
        names = await known(house)
        one, other = house.servers
        audience = (await create_audience(one, caller(house), "gold")).audience
        group = await by_audience(house, audience)
        (target,), first = group.targets, group.periods[0]
        own = tuple((first.id, goal) for goal in goals)
        rows = [EnrolmentRow(customer=name, target=target, goals=own) for name in names]
        ids = [(await house.customer_key(name)).customer_id for name in NAMES]
        calls = [enrol(one, caller(house), group.id, target.id, EnrolmentDraft(customer_id=id_)) for id_ in ids]
        called, told, entered = await asyncio.gather(
            asyncio.gather(*map(went_well, calls)),
            enrol_rows(other, caller(house), first, rows, {}),
            add_members(one, caller(house), audience.id, None, names),
        )
        await worked_off(house, page=7)
        by_file = sum(result.status is RowStatus.ENROLLED for result in told)
        changed = sum(result.status is RowStatus.CHANGED for result in told)
        assert len(NAMES) == entered.added
        assert sum(called) + by_file <= len(NAMES)
        assert [len(NAMES)] * 2 == [await in_force(house, group), by_file + changed if goals else len(NAMES)]
        if not goals:
            assert [1] * len(NAMES) == await enrolled(house, group)

    run_on_servers(database_url, life)


async def in_force(house: House, group: TargetGroup) -> int:
    """Return how many customers have exactly one enrolment in the group's target that is in force."""
    async with house.database.transaction() as transaction:
        standings = await lock_standings(transaction, sorted([await house.customer_key(name) for name in NAMES]))
    target = group.targets[0].id
    return sum(any(e.target_id == target for e in standing.enrolments) for standing in standings.values())


def test_leaving_at_once(database_url: str) -> None:
    """One call leaves, the others are refused because the customer has left; and so again and again."""

    async def life(house: House) -> None:
        await known(house)
        one, other = house.servers
        audience = (await create_audience(one, caller(house), "gold")).audience
        group = await by_audience(house, audience)
        target, anna = group.targets[0].id, (await house.customer_key(NAMES[0])).customer_id
        for _ in range(3):
            draft = EnrolmentDraft(customer_id=anna)
            came = [went_well(enrol(runtime, caller(house), group.id, target, draft)) for runtime in (one, other) * 3]
            assert 1 == sum(await asyncio.gather(*came))
            left = [went_well(unenrol(runtime, caller(house), group.id, target, anna)) for runtime in (one, other) * 3]
            assert 1 == sum(await asyncio.gather(*left))

    run_on_servers(database_url, life)
