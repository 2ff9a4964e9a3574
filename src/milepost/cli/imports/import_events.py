"""`milepost import events FILE`: receive events from NDJSON, CSV or Parquet; an interrupted import can be continued."""

import asyncio
import json as json_text
from collections import Counter, deque
from collections.abc import Awaitable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple, TextIO

import typer

from milepost.cli.imports.event_files import EventFile, Read, event_file, events_of
from milepost.cli.in_process import run_inside
from milepost.cli.options import Clock, Data, DatabaseUrl, Json
from milepost.cli.output import print_json, print_message
from milepost.model.problem import Problem

if TYPE_CHECKING:
    from milepost.service.ingest.incoming_event import Answer, IncomingEvent
    from milepost.service.runtime.runtime import Runtime

BATCH = 1_000
IN_FLIGHT_MAX = 4
"""Batches that may wait for their commit while the next one is read. Lanes commit them in order."""

import_ = typer.Typer(help="Import events, enrolments, places or fields from a file.", no_args_is_help=True)


@import_.callback()
def _group() -> None:
    """Import events, enrolments, places or fields from a file."""


@import_.command("events")
def import_events(
    file: Annotated[Path, typer.Argument(help="file that ends in .ndjson, .jsonl, .csv or .parquet")],
    organisation: Annotated[str, typer.Option("--org", help="name of the organisation")],
    rejects: Annotated[
        Path | None, typer.Option("--rejects", help="file for refused rows; if left out, FILE.rejects")
    ] = None,
    afresh: Annotated[
        bool, typer.Option("--afresh", help="begin at the first row, even if an earlier import got further")
    ] = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
    clock: Clock = None,
    json: Json = False,
) -> None:
    """Import events from a file.

    Each event counts as if a client had sent it. FILE.progress remembers the last row done, so that an interrupted
    import continues there. An event with a known source and id is a duplicate and does not count again.
    """
    events = event_file(file)
    rejected = rejects or file.with_name(f"{file.name}.rejects")
    flags = {"data": data, "database_url": database_url, "clock": clock}
    done = run_inside(flags, lambda runtime: _Import(runtime, events, rejected).run(organisation, afresh=afresh))
    counts = {
        "rows": done.rows,
        **{status: done.counts[status] for status in ("applied", "duplicate", "conflict", "refused")},
    }
    if json:
        print_json({**counts, "rejects": str(rejected) if done.rejected else None})
    else:
        typer.echo(", ".join(f"{name} {count}" for name, count in counts.items()))
        if done.rejected:
            print_message(f"{done.rejected} rows did not count. They are in {rejected}, with the reasons.")


class _Done(NamedTuple):
    rows: int
    rejected: int
    counts: Counter[str]


class _Batch(NamedTuple):
    last: Read
    rows: list[Read]
    answers: "Awaitable[list[Answer]]"


class _Import:
    """One import of one file."""

    def __init__(self, runtime: "Runtime", file: EventFile, rejects: Path) -> None:
        self._runtime = runtime
        self._file = file
        self._rejects = rejects
        self._marker = file.path.with_name(f"{file.path.name}.progress")
        self._counts: Counter[str] = Counter()
        self._rejected = 0
        self._done = 0

    async def run(self, organisation: str, *, afresh: bool) -> _Done:
        """Receive every row after those of an earlier, interrupted import."""
        from milepost.demo.progress_bar import bar
        from milepost.service.organisations.provisioning import organisation_id_by_name

        org_id = await organisation_id_by_name(self._runtime.database, organisation)
        before = 0 if afresh else self._last_row_done()
        if before:
            print_message(f"continuing {self._file.path.name} after row {before}")
        rows = 0
        waiting: deque[_Batch] = deque()
        with ExitStack() as closing:
            rejects = closing.enter_context(self._rejects.open("a" if before else "w", encoding="utf-8"))
            advance = closing.enter_context(bar(self._file.total, f"{self._file.path.name} ({self._file.unit})"))
            for batch in _batches(row for row in events_of(self._file) if row.row > before):
                rows += len(batch)
                waiting.append(self._send(batch, org_id, rejects))
                if len(waiting) >= IN_FLIGHT_MAX:
                    advance(await self._finish(waiting.popleft(), rejects))
                await asyncio.sleep(0)
            while waiting:
                advance(await self._finish(waiting.popleft(), rejects))
        self._marker.unlink(missing_ok=True)
        if not self._rejected and not before:
            self._rejects.unlink(missing_ok=True)
        return _Done(rows, self._rejected, self._counts)

    def _send(self, batch: list[Read], org_id: int, rejects: TextIO) -> _Batch:
        from milepost.api.native.events.incoming_event import read_event

        incoming_events: list[IncomingEvent] = []
        rows: list[Read] = []
        for row in batch:
            read = read_event(row.json, org_id=org_id, till_id=None, now=self._runtime.clock())
            if isinstance(read, tuple):
                self._reject(row, "refused", read, rejects)
            else:
                incoming_events.append(read)
                rows.append(row)
        return _Batch(batch[-1], rows, asyncio.ensure_future(self._runtime.lanes.receive(incoming_events)))

    async def _finish(self, batch: _Batch, rejects: TextIO) -> int:
        """Wait for the commit of *batch*, remember its last row, and return how far it advances in the file."""
        for row, answer in zip(batch.rows, await batch.answers, strict=True):
            if answer.problems:
                self._reject(row, answer.status.value, answer.problems, rejects)
            else:
                self._counts[answer.status.value] += 1
        rejects.flush()
        self._marker.write_text(json_text.dumps({"row": batch.last.row, "of": self._file.total}), encoding="utf-8")
        further, self._done = batch.last.done - self._done, batch.last.done
        return further

    def _reject(self, row: Read, status: str, problems: tuple[Problem, ...], rejects: TextIO) -> None:
        self._counts[status] += 1
        self._rejected += 1
        line = {
            "row": row.row,
            "status": status,
            "problems": [{"path": problem.path, "reason": problem.reason} for problem in problems],
            "event": row.json.decode(errors="replace").strip(),
        }
        rejects.write(json_text.dumps(line, ensure_ascii=False) + "\n")

    def _last_row_done(self) -> int:
        """Return the last row of an earlier import; 0 if there was none, or if the size of the file has changed."""
        try:
            marker = json_text.loads(self._marker.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return 0
        return int(marker["row"]) if marker.get("of") == self._file.total else 0


def _batches(rows: Iterator[Read]) -> Iterator[list[Read]]:
    batch: list[Read] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
