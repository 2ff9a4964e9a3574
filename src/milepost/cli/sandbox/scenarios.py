"""`milepost scenario run`: play scenario files in sandboxes of their own, and say where they differ."""

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from milepost.cli.in_process import run_inside
from milepost.cli.options import Data, DatabaseUrl, Json
from milepost.cli.output import print_json

if TYPE_CHECKING:
    from milepost.cli.sandbox.scenario_file import Scenario
    from milepost.service.runtime.runtime import Runtime

EXIT_FAILED = 1
scenario = typer.Typer(no_args_is_help=True, help="Stories of a sandbox, written as files that are run.")


@scenario.callback()
def _scenarios() -> None:
    """Stories of a sandbox, written as files that are run."""


@scenario.command("run")
def run(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="scenario files")],
    data: Data = None,
    database_url: DatabaseUrl = None,
    json: Json = False,
) -> None:
    """Play each file in a new sandbox, of a temporary database unless one is named.

    The exit code is 0 if all expectations hold, 1 if one does not, and 2 if a file is wrong.
    """
    from milepost.cli.sandbox.scenario_file import read_scenario

    scenarios = [(path, read_scenario(path)) for path in files]
    with ExitStack() as stack:
        if data is None and database_url is None:
            data = Path(stack.enter_context(TemporaryDirectory(prefix="milepost-scenario-")))

        async def work(runtime: "Runtime") -> list[tuple[Path, list[str]]]:
            return [(path, await _played(runtime, one)) for path, one in scenarios]

        results = run_inside({"data": data, "database_url": database_url}, work)
    if json:
        print_json([{"file": str(path), "passed": not lines, "differences": lines} for path, lines in results])
    else:
        for path, lines in results:
            typer.echo(f"{path}: {'differs' if lines else 'as expected'}")
            for line in lines:
                typer.echo(f"  {line}")
    if any(lines for _, lines in results):
        raise typer.Exit(EXIT_FAILED)


async def _played(runtime: "Runtime", scenario: "Scenario") -> list[str]:
    """Play a scenario in a new sandbox; return where it differs from what is expected."""
    import httpx2

    from milepost.api.http.app import create_app
    from milepost.cli.sandbox.expectations import Failed
    from milepost.cli.sandbox.player import Player
    from milepost.cli.sandbox.receiver import Receiver

    runtime = replace(runtime, outgoing=replace(runtime.outgoing, allows_private=True))
    org_id, login = await _sandbox(runtime, scenario)
    receiver = Receiver()
    transport = httpx2.ASGITransport(create_app(runtime, error_status=400))
    async with httpx2.AsyncClient(transport=transport, base_url="http://milepost", auth=login, timeout=60) as http:
        try:
            await Player(runtime, org_id, http, receiver).play(scenario)
        except Failed as failed:
            return [str(failed), *failed.lines]
        finally:
            receiver.close()
    return []


async def _sandbox(runtime: "Runtime", scenario: "Scenario") -> tuple[int, tuple[str, str]]:
    """Add a sandbox with the settings of a scenario, its clock where the scenario begins; return its id and a login."""
    import secrets

    from milepost.api.native.clock.body import instant_of
    from milepost.rules.calendar import calendar_of
    from milepost.service.organisations.provisioning import add_organisation, add_till, change_settings
    from milepost.service.sandboxes.emptying import reset
    from milepost.service.scheduled.jobs import caller_within

    name = f"scenario {secrets.token_hex(6)}"
    at = instant_of("clock", scenario.clock, calendar_of(scenario.zone))
    added, _ = await add_organisation(runtime.database, name=name, zone=scenario.zone, now=at, is_sandbox=True)
    if scenario.settings:
        await change_settings(runtime.database, organisation=name, changes=scenario.settings, now=at)
    till = await add_till(runtime.database, code=name, organisation=name)
    await reset(runtime, caller_within(added.id), at)
    return added.id, (name, till.password)
