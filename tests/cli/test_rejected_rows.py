"""The file of rejected rows is opened in spreadsheets: no cell of it is a formula."""

import csv
from pathlib import Path

import pytest

from milepost.cli.imports.event_files import Read
from milepost.cli.imports.rejected_rows import Reason, RejectedRows
from milepost.files.table import Table


@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
def test_no_cell_is_a_formula(tmp_path: Path, start: str) -> None:
    """Neither a heading, nor a cell, nor a reason, which begins with the name of the column as the file has it."""
    formula = start + "cmd()"
    source, written = tmp_path / "events.csv", tmp_path / "rejected.csv"
    source.write_text(f"{formula},id\n{formula},a1\n")
    table = Table(lambda: source.open("rb"))
    rows = tuple(table.rows())
    with RejectedRows(source, written, table, continued=False) as rejected:
        rejected.add(Read(2, b"", 0, rows), "refused", [Reason(2, formula, "is not a field here")])
    cells = [cell for row in csv.reader(written.read_text().splitlines()) for cell in row]
    assert [f"'{formula}", "id", "Line", "Reason", f"'{formula}", "a1", "2"] == cells[:7]
    assert [f"'{formula}: is not a field here"] == cells[7:]
