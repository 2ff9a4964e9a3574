"""A connection is lost around its COMMIT, so that nobody knows whether it took place; the client sends again (R06).

The servers write in transactions: small batches by two statements have no COMMIT to cut (test_optimistic_writes.py).
"""

from itertools import count
from random import Random

import pytest

from milepost.model.problem import Unavailable
from milepost.service.ingest.incoming_event import Status
from tests.store.cutting_proxy import Cut, CuttingProxy, cutting
from tests.store.fixtures_db import House, open_house, run

ROUNDS = [20, pytest.param(1_000, marks=pytest.mark.slow)]


async def send(house: House, proxy: CuttingProxy, cut: Cut, ids: "count[int] | str") -> Status:
    """Send a bill of 10 until it is answered, under one id or, as no client should, under a new id each time."""
    proxy.cut = cut
    while True:
        try:
            id_ = ids if isinstance(ids, str) else f"new {next(ids)}"
            (answer,) = await house.servers[0].lanes.receive([house.bill(id_)])
        except Unavailable:
            continue
        return answer.status


@pytest.mark.parametrize("rounds", ROUNDS)
def test_a_cut_around_the_commit_loses_and_doubles_nothing(database_url: str, rounds: int) -> None:
    """Half of the cuts come before the commit, half after it; what was committed is a duplicate when sent again."""
    chance = Random(1)
    cuts = [chance.choice((Cut.BEFORE_COMMIT, Cut.AFTER_COMMIT)) for _ in range(rounds)]

    async def life() -> tuple[list[Status], int, int]:
        async with cutting(database_url) as proxy, open_house(proxy.url, servers=1, is_optimistic=False) as house:
            statuses = [await send(house, proxy, cut, f"bill {place}") for place, cut in enumerate(cuts)]
            replayed = await house.replayed(await house.customer_key())
            assert [] == await house.disagreeing()
            return statuses, replayed.standing.bills, proxy.cuts

    statuses, bills, made = run(life)
    expected = [Status.DUPLICATE if cut is Cut.AFTER_COMMIT else Status.APPLIED for cut in cuts]
    assert (expected, rounds, rounds) == (statuses, bills, made)


def test_a_client_that_changes_the_id_counts_twice(database_url: str) -> None:
    """The test sees what it is for: each bill that was committed and is sent under another id is one too many."""

    async def life() -> int:
        async with cutting(database_url) as proxy, open_house(proxy.url, servers=1, is_optimistic=False) as house:
            ids = count()
            for _ in range(5):
                await send(house, proxy, Cut.AFTER_COMMIT, ids)
            return (await house.replayed(await house.customer_key())).standing.bills

    assert 10 == run(life)
