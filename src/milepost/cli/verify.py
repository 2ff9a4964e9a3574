"""`milepost verify`: replay the log through the engine and compare every standing with it."""

from typing import TYPE_CHECKING, NamedTuple

import typer

from milepost.cli.in_process import inside
from milepost.cli.options import Data, DatabaseUrl, Json
from milepost.cli.output import give_json, tell

if TYPE_CHECKING:
    from milepost.service.runtime.runtime import Runtime

SHOWN_MAX = 20
TELL_EACH = 1_000


def verify(data: Data = None, database_url: DatabaseUrl = None, json: Json = False) -> None:
    """Replay every customer's events and compare with what is kept; exit code 1 if anything differs."""
    found = inside({"data": data, "database_url": database_url}, _verify)
    if json:
        counts = {"compared": found.compared, "events": found.events, "progress": found.progress}
        give_json({**counts, "differ": len(found.differing), "differing": found.differing})
    else:
        for one in found.differing[:SHOWN_MAX]:
            typer.echo(f"differs: organisation {one['orgId']}, customer {one['customerId']}")
        told = f"compared {found.compared} standings ({found.events} events, {found.progress} progress rows)"
        typer.echo(f"{told}, differ {len(found.differing)}")
    if found.differing:
        raise typer.Exit(1)


class _Found(NamedTuple):
    compared: int
    events: int
    progress: int
    differing: list[dict[str, int]]


async def _verify(runtime: "Runtime") -> _Found:
    from milepost.service.scheduled.verify import verify as replay_all

    compared = events = progress = 0
    differing: list[dict[str, int]] = []
    async for one in replay_all(runtime.database):
        compared += 1
        events += one.events
        progress += one.progress
        if not one.agrees:
            differing.append({"orgId": one.customer_key.org_id, "customerId": one.customer_key.customer_id})
        if compared % TELL_EACH == 0:
            tell(f"replayed {compared} customers, {events} events")
    return _Found(compared, events, progress, differing)
