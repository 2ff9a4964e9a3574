"""`milepost import customers FILE`: register customers, or change the customers that identifiers name, from CSV."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from milepost.cli.imports.event_files import Read
from milepost.cli.imports.file_options import (
    Delimiter,
    DryRun,
    Encoding,
    FillShortRows,
    Rejects,
    check_input,
    describe_table,
    end_with,
    reading,
)
from milepost.cli.imports.rejected_rows import ADDED, Reason, RejectedRows
from milepost.cli.in_process import run_inside
from milepost.cli.options import Clock, Data, DatabaseUrl, Json, Org
from milepost.cli.output import print_json, print_message
from milepost.files.encoding import UnreadableFile
from milepost.files.table import ReadOptions, Row, Table, repeated_columns
from milepost.model.access.role import Role
from milepost.model.problem import Problem, Refused

if TYPE_CHECKING:
    from milepost.model.customer import Identifier
    from milepost.service.customers.profile import CustomerDraft
    from milepost.service.runtime.runtime import Runtime

_NAMES = ("firstName", "lastName", "loyaltyType")
_FIELDS = ("fields.", "extendedFields.")
_TEXT_MAX = 200
STATUSES = ("registered", "changed", "refused")


def import_customers(
    file: Annotated[Path, typer.Argument(help="CSV file with at least one identifier on each row")],
    organisation: Org,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    fill_short_rows: FillShortRows = False,
    dry_run: DryRun = False,
    rejects: Rejects = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
    clock: Clock = None,
    json: Json = False,
) -> None:
    """Register customers, or change those that are known.

    The columns are identifiers (externalId, mobile, email, cardnumber …), firstName, lastName, loyaltyType, and
    fields.NAME and extendedFields.NAME. Empty cells change nothing, so a file may be imported again.

    The exit code is 0 if no row was refused, 3 if some were, and 1 if all were or if the file cannot be read. See
    docs/import-files.md.
    """
    check_input(file, rejects)
    rejected = rejects or (None if dry_run else file.with_name(f"{file.name}.rejects.csv"))
    options = ReadOptions(encoding, delimiter, fill_short_rows=fill_short_rows)
    flags = {"data": data, "database_url": database_url, "clock": clock}
    work = _Import(file, options, organisation, rejected, is_dry=dry_run)
    counts = run_inside(flags, work.run)
    refused = counts["refused"]
    if json:
        shown = str(rejected) if refused and rejected else None
        print_json({"rows": sum(counts.values()), **{name: counts[name] for name in STATUSES}, "rejects": shown})
    else:
        typer.echo(", ".join(f"{name} {counts[name]}" for name in STATUSES))
        if dry_run:
            print_message("This was a dry run; nobody was registered. Known customers are counted as registered.")
        elif refused:
            print_message(f"{refused} rows were refused. They are in {rejected}, with the reasons.")
    end_with(taken=sum(counts.values()) - refused, refused=refused)


class _Import(NamedTuple):
    file: Path
    options: ReadOptions
    organisation: str
    rejects: Path | None
    is_dry: bool

    async def run(self, runtime: "Runtime") -> Counter[str]:
        """Keep each customer in a transaction of its own; return how many rows were registered, changed, refused."""
        from milepost.demo.progress_bar import bar
        from milepost.service.customers.profile import keep_customer
        from milepost.service.organisations.provisioning import COMMAND_LINE, organisation_id_by_name
        from milepost.service.snapshot.access import Caller

        org_id = await organisation_id_by_name(runtime.database, self.organisation)
        caller = Caller(org_id=org_id, author=COMMAND_LINE, till_id=None, role=Role.ADMIN)
        with reading(self.file):
            table = Table(lambda: self.file.open("rb"), self.options)
            _check_heading(table)
        describe_table(self.file, table, None)
        counts: Counter[str] = Counter()
        rejecting = RejectedRows(self.file, self.rejects, table, continued=False)
        with rejecting as rejects, bar(table.length, f"{self.file.name} (rows)") as advance:
            for row in table.rows():
                draft = _draft(table, row)
                reasons = draft if isinstance(draft, list) else []
                if not isinstance(draft, list):
                    try:
                        is_new = self.is_dry or (await keep_customer(runtime, caller, draft)).is_new
                        counts["registered" if is_new else "changed"] += 1
                    except Refused as refused:
                        reasons = [Reason(row.line, "", problem.reason) for problem in refused.problems]
                if reasons:
                    counts["refused"] += 1
                    rejects.add(Read(row.line, b"", row.done, (row,)), "refused", reasons)
                advance(1)
        rejects.print_first()
        return counts


def _check_heading(table: Table) -> None:
    from milepost.api.native.identifiers import EXTERNAL_NAMES

    problems = repeated_columns(table.columns)
    known = {*EXTERNAL_NAMES, *_NAMES, *ADDED}
    listed = ", ".join((*EXTERNAL_NAMES, *_NAMES))
    reason = f"is not a column here; the columns are {listed}, fields.… and extendedFields.…"
    unknown = (name for name in table.columns if name not in known and not name.startswith(_FIELDS))
    problems += [Problem(name, reason) for name in unknown]
    if not set(table.columns) & set(EXTERNAL_NAMES):
        problems.append(Problem("", f"there must be a column with identifiers: {', '.join(EXTERNAL_NAMES)}"))
    if problems:
        raise UnreadableFile(*problems[:20])


def _draft(table: Table, row: Row) -> "CustomerDraft | list[Reason]":
    """Return the customer on a row, or the reasons why the row is refused."""
    from milepost.api.native.identifiers import EXTERNAL_NAMES, identifier_of
    from milepost.service.customers.profile import CustomerDraft

    if row.faults:
        return [Reason(row.line, *fault) for fault in row.faults]
    pairs = ((name, text.strip()) for name, text in zip(table.columns, row.cells, strict=True))
    cells = {name: text for name, text in pairs if text}
    identifiers: list[Identifier] = []
    reasons: list[Reason] = []
    for name, text in cells.items():
        kind = EXTERNAL_NAMES.get(name)
        identifier = None if kind is None else identifier_of(kind, text)
        if isinstance(identifier, str):
            reasons.append(Reason(row.line, name, identifier))
        elif identifier is not None:
            identifiers.append(identifier)
        elif len(text) > _TEXT_MAX:
            reasons.append(Reason(row.line, name, f"must have at most {_TEXT_MAX} characters"))
    if not identifiers and not reasons:
        reasons.append(Reason(row.line, "", "the row has no identifier"))
    if reasons:
        return reasons
    return CustomerDraft(
        identifiers=identifiers,
        first_name=cells.get("firstName"),
        last_name=cells.get("lastName"),
        fields=_within(cells, "fields."),
        extended_fields=_within(cells, "extendedFields."),
        loyalty_type=cells.get("loyaltyType"),
    )


def _within(cells: Mapping[str, str], prefix: str) -> dict[str, str]:
    return {name.removeprefix(prefix): text for name, text in cells.items() if name.startswith(prefix)}
