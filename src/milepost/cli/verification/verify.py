"""`milepost verify`: replay the stored events and compare the result with every stored standing."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from milepost.cli.in_process import run_inside
from milepost.cli.options import Data, DatabaseUrl, Json
from milepost.cli.output import print_json, print_message
from milepost.model.problem import Problem, Refused

if TYPE_CHECKING:
    from milepost.service.chain.verification import Break
    from milepost.service.explanations.completeness import CheckedCustomer
    from milepost.service.runtime.runtime import Runtime

SHOWN_MAX = 20
REPORT_EVERY = 1_000


Explanations = Annotated[
    int | None,
    typer.Option("--explanations", min=1, help="check the explanations of so many customers instead"),
]


def verify(
    organisation: Annotated[str | None, typer.Option("--org", help="name of the organisation; all if left out")] = None,
    explanations: Explanations = None,
    chain: Annotated[bool, typer.Option("--chain", help="check that nobody changed the log instead")] = False,
    roots: Annotated[Path | None, typer.Option("--roots", help="with --chain: file of `milepost chain export`")] = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
    json: Json = False,
) -> None:
    """Replay all events and check the stored progress.

    The exit code is 1 if the stored progress of any customer differs from the replayed one. With --explanations, it is
    1 if the explanation of any progress does not add up, or lacks an event of its period. With --chain, it is 1 if an
    event was changed, removed or added.
    """
    if roots is not None and not chain:
        raise Refused(Problem("--roots", "goes with --chain"))
    if chain:
        _verify_chain(roots, {"data": data, "database_url": database_url}, json=json)
        return
    if explanations is not None:
        _verify_explanations(explanations, {"data": data, "database_url": database_url}, json=json)
        return
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


def _verify_chain(file: Path | None, flags: dict[str, object], *, json: bool) -> None:
    from milepost.service.chain.kept_roots import breaks_with, read_roots
    from milepost.service.chain.verification import verify_chain

    kept = None if file is None else read_roots(file.read_bytes())

    async def work(runtime: "Runtime") -> "tuple[int, int, list[Break]]":
        customers, events, breaks = 0, 0, [] if kept is None else await breaks_with(runtime, kept)
        async for page in verify_chain(runtime.database, runtime.outgoing.box):
            customers, events = customers + page.customers, events + page.events
            breaks += page.breaks
        return customers, events, breaks

    customers, events, breaks = run_inside(flags, work)
    if json:
        found = [{"customer": one.customer, "text": one.text} for one in breaks]
        print_json({"chains": customers, "events": events, "broken": len(breaks), "breaks": found})
    else:
        for one in breaks[:SHOWN_MAX]:
            of = "" if one.customer is None else f"organisation {one.customer[0]}, customer {one.customer[1]}: "
            typer.echo(f"broken: {of}{one.text}")
        typer.echo(f"checked {customers} chains ({events} events), broken {len(breaks)}")
    if breaks:
        raise typer.Exit(1)


def _verify_explanations(customers_max: int, flags: dict[str, object], *, json: bool) -> None:
    async def work(runtime: "Runtime") -> "list[CheckedCustomer]":
        from milepost.service.explanations.completeness import check_explanations

        return [checked async for checked in check_explanations(runtime, customers_max)]

    checked = run_inside(flags, work)
    wrong = [(one.customer_id, *key) for one in checked for key in one.wrong]
    explained, rows = sum(one.explained for one in checked), sum(one.rows for one in checked)
    if json:
        print_json({"customers": len(checked), "explained": explained, "rows": rows, "wrong": wrong})
    else:
        for customer_id, target_id, period_id in wrong[:SHOWN_MAX]:
            typer.echo(f"wrong: customer {customer_id}, target {target_id}, period {period_id}")
        typer.echo(
            f"explained {explained} progress rows of {len(checked)} customers ({rows} events), wrong {len(wrong)}"
        )
    if wrong:
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
