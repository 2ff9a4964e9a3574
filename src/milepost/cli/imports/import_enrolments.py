"""`milepost import enrolments FILE`: enrol customers in a target group from CSV, with goals of their own."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from milepost.cli.imports.file_options import (
    SHOWN_MAX,
    Decimal,
    Delimiter,
    DryRun,
    Encoding,
    FillShortRows,
    Rejects,
    check_input,
    end_with,
    reading,
)
from milepost.cli.in_process import run_inside
from milepost.cli.options import Clock, Data, DatabaseUrl, Json, Org
from milepost.cli.output import print_json, print_message
from milepost.files.table import ReadOptions
from milepost.model.access.role import Role

if TYPE_CHECKING:
    from milepost.api.native.enrolments.file import FileResult
    from milepost.service.runtime.runtime import Runtime


Period = Annotated[
    str | None, typer.Option("--period", help="name of the first period; if left out, the running or the next one")
]


def import_enrolments(
    file: Annotated[Path, typer.Argument(help="CSV file with an identifier, TargetName, and a column for each period")],
    group: Annotated[int, typer.Option("--group", help="id of the target group", min=1)],
    organisation: Org,
    period: Period = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    decimal: Decimal = None,
    fill_short_rows: FillShortRows = False,
    dry_run: DryRun = False,
    rejects: Rejects = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
    clock: Clock = None,
    json: Json = False,
) -> None:
    """Enrol the customers of a CSV file in a target group.

    Refused rows are written to a file of their own, with the reasons: correct them there and import that file. Rows
    that change nothing are counted as already enrolled, so a file may be imported again.

    The exit code is 0 if no row was refused, 3 if some were, and 1 if all were or if the file cannot be read. A dry run
    checks each row; whether its customer is known shows only when it is sent. See docs/import-files.md.
    """
    check_input(file, rejects)
    rejected = rejects or file.with_name(f"{file.name}.rejects.csv")
    flags = {"data": data, "database_url": database_url, "clock": clock}
    body, options = file.read_bytes(), ReadOptions(encoding, delimiter, decimal, fill_short_rows)
    work = _Enrolment(
        file=file, body=body, options=options, organisation=organisation, group_id=group, period=period, is_dry=dry_run
    )
    result, refused = run_inside(flags, work.run)
    if result.refused and (rejects or not dry_run):
        rejected.write_bytes(refused)
    elif not dry_run:
        rejected.unlink(missing_ok=True)
    _print_result(file, result, rejected if result.refused and (rejects or not dry_run) else None, json=json)
    if dry_run and not json:
        print_message("This was a dry run; nobody was enrolled.")
    end_with(taken=sum(result.counts.values()) - len(result.refused), refused=len(result.refused))


def _print_result(file: Path, result: "FileResult", rejected: Path | None, *, json: bool) -> None:
    """Print the counts and the first refused rows; *rejected* is the file with all of them, if there is one."""
    counts = {became.value: count for became, count in result.counts.items()}
    if json:
        print_json({"rows": sum(counts.values()), **counts, "rejects": str(rejected) if rejected else None})
        return
    typer.echo(", ".join(f"{name} {count}" for name, count in counts.items()))
    for row in result.refused[:SHOWN_MAX]:
        print_message(f"{file}:{row.line}: {'; '.join(row.reasons)}")
    if result.refused:
        where = f" They are in {rejected}, with the reasons." if rejected else ""
        print_message(f"{len(result.refused)} rows were refused.{where}")


class _Enrolment(NamedTuple):
    """A file of enrolments, how it is read, and where its customers are enrolled."""

    file: Path
    body: bytes
    options: ReadOptions
    organisation: str
    group_id: int
    period: str | None
    is_dry: bool

    async def run(self, runtime: "Runtime") -> "tuple[FileResult, bytes]":
        """Enrol the customers; return the result, and the refused rows as CSV in the encoding of the file."""
        from milepost.api.native.enrolments.file import EnrolmentFile, refused_table
        from milepost.demo.progress_bar import bar
        from milepost.service.definitions.participation import first_period
        from milepost.service.enrolments.bulk_enrolment import group_in_force
        from milepost.service.organisations.provisioning import COMMAND_LINE, organisation_id_by_name
        from milepost.service.runtime.runtime import within
        from milepost.service.snapshot.access import Caller

        caller = Caller(
            org_id=await organisation_id_by_name(runtime.database, self.organisation),
            author=COMMAND_LINE,
            till_id=None,
            role=Role.ADMIN,
        )
        runtime = await within(runtime, caller.org_id)
        group = await group_in_force(runtime, caller, self.group_id)
        with reading(self.file):
            file = EnrolmentFile(self.body, group, self.options)
        first = first_period(group, self.period, runtime.clock())
        if self.is_dry:
            result = file.check()
        else:
            with bar(file.length, f"{self.file.name} (rows)") as advance:
                result = await file.enrol(runtime, caller, first, advance)
        return result, refused_table(file, result).decode().encode(file.encoding)
