"""`milepost backtest`: try a definition on the past, with all processors and without a server."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from milepost.cli.in_process import run_inside
from milepost.cli.options import Data, DatabaseUrl, Json

if TYPE_CHECKING:
    from milepost.service.backtests.backtests import BacktestView
    from milepost.service.runtime.runtime import Runtime


def backtest(
    file: Annotated[Path, typer.Argument(help="the request as JSON: draft, live, from, to, goals, price, …")],
    org: Annotated[str, typer.Option("--org", help="the organisation's name")],
    output: Annotated[Path | None, typer.Option("--output", help="write the file of differences here, as CSV")] = None,
    readers: Annotated[
        int | None,
        typer.Option("--readers", help="how many processes read the log", min=1, show_default="one per processor"),
    ] = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
    json: Json = False,
) -> None:
    """Try a definition on the past. Nothing of any customer changes."""
    request, workers = file.read_bytes(), readers or os.cpu_count() or 1

    async def work(runtime: "Runtime") -> "BacktestView":
        return await _run(runtime, org, request, workers, output)

    view = run_inside({"data": data, "database_url": database_url}, work)
    if json:
        from milepost.api.http.body import write_json
        from milepost.api.trials.backtests.answer import backtest_item

        typer.echo(write_json(backtest_item(view)).decode())
    else:
        _print(view)
    if view.state != "done":
        raise typer.Exit(1)


async def _run(runtime: "Runtime", org: str, request: bytes, processes: int, output: Path | None) -> "BacktestView":
    from milepost.api.http.body import read_json
    from milepost.api.native.table import write_table
    from milepost.api.trials.backtests.body import asked_of
    from milepost.rules.calendar import calendar_of
    from milepost.service.backtests.backtests import COLUMNS, difference_rows, find_backtest, request_backtest
    from milepost.service.backtests.run import run_now
    from milepost.service.organisations.provisioning import organisation_by_name
    from milepost.service.scheduled.jobs import caller_within

    organisation = await organisation_by_name(runtime.database, org)
    asked = asked_of(read_json(request), calendar_of(organisation.zone), None)
    id_ = await request_backtest(runtime, caller_within(organisation.id), asked)
    await run_now(runtime, organisation.id, id_, processes=processes)
    if output is not None:
        with output.open("wb") as file:
            file.write(write_table(COLUMNS, ()))
            async for part in difference_rows(runtime, organisation.id, id_):
                file.write(part)
    return await find_backtest(runtime, organisation.id, id_)


def _print(view: "BacktestView") -> None:
    if view.result is None:
        typer.echo(f"back-test {view.id} is {view.state}: {view.failure or 'no result'}")
        return
    result = view.result
    has_two_sides = view.request.draft is not None and view.request.live is not None
    differing = f"; {result.differing} rows differ" if has_two_sides else ""
    typer.echo(f"read {result.events} events of {result.customers} customers{differing}")
    for period in result.periods:
        for name, side in (("draft", period.draft), ("live", period.live)):
            if side is not None:
                cost = "" if side.cost is None else f", cost {side.cost}"
                counts = f"enrolled {side.enrolled}, started {side.started}, achieved {side.achieved}"
                typer.echo(f"{period.ref_code:20} {name:5} {counts}{cost}")
