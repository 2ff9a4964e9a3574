"""Back-tests: what a definition would have made of the past, from the log alone."""

from decimal import Decimal

from milepost.model.access.role import Role
from milepost.model.target import Author, Kpi
from milepost.model.time import Micros
from milepost.service.backtests.backtests import (
    Asked,
    BacktestView,
    difference_rows,
    find_backtest,
    request_backtest,
)
from milepost.service.backtests.run import run_now
from milepost.service.definitions.define import DefinitionRequest
from milepost.service.snapshot.access import Caller
from tests.store.fixtures_db import HOUR, NOW, House, group_draft, open_house, run

SINCE, UNTIL = Micros(NOW - 24 * 20 * HOUR), Micros(NOW + 24 * 60 * HOUR)


def caller(house: House) -> Caller:
    """Return a login that may define."""
    return Caller(org_id=house.org_id, author=Author(id=1, code="t", name="t"), till_id=None, role=Role.ADMIN)


async def shopped(house: House) -> None:
    """Send bills of three customers: 120, 60 and 30."""
    bills = [
        house.bill("a1", net="70"),
        house.bill("a2", net="50"),
        house.bill("b1", "bert", "60"),
        house.bill("c1", "carl", "30"),
    ]
    await house.servers[0].lanes.receive(bills)


async def run_one(house: House, asked: Asked) -> BacktestView:
    """Run a back-test in a process of its own and return it."""
    runtime = house.servers[0]
    id_ = await request_backtest(runtime, caller(house), asked)
    await run_now(runtime, house.org_id, id_, processes=1)
    return await find_backtest(runtime, house.org_id, id_)


def test_another_goal_of_a_live_target_is_tried(database_url: str) -> None:
    """With a goal of 60 two of three achieve in January, with 100 one; the price makes the cost."""

    async def life() -> tuple[BacktestView, bytes]:
        async with open_house(database_url, servers=1) as house:
            await shopped(house)
            asked = Asked(
                draft=DefinitionRequest(group_draft(Kpi.SALES, 60)),
                live=house.groups[0].id,
                since=SINCE,
                until=UNTIL,
                goals=(Decimal(30), Decimal(100)),
                price=Decimal("2.50"),
            )
            view = await run_one(house, asked)
            rows = b"".join([part async for part in difference_rows(house.servers[0], house.org_id, view.id)])
            return view, rows

    view, rows = run(life)
    assert ("done", None) == (view.state, view.failure)
    assert view.result is not None
    january, february = view.result.periods[:2]
    assert january.draft is not None
    assert january.live is not None
    assert (3, 3, 2) == (january.draft.enrolled, january.draft.started, january.draft.achieved)
    assert (3, 3, 1) == (january.live.enrolled, january.live.started, january.live.achieved)
    assert february.draft is not None
    assert (0, 0, 0) == (february.draft.enrolled, february.draft.started, february.draft.achieved)
    assert [(30, 3), (100, 1)] == [(int(one.goal), one.achieved) for one in january.draft.targets[0].goals]
    assert (Decimal("5.00"), Decimal("2.50")) == (view.result.cost_draft, view.result.cost_live)
    assert {"top", "median", "justMissed", "gained"} == {one.kind for one in view.result.examples}
    assert 3 == len(rows.splitlines())
    assert "January,SALES,60,false,60,true" in {row.decode().partition(",")[2] for row in rows.splitlines()}
