"""Reading CSV files, and writing CSV that is safe to open in a spreadsheet."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from typing import NamedTuple

from milepost.model.problem import Problem, Refused

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Row(NamedTuple):
    """A row: the number of its last line, from 1, and its cells, of which there are at least as many as columns."""

    line: int
    cells: list[str]


class Table(NamedTuple):
    """The names of the columns, the number of rows, and the rows one by one."""

    columns: list[str]
    length: int
    rows: Iterator[Row]


def read_table(body: bytes) -> Table:
    """Return the table in *body*, which is CSV in UTF-8 with a heading; raises Refused.

    Empty rows are left out and short rows are filled with empty cells. The whole file is parsed before the first row is
    returned, so that no row of an unreadable file takes effect.
    """
    try:
        text = body.decode("utf-8-sig")
        reader = csv.reader(StringIO(text, newline=""), strict=True)
        columns = [cell.strip() for cell in next(reader, [])]
        length = sum(1 for cells in reader if _has_text(cells))
    except UnicodeDecodeError as error:
        raise Refused(Problem("", f"the file is not UTF-8: {error.reason} at byte {error.start}")) from None
    except csv.Error as error:
        raise Refused(Problem("", f"the file is not CSV: {error}")) from None
    if not _has_text(columns):
        raise Refused(Problem("", "the file has no heading"))
    if "\0" in text:
        raise Refused(Problem("", "the file holds the character U+0000"))
    return Table(columns, length, _rows(text, len(columns)))


def write_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Return CSV of *rows*; an apostrophe before a cell that looks like a formula makes it text for a spreadsheet."""
    out = StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([neutral(cell) for cell in columns])
    writer.writerows([neutral(cell) for cell in row] for row in rows)
    return out.getvalue().encode()


def neutral(cell: str) -> str:
    """Return *cell* so that no spreadsheet evaluates it as a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _rows(text: str, columns: int) -> Iterator[Row]:
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    next(reader)
    for cells in reader:
        if _has_text(cells):
            yield Row(reader.line_num, [*map(_without_apostrophe, cells), *[""] * (columns - len(cells))])


def _without_apostrophe(cell: str) -> str:
    """Return *cell* without the apostrophe of `neutral`, because a file that we wrote may be sent again."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell


def _has_text(cells: Sequence[str]) -> bool:
    return any(cell.strip() for cell in cells)
