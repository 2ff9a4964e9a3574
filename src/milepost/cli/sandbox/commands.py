"""`milepost sandbox`: the clock of an organisation to try things in."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from milepost.cli.in_process import run_for
from milepost.cli.options import Data, DatabaseUrl, Json, Org
from milepost.cli.output import print_struct

if TYPE_CHECKING:
    from milepost.api.native.clock.answer import ClockAnswer
    from milepost.service.runtime.runtime import Runtime

sandbox = typer.Typer(
    no_args_is_help=True,
    help="The clock of a sandbox (`milepost org add NAME --sandbox`): show, freeze, run, advance, reset.",
)


def _run(org: str, data: Any, database_url: str | None, *, json: bool, **asked: Any) -> None:
    """Move the clock as *asked*, and print what came of it."""

    async def work(runtime: "Runtime", org_id: int) -> "ClockAnswer":
        from milepost.api.native.clock.body import ClockBody
        from milepost.api.native.clock.routes import move_clock
        from milepost.api.native.structure import struct_of
        from milepost.service.scheduled.jobs import caller_within

        return await move_clock(runtime, caller_within(org_id), struct_of(asked, ClockBody))

    _print(run_for(org, {"data": data, "database_url": database_url}, work), json=json)


def _print(answer: "ClockAnswer", *, json: bool) -> None:
    if json:
        print_struct(answer)
        return
    for one in answer.fired:
        names = [one.target or one.target_group, *([one.period] if one.period else [])]
        whose = "" if one.customer_id is None else f" customer {one.customer_id}"
        typer.echo(f"{one.at} {one.type} {' '.join(names)}{whose}")
    if answer.left_out:
        typer.echo(f"and {answer.left_out} more")
    typer.echo(f"the clock {'stands at' if answer.frozen else 'runs from'} {answer.now}")


@sandbox.command("clock")
def show(org: Org, data: Data = None, database_url: DatabaseUrl = None, json: Json = False) -> None:
    """Show what the clock of a sandbox shows, and whether it stands."""

    async def work(runtime: "Runtime", org_id: int) -> "ClockAnswer":
        from milepost.api.native.clock.answer import clock_answer
        from milepost.model.problem import Refused
        from milepost.service.sandboxes.moving import NO_SANDBOX, find_clock

        clock = await find_clock(runtime, org_id)
        if clock is None:
            raise Refused(NO_SANDBOX)
        return clock_answer(clock.at(runtime.clocks.real()), is_frozen=clock.frozen_at is not None)

    _print(run_for(org, {"data": data, "database_url": database_url}, work), json=json)


@sandbox.command("freeze")
def freeze(org: Org, data: Data = None, database_url: DatabaseUrl = None, json: Json = False) -> None:
    """Let the clock stand."""
    _run(org, data, database_url, json=json, frozen=True)


@sandbox.command("run")
def run(org: Org, data: Data = None, database_url: DatabaseUrl = None, json: Json = False) -> None:
    """Let the clock run on from what it shows."""
    _run(org, data, database_url, json=json, frozen=False)


@sandbox.command("advance")
def advance(
    org: Org,
    to: Annotated[str | None, typer.Option("--to", help="an instant, such as 2026-04-01T00:00:00")] = None,
    by: Annotated[str | None, typer.Option("--by", help="a span, such as 36h; s, m, h, d and w")] = None,
    next_: Annotated[
        str | None, typer.Option("--next", help="boundary (a period opens or closes) or closing (a period closes)")
    ] = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
    json: Json = False,
) -> None:
    """Move the clock forward, do all that comes due on the way, and print it."""
    given = {"to": to, "by": by, "next": next_}
    _run(org, data, database_url, json=json, **{name: value for name, value in given.items() if value is not None})


@sandbox.command("reset")
def reset(
    org: Org,
    clock: Annotated[str | None, typer.Option("--at", help="where the clock stands afterwards; else it runs")] = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
    json: Json = False,
) -> None:
    """Delete all customers and events of a sandbox. Definitions, places and logins stay."""

    async def work(runtime: "Runtime", org_id: int) -> "ClockAnswer":
        from milepost.api.native.clock.answer import clock_answer
        from milepost.api.native.clock.body import instant_of
        from milepost.rules.calendar import calendar_of
        from milepost.service.runtime.runtime import current_snapshot
        from milepost.service.sandboxes.emptying import reset as empty
        from milepost.service.scheduled.jobs import caller_within

        calendar = calendar_of((await current_snapshot(runtime, org_id)).organisation.zone)
        at = None if clock is None else instant_of("--at", clock, calendar)
        emptied = await empty(runtime, caller_within(org_id), at)
        return clock_answer(emptied.at(runtime.clocks.real()), is_frozen=at is not None)

    _print(run_for(org, {"data": data, "database_url": database_url}, work), json=json)
