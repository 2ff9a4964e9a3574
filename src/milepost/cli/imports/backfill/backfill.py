"""One backfill: read and sort the files, receive them part by part, and remember how far it came."""

import asyncio
import json
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from milepost.cli.imports.backfill.customer_order import NO_CUSTOMER, CustomerOrder, FileRead, Part
from milepost.cli.imports.backfill.receiving import (
    REFUSED,
    PartAnswers,
    ReceivePart,
    Target,
    import_for_processes,
    receiver,
)
from milepost.cli.imports.event_files import EventFile, EventOptions, EventReader
from milepost.cli.imports.event_import import Done, reasons_of
from milepost.cli.imports.file_options import describe_table, reading
from milepost.cli.imports.rejected_rows import Reason, RejectedRows
from milepost.cli.output import print_message
from milepost.model.customer import Identifier

if TYPE_CHECKING:
    from milepost.service.runtime.runtime import Runtime

IN_FLIGHT_OF_PROCESS = 2
"""Parts of each process that are received, or wait for it."""


class Mark(NamedTuple):
    """How far a backfill came, in a file beside the first one of its files.

    `checksum` is that of the order: with other files, or where customers were merged since, the backfill begins again,
    and what is known already is a duplicate.
    """

    path: Path

    def read(self, checksum: int) -> bytes:
        """Return the key up to which all customers were received."""
        try:
            stored = json.loads(self.path.read_text(encoding="utf-8"))
            key = bytes.fromhex(stored["wholeUntil"]) if stored["checksum"] == f"{checksum:016x}" else NO_CUSTOMER
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return NO_CUSTOMER
        return key

    def write(self, checksum: int, key: bytes) -> None:
        """Remember that all customers up to *key* were received."""
        self.path.write_text(json.dumps({"checksum": f"{checksum:016x}", "wholeUntil": key.hex()}), encoding="utf-8")


