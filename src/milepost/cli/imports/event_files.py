"""Reading events from files. Each line of NDJSON, and each row of CSV or Parquet, is one event, or part of a bill.

A column `customer.externalId` or `data.netAmount` is a field within an object; a column `data` or `data.lines` may hold
JSON text. Empty cells are left out. With a mapping the columns may have any names.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from io import TextIOWrapper
from pathlib import Path
from typing import NamedTuple

from milepost.cli.imports.event_cells import (
    AMOUNTS,
    JSON_COLUMNS,
    Form,
    check_heading,
    encoder,
    event_of,
    json_of,
    nested,
)
from milepost.cli.imports.event_mapping import EventMapping
from milepost.cli.imports.mapped_events import MappedEvents
from milepost.cli.imports.parquet_rows import open_parquet, parquet_rows
from milepost.cli.imports.rejected_rows import ADDED
from milepost.files.encoding import UTF_8, encoding_of
from milepost.files.table import Fault, ReadOptions, Row, Table
from milepost.model.problem import Problem, Refused


class Read(NamedTuple):
    """One event of a file: its last row or line (from 1), its JSON, and how much of the file is read with it.

    An event from CSV has its rows, and each fault with its line; with a fault there is no JSON. `place` is its place in
    the order in which the events are sent.
    """

    row: int
    json: bytes
    done: int
    rows: tuple[Row, ...] = ()
    faults: tuple[tuple[int, Fault], ...] = ()
    skipped: int = 0
    place: int = 0


class EventFile(NamedTuple):
    """A file of events, and its size in bytes or, for Parquet, in rows."""

    path: Path
    kind: str
    total: int

    @property
    def unit(self) -> str:
        """Return the unit of `total`."""
        return "rows" if self.kind == "parquet" else "bytes"


class EventOptions(NamedTuple):
    """How a file of events is read: its text, its dates (strptime and zone, None for the usual), and its mapping."""

    text: ReadOptions
    date_format: str | None = None
    zone: str | None = None
    mapping: EventMapping | None = None


def event_file(path: Path) -> EventFile:
    """Return the file at *path*, whose kind is known by its ending; raises Refused."""
    if not path.is_file():
        raise Refused(Problem(str(path), "there is no such file"))
    endings = {".ndjson": "ndjson", ".jsonl": "ndjson", ".csv": "csv", ".tsv": "csv", ".txt": "csv"}
    kind = (endings | {".parquet": "parquet"}).get(path.suffix.lower())
    if kind is None:
        raise Refused(Problem(str(path), "must end in .ndjson, .jsonl, .csv, .tsv, .txt or .parquet"))
    total = open_parquet(path).metadata.num_rows if kind == "parquet" else path.stat().st_size
    return EventFile(path, kind, total)


class EventReader:
    """The events of one file, all of which was checked before the first one is returned."""

    def __init__(self, file: EventFile, options: EventOptions, zone: str) -> None:
        """Open *file*; *zone* is that of times without an offset. Raises Refused, or UnreadableFile for the file."""
        self._file = file
        self.table: Table | None = None
        self.decimals = options.text.decimals
        self.skipped_at_end = 0
        if file.kind != "csv":
            if options.mapping or options.date_format or options.text.delimiter or options.text.decimals:
                raise Refused(Problem(str(file.path), "is no CSV; a mapping, dates and delimiters are for CSV"))
            if file.kind == "ndjson":
                self._encoding = encoding_of(lambda: file.path.open("rb"), options.text.encoding, options.text.hint)
            return
        self.table = Table(lambda: file.path.open("rb"), options.text)
        mapping = options.mapping
        if mapping is None:
            check_heading([column for column in self.table.columns if column not in ADDED])
        else:
            mapping.check_heading(self.table.columns)
        self.decimals = self.table.decimals(sorted(AMOUNTS if mapping is None else mapping.number_columns))
        self._form = Form(options.date_format, options.zone or zone, self.decimals)
        self._mapped = None if mapping is None else MappedEvents(self.table, mapping, self._form)

    def __iter__(self) -> Iterator[Read]:
        """Return the events in the order of the rows."""
        match self._file.kind:
            case "ndjson":
                return self._lines()
            case "csv":
                return self._rows() if self._mapped is None else self._bills(self._mapped)
            case _:
                return _columns(self._file.path)

    def _lines(self) -> Iterator[Read]:
        with self._file.path.open("rb") as raw, TextIOWrapper(raw, encoding=self._encoding, newline="\n") as text:
            lines = raw if self._encoding in UTF_8 else (line.encode() for line in text)
            done = 0
            for row, line in enumerate(lines, 1):
                done = done + len(line) if lines is raw else raw.tell()
                json = line.removeprefix(b"\xef\xbb\xbf") if row == 1 else line
                if json.strip():
                    yield Read(row, json, done)

    def _rows(self) -> Iterator[Read]:
        assert self.table is not None
        for row in self.table.rows():
            pairs = zip(self.table.columns, row.cells, strict=False)
            cells = {name: text.strip() for name, text in pairs if text.strip() and name not in ADDED}
            json, faults = (b"", list(row.faults)) if row.faults else event_of(cells, self._form)
            found = tuple((row.line, fault) for fault in faults)
            yield Read(row=row.line, json=json, done=row.done, rows=(row,), faults=found)

    def _bills(self, mapped: MappedEvents) -> Iterator[Read]:
        for event in mapped:
            last = event.rows[-1]
            yield Read(
                row=last.line,
                json=event.json,
                done=last.done,
                rows=event.rows,
                faults=event.faults,
                skipped=event.skipped,
            )
        self.skipped_at_end = mapped.skipped_at_end


def _columns(path: Path) -> Iterator[Read]:
    for row, values in enumerate(parquet_rows(path), 1):
        given = {name: _value(name, value) for name, value in values.items() if value is not None}
        yield Read(row, encoder.encode(nested(given)), row)


def _value(name: str, value: object) -> object:
    match value:
        case float():
            return Decimal(str(value))
        case datetime() | date():
            return value.isoformat()
        case str() if name in JSON_COLUMNS:
            return json_of(value)
        case Mapping():
            return {str(inner): _value("", one) for inner, one in value.items() if one is not None}
        case list():
            return [_value("", one) for one in value]
        case _:
            return value
