"""Reading CSV strictly: a file is refused as a whole, a row with its line and column, and no cell is ever cut off.

A table is read as a stream and may be read again, so that all of it is checked before the first row takes effect.
"""

import csv
import re
from collections.abc import Iterator, Sequence
from io import TextIOWrapper
from typing import NamedTuple

from milepost.files.encoding import Open, UnreadableFile, encoding_of
from milepost.files.values import Decimals, recognised_decimals
from milepost.model.problem import Problem, Refused

COLUMNS_MAX = 2_000
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
_RECOGNISED = (",", ";", "\t")
_SEPARATOR_LINE = re.compile(r"sep=(.)\r?\n?")
"""The first line that a spreadsheet writes to name its delimiter."""

_SHORTENED = re.compile(r"-?\d(?:[.,]\d+)?E[+-]\d{2,3}", re.ASCII)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
NEUTRAL_PATTERN = "^'([" + "".join(_FORMULA).replace("-", r"\-") + "])"
"""A regular expression of how `neutral` begins a text; its group is what the apostrophe was put before."""


class ReadOptions(NamedTuple):
    """How a file is read; None means that it is recognised.

    *fill_short_rows* fills rows that have too few cells with empty ones, as spreadsheets leave out empty last cells.
    *hint* is how the caller asks for an encoding.
    """

    encoding: str | None = None
    delimiter: str | None = None
    decimals: Decimals | None = None
    fill_short_rows: bool = False
    hint: str = "read it with --encoding {}"


class Fault(NamedTuple):
    """One reason why a row is refused, and its column; an empty column means the row as a whole."""

    column: str
    reason: str


class Row(NamedTuple):
    """A row: the number of its last line, from 1, its cells, its faults, and the bytes of the file read with it.

    Without a fault there are as many cells as columns.
    """

    line: int
    cells: list[str]
    faults: tuple[Fault, ...] = ()
    done: int = 0


class Table:
    """A file of rows below a heading, whose every byte was decoded and whose quotes match."""

    def __init__(self, open_: Open, options: ReadOptions = ReadOptions()) -> None:  # noqa: B008 - a frozen value
        """Read the heading and parse the rest once; raises Refused, or UnreadableFile for a fault of the file."""
        self._open = open_
        self._fill = options.fill_short_rows
        self._decimals = options.decimals
        self.encoding = encoding_of(open_, options.encoding, options.hint)
        self._has_separator_line, self.delimiter = self._delimiter(options.delimiter)
        try:
            self._heading = next(self._raw(), _Raw(0, [], 0)).cells
            self.columns = self._columns()
            self.length = sum(1 for raw in self._raw() if _has_text(raw.cells)) - 1
        except csv.Error as error:
            raise UnreadableFile(Problem("", f"the file is not CSV: {error}")) from None

    def rows(self) -> Iterator[Row]:
        """Return each row that is not empty, from the first on."""
        raws = self._raw()
        next(raws)
        for raw in raws:
            if _has_text(raw.cells):
                yield self._row(raw)

    def decimals(self, columns: Sequence[str]) -> Decimals | None:
        """Return how *columns*, which hold numbers, write them: as requested, or a decimal comma if it is certain.

        A file of commas has no decimal comma outside of quotes, so that one is only recognised with another delimiter.
        """
        if self._decimals is not None or self.delimiter == ",":
            return self._decimals
        places = [place for place, column in enumerate(self.columns) if column in columns]
        rows = (row.cells for row in self.rows() if not row.faults) if places else ()
        return recognised_decimals(cells[place].strip() for cells in rows for place in places)

    def _row(self, raw: "_Raw") -> Row:
        cells, width = raw.cells, len(self.columns)
        while len(cells) > width and not cells[-1].strip() and width < len(self._heading):
            cells.pop()  # below an empty heading at the end
        if len(cells) < width and self._fill:
            cells += [""] * (width - len(cells))
        faults: list[Fault] = []
        if len(cells) != width:
            faults.append(Fault("", f"the row has {len(cells)} cells, the heading {width}"))
        elif [cell.strip() for cell in cells] == self.columns and any(cells):
            faults.append(Fault("", "the row repeats the heading"))
        for column, cell in zip(self.columns, cells, strict=False):
            if "E" in cell and _SHORTENED.fullmatch(cell.strip()):
                faults.append(Fault(column, _shortened(cell)))
        return Row(raw.line, [*map(_without_apostrophe, cells)], tuple(faults), raw.done)

    def _columns(self) -> list[str]:
        """Return the names of the columns, without empty ones at the end (a sheet saved with its empty columns)."""
        columns = [cell.strip() for cell in self._heading]
        while columns and not columns[-1]:
            columns.pop()
        if not columns:
            raise UnreadableFile(Problem("", "the file has no heading"))
        if len(columns) > COLUMNS_MAX:
            reason = f"the heading has {len(columns)} columns; there may be at most {COLUMNS_MAX}"
            raise UnreadableFile(Problem("", reason))
        return columns

    def _delimiter(self, requested: str | None) -> tuple[bool, str]:
        """Return whether the first line only names the delimiter, and the delimiter."""
        with self._open() as raw, TextIOWrapper(raw, encoding=self.encoding, newline="") as text:
            first = next((line for line in text if line.strip()), "")
        named = _SEPARATOR_LINE.fullmatch(first)
        if requested is not None:
            return named is not None, _delimiter_of(requested)
        if named is not None:
            return True, named[1]
        bare = re.sub(r'"[^"]*"', "", first)
        counts = {delimiter: bare.count(delimiter) for delimiter in _RECOGNISED}
        return False, max(counts, key=lambda delimiter: counts[delimiter])

    def _raw(self) -> "Iterator[_Raw]":
        """Return every row that is no empty line as it came, the heading first."""
        with self._open() as raw, TextIOWrapper(raw, encoding=self.encoding, newline="") as text:
            skipped = 0
            while self._has_separator_line:
                skipped += 1
                if text.readline().strip():
                    break
            reader = csv.reader(text, delimiter=self.delimiter, strict=True)
            for cells in reader:
                if cells:  # a file may hold millions of empty lines, which are passed over here, where it costs least
                    yield _Raw(reader.line_num + skipped, cells, raw.tell())


class _Raw(NamedTuple):
    line: int
    cells: list[str]
    done: int


def repeated_columns(columns: Sequence[str]) -> list[Problem]:
    """Return a problem for each name that several columns have, whatever its case; the work grows with the heading."""
    names = [column.lower() for column in columns]
    counts: dict[str, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    repeated = (column for column, name in zip(columns, names, strict=True) if counts[name] > 1)
    return [Problem(column, "is the name of two columns") for column in dict.fromkeys(repeated)]


def _delimiter_of(requested: str) -> str:
    delimiter = DELIMITERS.get(requested, requested)
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise Refused(Problem("delimiter", f"must be one character, or one of {', '.join(DELIMITERS)}"))
    return delimiter


def _shortened(cell: str) -> str:
    return (
        f'read "{cell.strip()}", a number that a spreadsheet has shortened; its digits are lost. Format the column as '
        "text there and save the file again"
    )


def _without_apostrophe(cell: str) -> str:
    """Return *cell* without the apostrophe of `neutral`, because a file that we wrote may be sent again."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell


def neutral(cell: str) -> str:
    """Return *cell* so that no spreadsheet evaluates it as a formula: an apostrophe before it makes it text."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _has_text(cells: Sequence[str]) -> bool:
    return any(map(str.strip, cells))
