"""`milepost import events FILE`: receive events from NDJSON, CSV or Parquet; an interrupted import can be continued."""

from pathlib import Path
from typing import Annotated

import typer

from milepost.cli.imports.event_files import EventFile, EventOptions, event_file
from milepost.cli.imports.event_import import VALID, Done, EventImport
from milepost.cli.imports.event_mapping import EventMapping, read_mapping
from milepost.cli.imports.event_order import Order
from milepost.cli.imports.file_options import (
    Decimal,
    Delimiter,
    DryRun,
    Encoding,
    FillShortRows,
    check_input,
    end_with,
)
from milepost.cli.in_process import run_inside
from milepost.cli.options import Clock, Data, DatabaseUrl, Json, Org
from milepost.cli.output import print_json, print_message
from milepost.files.table import ReadOptions
from milepost.files.values import Decimals, is_zone
from milepost.model.problem import Problem, Refused

import_ = typer.Typer(help="Import events, customers, enrolments, places or fields from a file.", no_args_is_help=True)


@import_.callback()
def _group() -> None:
    """Import events, customers, enrolments, places or fields from a file."""


File = Annotated[Path, typer.Argument(help="file that ends in .ndjson, .jsonl, .csv, .tsv, .txt (as .csv) or .parquet")]
Map = Annotated[
    Path | None, typer.Option("--map", help="TOML file that says which columns make which fields of an event")
]
DateFormat = Annotated[
    str | None, typer.Option("--date-format", help="form of dates, such as %d/%m/%Y; if left out, ISO 8601")
]
TimeZone = Annotated[
    str | None, typer.Option("--time-zone", help="zone of dates without an offset; if left out, the organisation's")
]
Rejects = Annotated[
    Path | None, typer.Option("--rejects", help="file for refused rows; if left out, FILE.rejects.csv, or FILE.rejects")
]
InOrder = Annotated[
    Order,
    typer.Option("--order", help="time: the earliest event is received first; file: the first one of the file"),
]
Afresh = Annotated[bool, typer.Option("--afresh", help="begin at the first row, even if an earlier import got further")]


@import_.command("events")
def import_events(
    file: File,
    organisation: Org,
    mapping: Map = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    decimal: Decimal = None,
    date_format: DateFormat = None,
    time_zone: TimeZone = None,
    fill_short_rows: FillShortRows = False,
    dry_run: DryRun = False,
    rejects: Rejects = None,
    order: InOrder = Order.TIME,
    afresh: Afresh = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
    clock: Clock = None,
    json: Json = False,
) -> None:
    """Import events from a file.

    Each event counts as if a client had sent it; a known source and id is a duplicate and does not count again.
    FILE.progress remembers the last event done, so that an interrupted import continues there.

    The exit code is 0 if every row was taken or known before, 3 if some were refused, and 1 if all were or if the file
    cannot be read. See docs/import-files.md.
    """
    check_input(file, rejects)
    events = event_file(file)
    form = None if mapping is None else read_mapping(mapping)
    options = _options(ReadOptions(encoding, delimiter, decimal, fill_short_rows), date_format, time_zone, form)
    rejected = rejects or (None if dry_run else _beside(events))
    done = run_inside(
        {"data": data, "database_url": database_url, "clock": clock},
        lambda runtime: EventImport(runtime, events, rejected, dry=dry_run).run(
            organisation, options, order, afresh=afresh
        ),
    )
    _print_summary(done, rejected if done.rejected else None, dry=dry_run, json=json)
    end_with(taken=sum(done.counts.values()) - done.rejected, refused=done.rejected)


def _beside(file: EventFile) -> Path:
    """Return the file for refused rows if none is named."""
    return file.path.with_name(f"{file.path.name}{'.rejects.csv' if file.kind == 'csv' else '.rejects'}")


def _options(
    text: ReadOptions, date_format: str | None, time_zone: str | None, mapping: EventMapping | None
) -> EventOptions:
    """Return how the file is read: as the options say, else as the mapping does; raises Refused."""
    file = {} if mapping is None else mapping.file
    zone = time_zone or file.get("time_zone")
    if zone is not None and not is_zone(zone):
        raise Refused(
            Problem("--time-zone", f'"{zone}" is not a time zone of the IANA database, such as Europe/Berlin')
        )
    decimal = Decimals(file["decimal"]) if "decimal" in file else None
    text = text._replace(
        encoding=text.encoding or file.get("encoding"),
        delimiter=text.delimiter or file.get("delimiter"),
        decimals=text.decimals or decimal,
    )
    return EventOptions(text, date_format or file.get("date_format"), zone, mapping)


def _print_summary(done: Done, rejected: Path | None, *, dry: bool, json: bool) -> None:
    statuses = (VALID, "refused") if dry else ("applied", "duplicate", "conflict", "refused")
    counts = {"rows": done.rows, "skipped": done.skipped, "events": sum(done.counts.values())}
    counts |= {status: done.counts[status] for status in statuses}
    if json:
        print_json({**counts, "rejects": str(rejected) if rejected else None})
        return
    typer.echo(", ".join(f"{name} {count}" for name, count in counts.items()))
    if dry:
        print_message("This was a dry run; nothing was sent.")
    elif done.rejected:
        print_message(f"{done.rejected} events did not count. Their rows are in {rejected}, with the reasons.")
