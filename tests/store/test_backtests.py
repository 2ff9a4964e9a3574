"""Back-tests: what a definition would have made of the past, from the log alone."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from milepost.cli import app
from milepost.model.access.role import Role
from milepost.model.problem import Unavailable
from milepost.model.target import Author, Kpi
from milepost.model.time import Micros
from milepost.service.backtests.backtests import (
    Asked,
    BacktestView,
    cancel_backtest,
    difference_rows,
    find_backtest,
    request_backtest,
)
from milepost.service.backtests.run import run_next, run_now
from milepost.service.definitions.define import DefinitionRequest
from milepost.service.snapshot.access import Caller
from milepost.store import organisations
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


def asked_for(house: House, goal: int = 60, **changes: Any) -> Asked:
    """Return a back-test of another goal of the first target."""
    draft = DefinitionRequest(group_draft(Kpi.SALES, goal))
    return replace(Asked(draft=draft, live=house.groups[0].id, since=SINCE, until=UNTIL), **changes)


def achieved(view: BacktestView) -> list[int]:
    """Return how many achieve in each period under the draft."""
    assert view.result is not None, view.failure
    return [period.draft.achieved for period in view.result.periods if period.draft is not None]


def test_a_backtest_whose_server_ends_is_done_by_the_next(database_url: str) -> None:
    """Parts that are done stay done; the result is that of one which was not interrupted."""

    async def life() -> tuple[str, BacktestView, BacktestView]:
        async with open_house(database_url, servers=1) as house:
            await shopped(house)
            whole, runtime = await run_one(house, asked_for(house)), house.servers[0]
            id_ = await request_backtest(runtime, caller(house), asked_for(house))

            async def end() -> None:
                raise Unavailable("the server ends")

            with pytest.raises(Unavailable):
                await run_next(runtime, processes=1, pause=end)
            between = await find_backtest(runtime, house.org_id, id_)
            assert 1 <= between.parts_done < between.parts
            await run_now(runtime, house.org_id, id_, processes=1)
            return between.state, whole, await find_backtest(runtime, house.org_id, id_)

    between, whole, resumed = run(life)
    assert ("running", "done") == (between, resumed.state)
    assert whole.result == resumed.result


def test_a_cancelled_backtest_stays_cancelled(database_url: str) -> None:
    """Running it later does nothing; one that is done stays done."""

    async def life() -> tuple[str, str, str]:
        async with open_house(database_url, servers=1) as house:
            await shopped(house)
            runtime = house.servers[0]
            done = await run_one(house, asked_for(house))
            id_ = await request_backtest(runtime, caller(house), asked_for(house))
            cancelled = await cancel_backtest(runtime, house.org_id, id_)
            await run_now(runtime, house.org_id, id_, processes=1)
            later = await find_backtest(runtime, house.org_id, id_)
            kept = await cancel_backtest(runtime, house.org_id, done.id)
            return cancelled.state, later.state, kept.state

    assert ("cancelled", "cancelled", "done") == run(life)


def test_a_sample_and_a_list_read_some_customers(database_url: str) -> None:
    """A list reads those who are on it; a percentage never reads more than all, and 100 reads all."""

    async def life() -> tuple[BacktestView, BacktestView]:
        async with open_house(database_url, servers=1) as house:
            await shopped(house)
            return await run_one(house, asked_for(house, share=100)), await run_one(house, asked_for(house, share=1))

    whole, some = run(life)
    assert whole.result is not None
    assert some.result is not None
    assert 3 == whole.result.customers
    assert some.result.customers < 3
    assert [2, 0] == achieved(whole)[:2]


def test_a_command_tries_a_file(database_url: str, tmp_path: Path) -> None:
    """`milepost backtest` prints each period, writes the differences, and exits with 0."""

    async def life() -> tuple[str, int]:
        async with open_house(database_url, servers=1) as house:
            await shopped(house)
            async with house.database.transaction() as transaction:
                version = (await organisations.versions(transaction, [house.org_id]))[house.org_id]
                organisation = await organisations.at_version(transaction, house.org_id, version)
            return organisation.name, house.groups[0].id

    name, group_id = run(life)
    file, output = tmp_path / "request.json", tmp_path / "differences.csv"
    file.write_text(f'{{"live": {group_id}, "from": "2020-01-01", "to": "2040-01-01"}}')
    words = ["backtest", str(file), "--org", name, "--output", str(output), "--readers", "1"]
    answer = CliRunner(env={"MILEPOST_UNSAFE_DURABILITY": "1"}).invoke(app, [*words, "--database-url", database_url])
    assert 0 == answer.exit_code, answer.output
    assert "read 4 events of 3 customers\n" in answer.stdout
    assert "enrolled 3, started 3, achieved 1" in answer.stdout
    assert 4 <= len(output.read_text().splitlines())
