"""The file of rejected rows: as they came, with the reasons, so that it can be mended and imported itself."""

import csv
import json
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple, Self

from milepost.cli.imports.file_options import SHOWN_MAX
from milepost.cli.output import print_message
from milepost.files.table import Table, neutral

if TYPE_CHECKING:
    from milepost.cli.imports.event_files import Read

ADDED = ("Line", "Reason")
"""Columns that are added at the end: the line of the row in the imported file, and why it was rejected."""


class Reason(NamedTuple):
    """Why an event was rejected: the line, the column or field (empty for the whole row), and the reason."""

    line: int
    path: str
    text: str

    def __str__(self) -> str:
        """Return the column and the reason."""
        return f"{self.path}: {self.text}" if self.path else self.text


class RejectedRows:
    """The rejected rows of one import; the first ones are shown at its end.

    CSV comes back as CSV in the same encoding and with the same delimiter; of other files each event is a line of JSON.
    Without *path* nothing is written.
    """

    def __init__(self, source: Path, path: Path | None, table: Table | None, *, continued: bool) -> None:
        """Open the file, after the rows of an interrupted import if it is *continued*."""
        self._source = source
        self._path = path
        self._table = table
        self._shown: list[Reason] = []
        self._continued = continued
        self.count = 0
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Open the file and write the heading."""
        if self._path is None:
            return self
        is_new = not (self._continued and self._path.exists())
        encoding = "utf-8" if self._table is None else self._table.encoding
        self._file = self._stack.enter_context(
            self._path.open("w" if is_new else "a", encoding=encoding, newline="" if self._table else None)
        )
        if self._table is not None:
            self._writer = csv.writer(self._file, delimiter=self._table.delimiter)
            if is_new:
                self._writer.writerow([neutral(cell) for cell in (*self._columns(), *ADDED)])
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close the file; a new one that no row was written to is removed."""
        self._stack.close()
        if self._path is not None and not self.count and not self._continued and error is None:
            self._path.unlink(missing_ok=True)

    def add(self, read: "Read", status: str, reasons: Sequence[Reason]) -> None:
        """Write the rows of an event that was not taken."""
        self.count += 1
        if len(self._shown) < SHOWN_MAX:
            self._shown += reasons[: SHOWN_MAX - len(self._shown)]
        if self._path is None:
            return
        if self._table is None:
            self._write_json(read, status, reasons)
            return
        columns = self._columns()
        for row in read.rows:
            own = [str(reason) for reason in reasons if reason.line == row.line]
            others = [f"line {reason.line}: {reason}" for reason in reasons if reason.line != row.line]
            cells = [neutral(cell) for cell in row.cells]
            shown = cells[: len(columns)] + [""] * (len(columns) - len(cells))
            # Cells that no column names follow the reason, so that nothing of the row is lost.
            self._writer.writerow(
                [*shown, row.line, neutral("; ".join(own or others)), *cells[len(self._table.columns) :]]
            )

    def flush(self) -> None:
        """Write what is buffered, before the import is marked as having come so far."""
        if self._path is not None:
            self._file.flush()

    def print_first(self) -> None:
        """Print the first rejected rows: file, line, column, and what was read and expected."""
        for reason in self._shown:
            print_message(f"{self._source}:{reason.line}: {reason}")
        if self.count > len({reason.line for reason in self._shown}) and len(self._shown) == SHOWN_MAX:
            print_message(f"… the first {SHOWN_MAX} reasons of {self.count} rejected events")

    def _columns(self) -> Sequence[str]:
        assert self._table is not None
        columns = self._table.columns
        return columns[: -len(ADDED)] if tuple(columns[-len(ADDED) :]) == ADDED else columns

    def _write_json(self, read: "Read", status: str, reasons: Sequence[Reason]) -> None:
        line = {
            "row": read.row,
            "status": status,
            "problems": [{"path": reason.path, "reason": reason.text} for reason in reasons],
            "event": read.json.decode(errors="replace").strip(),
        }
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
