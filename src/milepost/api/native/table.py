"""Tables of text: reading CSV that comes in, and writing CSV that a spreadsheet may open."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from typing import NamedTuple

from milepost.model.problem import Problem, Refused

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Row(NamedTuple):
    """A row of a table: the line where it ends, from 1, and its cells, as many as the columns or more."""

    line: int
    cells: list[str]


class Table(NamedTuple):
    """The columns of a table by name, how many rows it has, and the rows one by one."""

    columns: list[str]
    length: int
    rows: Iterator[Row]


def read_table(body: bytes) -> Table:
    """Return the table that *body*, CSV in UTF-8 with a heading, holds; raises Refused.

    Rows that are empty are left out, short ones are filled. It is read through once before the first row is given, so
    that nothing is done with a part of a file that cannot be read.
    """
    try:
        text = body.decode("utf-8-sig")
        reader = csv.reader(StringIO(text, newline=""), strict=True)
        columns = [cell.strip() for cell in next(reader, [])]
        length = sum(1 for cells in reader if _says_something(cells))
    except UnicodeDecodeError as error:
        raise Refused(Problem("", f"the file is not UTF-8: {error.reason} at byte {error.start}")) from None
    except csv.Error as error:
        raise Refused(Problem("", f"the file is not CSV: {error}")) from None
    if not _says_something(columns):
        raise Refused(Problem("", "the file has no heading"))
    if "\0" in text:
        raise Refused(Problem("", "the file holds the character U+0000"))
    return Table(columns, length, _rows(text, len(columns)))


def write_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Return CSV of *rows*; what a spreadsheet would take for a formula is made text by an apostrophe before it."""
    out = StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([neutral(cell) for cell in columns])
    writer.writerows([neutral(cell) for cell in row] for row in rows)
    return out.getvalue().encode()


def neutral(cell: str) -> str:
    """Return *cell* so that no spreadsheet computes it."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _rows(text: str, columns: int) -> Iterator[Row]:
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    next(reader)
    for cells in reader:
        if _says_something(cells):
            yield Row(reader.line_num, [*map(_spoken, cells), *[""] * (columns - len(cells))])


def _spoken(cell: str) -> str:
    """Return what *cell* says, also where `neutral` put an apostrophe before it: what was given back may come again."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell


def _says_something(cells: Sequence[str]) -> bool:
    return any(cell.strip() for cell in cells)