class Backfill:
    """One backfill of one or more files."""

    def __init__(self, runtime: "Runtime", files: Sequence[EventFile], rejects: Mapping[Path, Path]) -> None:
        """Keep what it works with: *rejects* names for each file the file of its refused rows."""
        self._runtime = runtime
        self._files = files
        self._rejects_paths = rejects
        self._mark = Mark(files[0].path.with_name(f"{files[0].path.name}.progress"))
        self._counts: Counter[str] = Counter()
        self._warnings: dict[str, tuple[int, str]] = {}
        self._rows = 0
        self._skipped = 0
        self._rejects: list[RejectedRows] = []

    async def run(
        self, organisation: str, options: EventOptions, *, processes: int, tells_outcomes: bool, afresh: bool
    ) -> Done:
        """Receive the events of all files, after those of an interrupted backfill unless it is to begin *afresh*."""
        from milepost.demo.progress_bar import bar
        from milepost.service.organisations.provisioning import organisation_by_name
        from milepost.service.runtime.runtime import within

        if processes > 1:
            import_for_processes()
        owner = await organisation_by_name(self._runtime.database, organisation)
        self._runtime = await within(self._runtime, owner.id)
        readers = [await self._reader(file, options, owner.zone) for file in self._files]
        order = CustomerOrder(self._look_up(owner.id), self._files[0].path.parent)
        if afresh:
            self._mark.path.unlink(missing_ok=True)
        with ExitStack() as closing:
            continued = self._mark.path.exists()
            self._rejects = [
                closing.enter_context(
                    RejectedRows(file.path, self._rejects_paths[file.path], reader.table, continued=continued)
                )
                for file, reader in zip(self._files, readers, strict=True)
            ]
            parts = order.parts(self._reads(readers), lambda: self._whole_until(order))
            first = await asyncio.to_thread(next, parts, None)
            advance = closing.enter_context(bar(order.events, "events"))
            async with receiver(self._runtime, Target(owner.id, tells_outcomes), processes) as receive:
                await self._receive_all(first, parts, order, receive, advance, processes)
            advance(order.events - sum(self._counts.values()))
        self._mark.path.unlink(missing_ok=True)
        for rejects in self._rejects:
            rejects.print_first()
        for path, (count, reason) in self._warnings.items():
            print_message(f"{count} events were taken with a warning, the first one: {path} {reason}")
        skipped = self._skipped + sum(reader.skipped_at_end for reader in readers)
        return Done(self._rows + skipped, sum(one.count for one in self._rejects), skipped, self._counts)

    async def _reader(self, file: EventFile, options: EventOptions, zone: str) -> EventReader:
        with reading(file.path):
            reader = await asyncio.to_thread(EventReader, file, options, zone)
        if reader.table is not None:
            describe_table(file.path, reader.table, reader.decimals)
        return reader

    def _look_up(self, org_id: int) -> Callable[[Sequence[Identifier]], Mapping[Identifier, str]]:
        """Return what finds the customers of identifiers; it is called in another thread."""
        from milepost.service.ingest.lookup.named_customers import customer_texts

        loop = asyncio.get_running_loop()

        async def texts(identifiers: Sequence[Identifier]) -> Mapping[Identifier, str]:
            async with self._runtime.database.reading() as transaction:
                return await customer_texts(transaction, org_id, identifiers)

        return lambda identifiers: asyncio.run_coroutine_threadsafe(texts(identifiers), loop).result()

    def _reads(self, readers: Sequence[EventReader]) -> Iterator[FileRead]:
        """Return the events of all files that could be read; the others are rejected at once."""
        for position, reader in enumerate(readers):
            for read in reader:
                self._rows += len(read.rows) or 1
                self._skipped += read.skipped
                if read.faults:
                    self._counts[REFUSED] += 1
                    self._rejects[position].add(read, REFUSED, [Reason(line, *fault) for line, fault in read.faults])
                else:
                    yield FileRead(position, read)

    def _whole_until(self, order: CustomerOrder) -> bytes:
        key = self._mark.read(order.checksum)
        if key != NO_CUSTOMER:
            print_message("continuing an interrupted backfill")
        return key

    async def _receive_all(
        self,
        first: Part | None,
        parts: Iterator[Part],
        order: CustomerOrder,
        receive: ReceivePart,
        advance: Callable[[int], None],
        processes: int,
    ) -> None:
        """Receive the parts; as many are under way as the processes can take."""
        waiting: deque[tuple[Part, asyncio.Task[PartAnswers]]] = deque()

        async def finish(left: int) -> None:
            while len(waiting) > left:
                part, answers = waiting.popleft()
                self._note(part, await answers, order.checksum)
                advance(len(part.reads))

        part = first
        try:
            while part is not None:
                # What goes on with a customer has to wait for the part before, and for nothing less.
                await finish(0 if part.continues else processes * IN_FLIGHT_OF_PROCESS - 1)
                texts = [one.read.json for one in part.reads]
                waiting.append((part, asyncio.create_task(_received(receive, texts, self._runtime.clock()))))
                part = await asyncio.to_thread(next, parts, None)
            await finish(0)
        finally:
            for _, answers in waiting:
                answers.cancel()

    def _note(self, part: Part, answers: PartAnswers, checksum: int) -> None:
        """Count the answers to a part, write its rejected rows, and mark how far the backfill came."""
        self._counts.update(answers.counts)
        for position, status, problems in answers.rejected:
            file, read = part.reads[position]
            self._counts[status] += 1
            self._rejects[file].add(read, status, reasons_of(read, problems))
        for path, reason in answers.warnings:
            count, first = self._warnings.get(path, (0, reason))
            self._warnings[path] = count + 1, first
        for rejects in self._rejects:
            rejects.flush()
        if part.whole_until is not None:
            self._mark.write(checksum, part.whole_until)


async def _received(receive: ReceivePart, texts: Sequence[bytes], now: int) -> PartAnswers:
    from milepost.model.time import Micros

    return await receive(texts, Micros(now))
