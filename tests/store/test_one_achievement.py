"""Many bills at once, each of which could reach the goal: it is reached once (R13)."""

import asyncio

import pytest

from milepost.model.standing import OutcomeKind
from milepost.service.ingest.incoming_event import IncomingEvent, Status
from tests.store.fixtures_db import House, run_on_servers, statuses

BILLS = [40, pytest.param(200, marks=pytest.mark.slow)]
GOALS = 2
"""The targets of the organisation: 100 spent, and three bills."""


async def send_at_once(house: House, bills: list[IncomingEvent]) -> None:
    """Send *bills* over two servers, each in a request of its own, all at once."""
    requests = [house.servers[place % 2].lanes.receive([bill]) for place, bill in enumerate(bills)]
    answers = await asyncio.gather(*requests)
    assert {Status.APPLIED} == {status for part in answers for status in statuses(part)}


async def achievements(house: House, customer: str) -> int:
    """Return how often a customer's log says that a goal was reached."""
    outcomes = (await house.replayed(await house.customer_key(customer))).outcomes
    return sum(outcome.kind is OutcomeKind.ACHIEVED for outcome in outcomes)


@pytest.mark.parametrize("bills", BILLS)
def test_bills_at_once_achieve_once(database_url: str, bills: int) -> None:
    """Each bill alone would reach the one goal; the other is reached by the third."""

    async def life(house: House) -> int:
        await send_at_once(house, [house.bill(f"bill {number}", net="100") for number in range(bills)])
        return await achievements(house, "anna")

    assert GOALS == run_on_servers(database_url, life)


def test_as_many_customers_achieve_as_often(database_url: str) -> None:
    """The count sees more than one achievement: customers of their own reach the goal each."""

    async def life(house: House) -> int:
        names = [f"c{number}" for number in range(5)]
        await send_at_once(house, [house.bill(name, name, net="100") for name in names])
        return sum([await achievements(house, name) for name in names])

    assert 5 == run_on_servers(database_url, life)
