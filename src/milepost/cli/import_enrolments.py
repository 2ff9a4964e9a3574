"""`milepost import enrolments FILE`: who takes part in a group, with goals of their own, from CSV."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from milepost.cli.in_process import inside
from milepost.cli.options import Clock, Data, DatabaseUrl, Json
from milepost.cli.output import give_json, tell
from milepost.model.problem import Problem, Refused
from milepost.model.role import Role

if TYPE_CHECKING:
    from milepost.api.native.enrolments.file import FileResult
    from milepost.service.runtime.runtime import Runtime


def import_enrolments(
    file: Path,
    group: Annotated[int, typer.Option("--group", help="id of the target group", min=1)],
    organisation: Annotated[str, typer.Option("--org", help="name of the organisation")],
    period: Annotated[str | None, typer.Option("--period", help="from this one on; else the running or next")] = None,
    rejects: Annotated[Path | None, typer.Option("--rejects", help="where refused rows go; FILE.rejects.csv")] = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
    clock: Clock = None,
    json: Json = False,
) -> None:
    """Enrol the customers of a file; it may be brought in again, also after rows that were refused were mended."""
    if not file.is_file():
        raise Refused(Problem(str(file), "there is no such file"))
    rejected = rejects or file.with_name(f"{file.name}.rejects.csv")
    flags = {"data": data, "database_url": database_url, "clock": clock}
    body = file.read_bytes()
    done, refused = inside(flags, lambda runtime: _enrol(runtime, file.name, body, organisation, group, period))
    if done.refused:
        rejected.write_bytes(refused)
    else:
        rejected.unlink(missing_ok=True)
    counts = {became.value: count for became, count in done.counts.items()}
    if json:
        give_json({"rows": sum(counts.values()), **counts, "rejects": str(rejected) if done.refused else None})
    else:
        typer.echo(", ".join(f"{name} {count}" for name, count in counts.items()))
        if done.refused:
            tell(f"{len(done.refused)} rows were refused: see {rejected}")


async def _enrol(
    runtime: "Runtime", name: str, body: bytes, organisation: str, group_id: int, period: str | None
) -> "tuple[FileResult, bytes]":
    """Enrol what *body* says; return what became of it, and the refused rows as CSV."""
    from milepost.api.native.enrolments.file import EnrolmentFile, refused_table
    from milepost.demo.progress_bar import bar
    from milepost.service.definitions.lookup import first_period
    from milepost.service.enrolments.many import group_in_force
    from milepost.service.organisations.provisioning import COMMAND_LINE, id_called
    from milepost.service.snapshot.access import Caller

    caller = Caller(
        org_id=await id_called(runtime.database, organisation), author=COMMAND_LINE, till_id=None, role=Role.ADMIN
    )
    group = await group_in_force(runtime, caller, group_id)
    file = EnrolmentFile(body, group)
    with bar(file.length, f"{name} (rows)") as advance:
        done = await file.enrol(runtime, caller, first_period(group, period, runtime.clock()), advance)
    return done, refused_table(file, done)
