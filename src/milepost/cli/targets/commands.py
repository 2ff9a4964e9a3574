"""`milepost targets`: target groups as files that people review, a plan of what they change, and its publication."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from milepost.cli.in_process import run_for
from milepost.cli.options import Clock, Data, DatabaseUrl, Json, Org
from milepost.cli.output import print_json, print_message
from milepost.model.problem import Problem, Refused

if TYPE_CHECKING:
    from milepost.cli.targets.folder import Context
    from milepost.model.definitions.change import DefinitionChange
    from milepost.service.changes.plans import Plan
    from milepost.service.runtime.runtime import Runtime

EXIT_CHANGES = 3
"""The exit code of a plan that changes something, and of an application that waits for approval."""

targets = typer.Typer(no_args_is_help=True, help="Target groups as files: export, plan, apply.")

Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="folder of the files, one for each target group")]
PolicyOption = Annotated[
    list[str] | None,
    typer.Option("--policy", help="NEXT_PERIOD (default), FROM_NOW, RECOMPUTE_RUNNING, RECOMPUTE_ALL, or GROUP=POLICY"),
]
Below = Annotated[
    str, typer.Option("--below", help="achievements that the changed goal would not give: KEEP or REVOKE")
]


@targets.command("export")
def export(folder: Folder, org: Org, data: Data = None, database_url: DatabaseUrl = None, json: Json = False) -> None:
    """Write each target group of an organisation to a file. Files that say the same already are not touched."""

    async def work(runtime: "Runtime", org_id: int) -> list[tuple[Path, bool]]:
        from milepost.cli.targets.folder import export_groups

        return await export_groups(runtime, org_id, folder)

    files = run_for(org, {"data": data, "database_url": database_url}, work)
    if json:
        print_json([{"file": str(path), "written": is_new} for path, is_new in files])
        return
    for path, is_new in files:
        typer.echo(f"{path} {'written' if is_new else 'unchanged'}")


@targets.command("plan")
def plan(
    folder: Folder,
    org: Org,
    policy: PolicyOption = None,
    below: Below = "KEEP",
    data: Data = None,
    database_url: DatabaseUrl = None,
    clock: Clock = None,
    json: Json = False,
) -> None:
    """Show what the files would change, and who gains and who loses. Nothing is written.

    The exit code is 0 if nothing would change and 3 if something would.
    """

    async def work(runtime: "Runtime", org_id: int) -> "tuple[Plan, Context]":
        from milepost.cli.targets.folder import plan_folder, read_policies

        return await plan_folder(runtime, org_id, folder, read_policies(policy or (), below))

    planned, context = run_for(org, {"data": data, "database_url": database_url, "clock": clock}, work)
    _show(planned, context, json=json)
    if planned.changed:
        raise typer.Exit(EXIT_CHANGES)


def _show(planned: "Plan", context: "Context", *, json: bool) -> None:
    from milepost.cli.targets.printing import plan_item, print_plan

    if json:
        print_json(_plain(plan_item(planned, context.write)))
    else:
        print_plan(planned, context.write)


def _plain(value: dict[str, Any]) -> Any:
    import msgspec

    return msgspec.to_builtins(value, enc_hook=str)


@targets.command("apply")
def apply(
    folder: Folder,
    org: Org,
    policy: PolicyOption = None,
    below: Below = "KEEP",
    plan_file: Annotated[
        Path | None, typer.Option("--plan", help="what `plan --json` printed; refuse if a live group changed since")
    ] = None,
    comment: Annotated[str, typer.Option("--comment", help="why, for the list of versions")] = "",
    data: Data = None,
    database_url: DatabaseUrl = None,
    clock: Clock = None,
    json: Json = False,
) -> None:
    """Publish what the files change, all groups or none, and recompute customers. A second time it does nothing.

    The exit code is 3 if another login has to approve a change first; apply the same files again after that.
    """

    async def work(runtime: "Runtime", org_id: int) -> "tuple[list[DefinitionChange], list[DefinitionChange]]":
        return await _apply(runtime, org_id, folder, plan_file, policy or [], below, comment)

    done, waiting = run_for(org, {"data": data, "database_url": database_url, "clock": clock}, work)
    _show_applied(done, waiting, json=json)
    if waiting:
        raise typer.Exit(EXIT_CHANGES)


async def _apply(
    runtime: "Runtime",
    org_id: int,
    folder: Path,
    plan_file: Path | None,
    policy: list[str],
    below: str,
    comment: str,
) -> "tuple[list[DefinitionChange], list[DefinitionChange]]":
    from milepost.cli.targets.folder import finished, plan_folder, read_policies
    from milepost.cli.targets.plan_file import read_plan
    from milepost.service.changes.applying import apply_plan, moved_problems
    from milepost.service.scheduled.jobs import caller_within

    earlier = None if plan_file is None else read_plan(plan_file)
    if earlier is not None and (policy or below != "KEEP"):
        raise Refused(Problem("--plan", "holds the policies already; leave out --policy and --below"))
    policies = read_policies(policy, below) if earlier is None else earlier.policies
    planned, context = await plan_folder(runtime, org_id, folder, policies)
    if earlier is not None:
        problems = moved_problems(planned, earlier.versions) or earlier.problems(planned, context)
        if problems:
            raise Refused(*problems)
    applied = await apply_plan(runtime, caller_within(org_id), planned, comment)
    return await finished(runtime, applied.published), list(applied.waiting)


def _show_applied(done: "list[DefinitionChange]", waiting: "list[DefinitionChange]", *, json: bool) -> None:
    from milepost.cli.targets.printing import change_line

    if json:
        changes = [
            {"name": one.group.name, "changeId": one.id, "state": one.state.value, "gain": one.gain, "lose": one.lose}
            for one in (*done, *waiting)
        ]
        print_json({"waitsForApproval": bool(waiting), "changes": changes})
        return
    for one in (*done, *waiting):
        typer.echo(change_line(one))
    if waiting:
        print_message("another login has to approve this (…/draft/review); apply the same files again after that")
    elif not done:
        typer.echo("nothing to do: the files say what is live")
