"""Events of a file with a mapping: rows of one bill are joined, and a bill with a bad row is not taken at all."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from hashlib import blake2b
from itertools import groupby
from typing import Any, NamedTuple

from milepost.cli.imports.event_cells import Form, encoder, nested
from milepost.cli.imports.event_mapping import Cell, EventMapping, value_of
from milepost.files.encoding import UnreadableFile
from milepost.files.table import Fault, Row, Table
from milepost.files.values import Unread, time_of
from milepost.model.problem import Problem

ROWS_MAX = 5_000
"""Rows of one bill; an event may have as many lines."""

LineFault = tuple[int, Fault]
Cells = Mapping[str, str]


class MappedEvent(NamedTuple):
    """The rows of one event, its JSON, its faults with their lines, and how many rows were skipped before it."""

    rows: tuple[Row, ...]
    json: bytes
    faults: tuple[LineFault, ...]
    skipped: int


class MappedEvents:
    """The events that a mapping makes of a table."""

    def __init__(self, table: Table, mapping: EventMapping, form: Form) -> None:
        """Check that the rows of each bill are together; raises UnreadableFile."""
        self._table = table
        self._mapping = mapping
        self._form = form
        self.skipped_at_end = 0
        if mapping.bill is not None:
            self._check_order(mapping.bill)

    def __iter__(self) -> Iterator[MappedEvent]:
        """Return each event at its last row. Of a bill with too many rows, each row beyond the limit comes first."""
        skipped = 0
        for _, group in groupby(self._keyed(), key=lambda keyed: keyed[0]):
            bill: list[tuple[Row, Cells]] = []
            is_skipped = is_too_long = False
            for _, row, cells in group:
                skips = [] if row.faults else [skip for skip in self._mapping.skips if skip.matches(cells)]
                is_skipped = is_skipped or any(skip.whole_bill for skip in skips)
                if skips:
                    skipped += 1
                elif len(bill) < ROWS_MAX:
                    bill.append((row, cells))
                else:
                    is_too_long = True
                    yield _too_long((row,), 0)
            if is_skipped:
                skipped += len(bill)
            elif bill:
                rows = tuple(row for row, _ in bill)
                yield _too_long(rows, skipped) if is_too_long else self._event(bill, skipped)
                skipped = 0
        self.skipped_at_end = skipped

    def _keyed(self) -> Iterator[tuple[object, Row, Cells]]:
        """Return each row with the value that its bill shares, and its cells."""
        bill = self._mapping.bill
        for row in self._table.rows():
            cells = {name: text.strip() for name, text in zip(self._table.columns, row.cells, strict=False)}
            key: object = cells.get(bill, "") if bill is not None else None
            # A row that names no bill is on its own.
            yield key or row.line, row, cells

    def _check_order(self, bill: str) -> None:
        seen: dict[bytes, int] = {}
        last: object = None
        for key, row, _ in self._keyed():
            if key != last and isinstance(key, str):
                digest = blake2b(key.encode(), digest_size=12).digest()
                if digest in seen:
                    lines = f"lines {seen[digest]} and {row.line}"
                    reason = f'the rows of "{key}" are not together ({lines}); sort the file by this column'
                    raise UnreadableFile(Problem(bill, reason))
                seen[digest] = row.line
            last = key

    def _event(self, bill: list[tuple[Row, Cells]], skipped: int) -> MappedEvent:
        rows = tuple(row for row, _ in bill)
        faults = [(row.line, fault) for row in rows for fault in row.faults]
        name = self._mapping.bill
        if not faults and name is not None and not bill[0][1][name]:
            faults.append((rows[0].line, Fault(name, "is empty; it names the bill of a row")))
        if faults:
            return MappedEvent(rows, b"", tuple(faults), skipped)
        lines = [self._line(row, cells, faults) for row, cells in bill] if self._mapping.line else []
        values = {name: self._field(name, cell, bill, lines, faults) for name, cell in self._mapping.event.items()}
        event = nested({name: value for name, value in values.items() if value is not None})
        if lines:
            event.setdefault("data", {})["lines"] = [nested(line) for line in lines]
        return MappedEvent(rows, b"" if faults else encoder.encode(event), tuple(faults), skipped)

    def _line(self, row: Row, cells: Cells, faults: list[LineFault]) -> dict[str, Any]:
        line: dict[str, Any] = {}
        for name, cell in self._mapping.line.items():
            value = value_of(cell, cells, self._form.decimals)
            if isinstance(value, Unread):
                faults.append((row.line, Fault(" × ".join(cell.columns), value.reason)))
            elif value is not None:
                line[name] = value
        if "code" not in line:
            faults.append(
                (row.line, Fault(" or ".join(self._mapping.line["code"].columns), "is empty; a line needs it"))
            )
        return line

    def _field(
        self,
        name: str,
        cell: Cell,
        bill: list[tuple[Row, Cells]],
        lines: list[dict[str, Any]],
        faults: list[LineFault],
    ) -> object:
        """Return the value of a field of the event: the one that its rows state, or the sum of its lines."""
        if cell.way == "sum":
            return sum((Decimal(str(line.get(str(cell.value), 0))) for line in lines), Decimal(0))
        first: object = None
        column = " + ".join(cell.columns)
        for row, cells in bill:
            value = value_of(cell, cells, self._form.decimals)
            if name == "time" and isinstance(value, str):
                value = time_of(value, self._form.date_format, self._form.zone)
            if isinstance(value, Unread):
                faults.append((row.line, Fault(column, value.reason)))
            elif first is None:
                first = value
            elif value is not None and value != first:
                faults.append((row.line, Fault(column, f'reads "{value}", an earlier row of the bill "{first}"')))
        return _typed(name, first)


def _too_long(rows: tuple[Row, ...], skipped: int) -> MappedEvent:
    fault = Fault("", f"the bill has more than {ROWS_MAX} rows")
    return MappedEvent(rows, b"", ((rows[0].line, fault),), skipped)


def _typed(name: str, value: object) -> object:
    """Return *value* as the event's field has it: ids are numbers, amounts of bills exact text."""
    if name in {"customer.id", "store.id", "till.id", "data.programId"} and isinstance(value, str) and value.isdigit():
        return int(value)
    return value
