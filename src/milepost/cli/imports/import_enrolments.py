"""`milepost import enrolments FILE`: enrol customers in a target group from CSV, with goals of their own."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from milepost.cli.in_process import run_inside
from milepost.cli.options import Clock, Data, DatabaseUrl, Json
from milepost.cli.output import print_json, print_message
from milepost.model.problem import Problem, Refused
from milepost.model.role import Role

if TYPE_CHECKING:
    from milepost.api.native.enrolments.file import FileResult
    from milepost.service.runtime.runtime import Runtime


def import_enrolments(
    file: Annotated[Path, typer.Argument(help="CSV file with an identifier, TargetName, and a column for each period")],
    group: Annotated[int, typer.Option("--group", help="id of the target group", min=1)],
    organisation: Annotated[str, typer.Option("--org", help="name of the organisation")],
    period: Annotated[
        str | None, typer.Option("--period", help="name of the first period; if left out, the running or the next one")
    ] = None,
    rejects: Annotated[
        Path | None, typer.Option("--rejects", help="file for refused rows; if left out, FILE.rejects.csv")
    ] = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
    clock: Clock = None,
    json: Json = False,
) -> None:
    """Enrol the customers of a CSV file in a target group.

    Refused rows are written to a file of their own, with the reasons: correct them there and import that file. Rows
    that change nothing are counted as already enrolled, so a file may be imported again.
    """
    if not file.is_file():
        raise Refused(Problem(str(file), "there is no such file"))
    rejected = rejects or file.with_name(f"{file.name}.rejects.csv")
    flags = {"data": data, "database_url": database_url, "clock": clock}
    body = file.read_bytes()
    result, refused = run_inside(flags, lambda runtime: _enrol(runtime, file.name, body, organisation, group, period))
    if result.refused:
        rejected.write_bytes(refused)
    else:
        rejected.unlink(missing_ok=True)
    counts = {became.value: count for became, count in result.counts.items()}
    if json:
        print_json({"rows": sum(counts.values()), **counts, "rejects": str(rejected) if result.refused else None})
    else:
        typer.echo(", ".join(f"{name} {count}" for name, count in counts.items()))
        if result.refused:
            print_message(f"{len(result.refused)} rows were refused. They are in {rejected}, with the reasons.")


async def _enrol(
    runtime: "Runtime", name: str, body: bytes, organisation: str, group_id: int, period: str | None
) -> "tuple[FileResult, bytes]":
    """Enrol the customers of the CSV *body*; return the result, and the refused rows as CSV."""
    from milepost.api.native.enrolments.file import EnrolmentFile, refused_table
    from milepost.demo.progress_bar import bar
    from milepost.service.definitions.participation import first_period
    from milepost.service.enrolments.bulk_enrolment import group_in_force
    from milepost.service.organisations.provisioning import COMMAND_LINE, organisation_id_by_name
    from milepost.service.snapshot.access import Caller

    caller = Caller(
        org_id=await organisation_id_by_name(runtime.database, organisation),
        author=COMMAND_LINE,
        till_id=None,
        role=Role.ADMIN,
    )
    group = await group_in_force(runtime, caller, group_id)
    file = EnrolmentFile(body, group)
    with bar(file.length, f"{name} (rows)") as advance:
        result = await file.enrol(runtime, caller, first_period(group, period, runtime.clock()), advance)
    return result, refused_table(file, result)
