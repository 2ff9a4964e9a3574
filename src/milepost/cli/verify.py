"""`milepost verify`: replay the stored events and compare the result with every stored standing."""

from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from milepost.cli.in_process import run_inside
from milepost.cli.options import Data, DatabaseUrl, Json
from milepost.cli.output import print_json, print_message

if TYPE_CHECKING:
    from milepost.service.runtime.runtime import Runtime

SHOWN_MAX = 20
REPORT_EVERY = 1_000


def verify(
    organisation: Annotated[str | None, typer.Option("--org", help="name of the organisation; all if left out")] = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
    json: Json = False,
) -> None:
    """Replay all events and check the stored progress.

    The exit code is 1 if the stored progress of any customer differs from the replayed one.
    """
    result = run_inside({"data": data, "database_url": database_url}, lambda runtime: _verify(runtime, organisation))
    if json:
        counts = {"compared": result.compared, "events": result.events, "progress": result.progress}
        print_json({**counts, "differ": len(result.differing), "differing": result.differing})
    else:
        for customer in result.differing[:SHOWN_MAX]:
            word = "cannot be read" if "failure" in customer else "differs"
            reason = f": {customer['failure']}" if "failure" in customer else ""
            typer.echo(f"{word}: organisation {customer['orgId']}, customer {customer['customerId']}{reason}")
        summary = f"compared {result.compared} standings ({result.events} events, {result.progress} progress rows)"
        typer.echo(f"{summary}, differ {len(result.differing)}")
    if result.differing:
        raise typer.Exit(1)


class _Result(NamedTuple):
    compared: int
    events: int
    progress: int
    differing: list[dict[str, int | str]]


async def _verify(runtime: "Runtime", name: str | None) -> _Result:
    from milepost.service.organisations.provisioning import organisation_id_by_name
    from milepost.service.scheduled.verify import verify as replay_all

    org_id = None if name is None else await organisation_id_by_name(runtime.database, name)
    compared = events = progress = 0
    differing: list[dict[str, int | str]] = []
    async for comparison in replay_all(runtime.database, org_id=org_id):
        compared += 1
        events += comparison.events
        progress += comparison.progress
        if not comparison.agrees:
            customer = comparison.customer_key
            ids: dict[str, int | str] = {"orgId": customer.org_id, "customerId": customer.customer_id}
            differing.append(ids if comparison.failure is None else ids | {"failure": comparison.failure})
        if compared % REPORT_EVERY == 0:
            print_message(f"replayed {compared} customers, {events} events")
    return _Result(compared, events, progress, differing)
