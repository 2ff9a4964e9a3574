"""One import of one file of events: batch by batch, with a mark that an interrupted import continues from."""

import asyncio
import json as json_text
from collections import Counter, deque
from collections.abc import Awaitable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from milepost.cli.imports.event_files import EventFile, EventOptions, EventReader, Read
from milepost.cli.imports.event_order import Order, in_order
from milepost.cli.imports.file_options import describe_table, reading
from milepost.cli.imports.rejected_rows import Reason, RejectedRows
from milepost.cli.output import print_message
from milepost.model.problem import Problem

if TYPE_CHECKING:
    from milepost.service.ingest.incoming_event import Answer, IncomingEvent
    from milepost.service.runtime.runtime import Runtime

BATCH = 1_000
IN_FLIGHT_MAX = 4
"""Batches that may wait for their commit while the next one is read. Lanes commit them in order."""

VALID = "wouldSend"
_LAST = {Order.TIME: "event", Order.FILE: "row"}


class Done(NamedTuple):
    """What became of a file: its rows, how many of them were skipped, the rejected events, and events by status."""

    rows: int
    rejected: int
    skipped: int
    counts: Counter[str]

    def with_those_of(self, other: "Done") -> "Done":
        """Return what became of this and of another file."""
        return Done(
            self.rows + other.rows,
            self.rejected + other.rejected,
            self.skipped + other.skipped,
            self.counts + other.counts,
        )


class _Batch(NamedTuple):
    last: Read
    reads: list[Read]
    answers: "Awaitable[list[Answer]] | None"


class EventImport:
    """One import of one file. A *dry* one sends and marks nothing, and writes only the rejects that are asked for."""

    def __init__(self, runtime: "Runtime", file: EventFile, rejects: Path | None, *, dry: bool) -> None:
        """Keep what the import works with."""
        self._runtime = runtime
        self._file = file
        self._rejects_path = rejects
        self._dry = dry
        self._marker = file.path.with_name(f"{file.path.name}.progress")
        self._counts: Counter[str] = Counter()
        self._warnings: dict[str, tuple[int, str]] = {}
        self._done = 0
        self._rows = 0
        self._skipped = 0

    async def run(self, organisation: str, options: EventOptions, order: Order, *, afresh: bool) -> Done:
        """Receive every event, in *order*, after those of an earlier, interrupted import."""
        from milepost.demo.progress_bar import bar
        from milepost.service.organisations.provisioning import organisation_by_name
        from milepost.service.runtime.runtime import within

        owner = await organisation_by_name(self._runtime.database, organisation)
        self._runtime = await within(self._runtime, owner.id)
        with reading(self._file.path):
            reader = await asyncio.to_thread(EventReader, self._file, options, owner.zone)
        if reader.table is not None:
            describe_table(self._file.path, reader.table, reader.decimals)
        order = Order.FILE if self._dry else order
        before = 0 if afresh or self._dry else self._last_place_done(order)
        if before:
            print_message(f"continuing {self._file.path.name} after {_LAST[order]} {before}")
        waiting: deque[_Batch] = deque()
        with ExitStack() as closing:
            rejects = closing.enter_context(
                RejectedRows(self._file.path, self._rejects_path, reader.table, continued=before > 0)
            )
            advance = closing.enter_context(bar(self._file.total, f"{self._file.path.name} ({self._file.unit})"))
            ordered = in_order(reader, order, self._file.path.parent)
            for batch in _batches(read for read in ordered if read.place > before):
                waiting.append(self._send(batch, owner.id, rejects))
                if len(waiting) >= IN_FLIGHT_MAX:
                    advance(await self._finish(waiting.popleft(), rejects, order))
                await asyncio.sleep(0)
            while waiting:
                advance(await self._finish(waiting.popleft(), rejects, order))
            if self._done < self._file.total:
                advance(self._file.total - self._done)
        if not self._dry:
            self._marker.unlink(missing_ok=True)
        rejects.print_first()
        for path, (count, reason) in self._warnings.items():
            print_message(f"{count} events were taken with a warning, the first one: {path} {reason}")
        skipped = self._skipped + reader.skipped_at_end
        return Done(self._rows + skipped, rejects.count, skipped, self._counts)

    def _send(self, batch: list[Read], org_id: int, rejects: RejectedRows) -> _Batch:
        from milepost.api.native.events.incoming_event import read_event

        incoming_events: list[IncomingEvent] = []
        reads: list[Read] = []
        for read in batch:
            self._rows += len(read.rows) or 1
            self._skipped += read.skipped
            if read.faults:
                self._reject(read, "refused", [Reason(line, *fault) for line, fault in read.faults], rejects)
                continue
            event = read_event(read.json, org_id=org_id, till_id=None, now=self._runtime.clock())
            if isinstance(event, tuple):
                self._reject(read, "refused", reasons_of(read, event), rejects)
            else:
                incoming_events.append(event)
                reads.append(read)
        answers = None if self._dry else asyncio.ensure_future(self._runtime.lanes.receive(incoming_events))
        return _Batch(batch[-1], reads, answers)

    async def _finish(self, batch: _Batch, rejects: RejectedRows, order: Order) -> int:
        """Wait for the commit of *batch*, remember its last place, and return how far it advances in the file."""
        if batch.answers is None:
            self._counts[VALID] += len(batch.reads)
        else:
            for read, answer in zip(batch.reads, await batch.answers, strict=True):
                if answer.problems:
                    self._reject(read, answer.status.value, reasons_of(read, answer.problems), rejects)
                else:
                    self._counts[answer.status.value] += 1
                    self._warn(answer)
            rejects.flush()
            mark = json_text.dumps({"row": batch.last.place, "of": self._file.total, "order": order.value})
            self._marker.write_text(mark, encoding="utf-8")
        further, self._done = batch.last.done - self._done, batch.last.done
        return further

    def _warn(self, answer: "Answer") -> None:
        """Remember the warnings of an event: how many there are about a field, and the first of them."""
        for warning in answer.warnings:
            count, reason = self._warnings.get(warning.path, (0, warning.reason))
            self._warnings[warning.path] = count + 1, reason

    def _reject(self, read: Read, status: str, reasons: list[Reason], rejects: RejectedRows) -> None:
        self._counts[status] += 1
        rejects.add(read, status, reasons)

    def _last_place_done(self, order: Order) -> int:
        """Return the last place of an earlier import; 0 if there was none, or of another order or size of the file."""
        try:
            marker = json_text.loads(self._marker.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return 0
        is_same = (marker.get("of"), marker.get("order")) == (self._file.total, order.value)
        return int(marker["row"]) if is_same else 0


def reasons_of(read: Read, problems: tuple[Problem, ...]) -> list[Reason]:
    """Return *problems* of an event as reasons for its rejection, at its first line."""
    line = read.rows[0].line if read.rows else read.row
    return [Reason(line, problem.path, problem.reason) for problem in problems]


def _batches(reads: Iterator[Read]) -> Iterator[list[Read]]:
    batch: list[Read] = []
    for read in reads:
        batch.append(read)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
