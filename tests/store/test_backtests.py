"""Back-tests: what a definition would have made of the past, from the log alone."""

from collections.abc import Sequence
from csv import DictReader
from dataclasses import replace
from decimal import Decimal
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet
from typer.testing import CliRunner

from milepost.cli import app
from milepost.model.access.role import Role
from milepost.model.problem import Unavailable
from milepost.model.target import Author, Kpi
from milepost.model.time import Micros
from milepost.rules.calendar import calendar_of
from milepost.rules.definition.draft import GroupDraft, PeriodDraft
from milepost.service.backtests.backtests import (
    COLUMNS,
    Asked,
    BacktestView,
    cancel_backtest,
    difference_rows,
    find_backtest,
    request_backtest,
)
from milepost.service.backtests.parquet import parquet_file
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


def draft_of(periods: Sequence[tuple[str, str, str]]) -> GroupDraft:
    """Return the definition of a goal of 60 in other periods: name, first day and last day."""
    drafted = tuple(PeriodDraft(ref_code=name, starts=starts, ends=ends) for name, starts, ends in periods)
    return replace(group_draft(Kpi.SALES, 60), total_periods=len(drafted), periods=drafted)


def day(text: str) -> Micros:
    """Return the instant at which a day begins."""
    return calendar_of("UTC").read(text).instant


SPRING = draft_of([("April", "2026-04-01", "2026-04-30"), ("May", "2026-05-01", "2026-05-31")])
FORMULAS = draft_of([("=1+1", "2026-04-01", "2026-04-30"), ("May", "2026-05-01", "2026-05-31")])
WEEKS = draft_of([("W15", "2026-04-06", "2026-04-12"), ("W16", "2026-04-13", "2026-04-19")])


@pytest.mark.parametrize(
    "draft, since, shift, expected",
    [
        # All bills are of 20 January: 120, 60 and 30.
        (SPRING, "2026-01-01", True, {"April": 2, "May": 0}),
        (SPRING, "2025-12-01", True, {"April": 0, "May": 2}),
        (SPRING, "2026-01-01", False, {}),
        (WEEKS, "2026-01-19", True, {"W15": 2, "W16": 0}),
        (WEEKS, "2026-01-13", True, {"W15": 0, "W16": 2}),
        (WEEKS, "2026-01-21", True, {"W15": 0, "W16": 0}),
    ],
)
def test_a_draft_of_another_time_is_moved_to_the_past(
    database_url: str, draft: GroupDraft, since: str, *, shift: bool, expected: dict[str, int]
) -> None:
    """Its first period opens at the beginning of the span; without `shift` no period is there to be reported."""

    async def life() -> BacktestView:
        async with open_house(database_url, servers=1) as house:
            await shopped(house)
            until = day("2026-03-01")
            asked = Asked(draft=DefinitionRequest(draft), live=None, since=day(since), until=until, shift=shift)
            return await run_one(house, asked)

    view = run(life)
    assert view.result is not None, view.failure
    found = {period.ref_code: period.draft.achieved for period in view.result.periods if period.draft is not None}
    assert expected == found


def test_the_parquet_file_says_what_the_csv_file_says(database_url: str) -> None:
    """Amounts are exact, and a side that has no such period is null. No name is a formula for a spreadsheet."""

    async def life() -> tuple[bytes, bytes]:
        async with open_house(database_url, servers=1) as house:
            await house.servers[0].lanes.receive([house.bill("d1", "dora", "123456789.0123")])
            await shopped(house)
            drafted = DefinitionRequest(FORMULAS)
            view = await run_one(house, asked_for(house, draft=drafted, since=day("2026-01-01"), shift=True))
            runtime, org_id = house.servers[0], house.org_id
            rows = b"".join([part async for part in difference_rows(runtime, org_id, view.id)])
            return rows, b"".join(await parquet_file(difference_rows(runtime, org_id, view.id)))

    text, packed = run(life)
    table = parquet.read_table(BytesIO(packed))
    rows = list(DictReader(StringIO(text.decode(), newline=""), fieldnames=COLUMNS))

    def written(value: object) -> str:
        if isinstance(value, Decimal):
            return f"{value.normalize():f}"
        return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)

    assert list(COLUMNS) == table.column_names
    listed = table.to_pylist()
    assert ({"=1+1"}, {"'=1+1"}) == tuple(
        {row["refCode"] for row in found if str(row["refCode"]).endswith("1+1")} for found in (listed, rows)
    )
    plain = [row | {"refCode": row["refCode"].removeprefix("'")} for row in rows]
    assert plain == [{name: written(value) for name, value in row.items()} for row in listed]
    amounts = {(row["liveValue"], row["draftValue"]) for row in rows}
    assert {("123456789.0123", ""), ("", "123456789.0123")} <= amounts


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
