"""`milepost import events FILE…`: receive events from NDJSON, CSV or Parquet; what was interrupted can be continued."""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

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

if TYPE_CHECKING:
    from milepost.service.runtime.runtime import Runtime

import_ = typer.Typer(help="Import events, customers, enrolments, places or fields from a file.", no_args_is_help=True)


@import_.callback()
def _group() -> None:
    """Import events, customers, enrolments, places or fields from a file."""


Files = Annotated[
    list[Path], typer.Argument(help="files that end in .ndjson, .jsonl, .csv, .tsv, .txt (as .csv) or .parquet")
]
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
IsBackfill = Annotated[
    bool,
    typer.Option("--backfill", help="receive a past: customer by customer, all files together, notifying nobody"),
]
Receivers = Annotated[
    int | None,
    typer.Option(
        "--receivers", min=1, show_default="one per processor", help="processes that receive; only with --backfill"
    ),
]
TellOutcomes = Annotated[
    bool, typer.Option("--tell-outcomes", help="notify webhooks and the feed as well; only with --backfill")
]


@import_.command("events")
def import_events(
    files: Files,
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
    backfill: IsBackfill = False,
    receivers: Receivers = None,
    tell_outcomes: TellOutcomes = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
    clock: Clock = None,
    json: Json = False,
) -> None:
    """Import events from files, one after the other, or all together as a backfill (docs/import-files.md).

    Each event counts as if a client had sent it; a known source and id is a duplicate and does not count again.
    FILE.progress remembers the last event done, so that an interrupted import continues there.

    The exit code is 0 if every row was taken or known before, 3 if some were refused, and 1 if all were or if the file
    cannot be read.
    """
    pace = _Pace(
        order=order, receivers=receivers, is_dry=dry_run, afresh=afresh, is_backfill=backfill, tells=tell_outcomes
    )
    _check(files, rejects, pace)
    text = ReadOptions(encoding, delimiter, decimal, fill_short_rows)
    options = _options(text, date_format, time_zone, None if mapping is None else read_mapping(mapping))
    flags = {"data": data, "database_url": database_url, "clock": clock}
    _run(flags, organisation, files, options, pace, rejects, json=json)


class _Pace(NamedTuple):
    """How files are received: in which order, by how many receivers, and whether all together as a backfill."""

    order: Order
    receivers: int | None
    is_dry: bool
    afresh: bool
    is_backfill: bool
    tells: bool

    @property
    def goes_by_customer(self) -> bool:
        """Whether this run receives a backfill; a dry run only reads."""
        return self.is_backfill and not self.is_dry


def _check(files: Sequence[Path], rejects: Path | None, pace: _Pace) -> None:
    """Check that the files are there, and that the options fit together; raises Refused with all problems."""
    for file in files:
        check_input(file, rejects)
    problems: list[Problem] = []
    if len({file.resolve() for file in files}) < len(files):
        problems.append(Problem("FILES", "name one file twice"))
    if rejects is not None and len(files) > 1:
        problems.append(Problem("--rejects", "goes with one file; the refused rows of each of several are beside it"))
    if pace.goes_by_customer and pace.order is Order.FILE:
        problems.append(Problem("--order", "a backfill receives the events of each customer in the order of time"))
    if not pace.is_backfill:
        problems += [Problem("--receivers", "goes with --backfill")] if pace.receivers is not None else []
        problems += [Problem("--tell-outcomes", "goes with --backfill")] if pace.tells else []
    if problems:
        raise Refused(*problems)


def _run(
    flags: Mapping[str, object],
    organisation: str,
    paths: Sequence[Path],
    options: EventOptions,
    pace: _Pace,
    rejects: Path | None,
    *,
    json: bool,
) -> None:
    """Receive the events of files, print what became of them, and exit with the code that says it."""
    files = [event_file(path) for path in paths]
    rejected = {file.path: rejects or _beside(file) for file in files}

    async def run(runtime: "Runtime") -> Done:
        if pace.goes_by_customer:
            return await _backfill(runtime, organisation, files, options, pace, rejected)
        done = Done(0, 0, 0, Counter())
        for file in files:
            one = EventImport(runtime, file, rejects if pace.is_dry else rejected[file.path], dry=pace.is_dry)
            done = done.with_those_of(await one.run(organisation, options, pace.order, afresh=pace.afresh))
        return done

    done = run_inside(flags, run)
    written = [rejects] if pace.is_dry else [*rejected.values()]
    _print_summary(done, [path for path in written if path is not None and path.exists()], dry=pace.is_dry, json=json)
    end_with(taken=sum(done.counts.values()) - done.rejected, refused=done.rejected)


async def _backfill(
    runtime: "Runtime",
    organisation: str,
    files: Sequence[EventFile],
    options: EventOptions,
    pace: _Pace,
    rejected: Mapping[Path, Path],
) -> Done:
    from milepost.cli.imports.backfill.backfill import Backfill

    return await Backfill(runtime, files, rejected).run(
        organisation,
        options,
        processes=pace.receivers or os.cpu_count() or 1,
        tells_outcomes=pace.tells,
        afresh=pace.afresh,
    )


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


def _print_summary(done: Done, rejects: Sequence[Path], *, dry: bool, json: bool) -> None:
    statuses = (VALID, "refused") if dry else ("applied", "duplicate", "conflict", "refused")
    counts = {"rows": done.rows, "skipped": done.skipped, "events": sum(done.counts.values())}
    counts |= {status: done.counts[status] for status in statuses}
    rejected = ", ".join(map(str, rejects)) if done.rejected else ""
    if json:
        print_json({**counts, "rejects": rejected or None})
        return
    typer.echo(", ".join(f"{name} {count}" for name, count in counts.items()))
    if dry:
        print_message("This was a dry run; nothing was sent.")
    elif done.rejected:
        print_message(f"{done.rejected} events did not count. Their rows are in {rejected}, with the reasons.")
