"""`--map`: a mapping is checked before the file, the file against it, and a bill is taken whole or not at all."""

from pathlib import Path

import msgspec
import pytest

from milepost.cli.imports.event_files import EventOptions, EventReader, Read, event_file
from milepost.cli.imports.event_mapping import read_mapping
from milepost.files.encoding import UnreadableFile
from milepost.files.table import ReadOptions
from milepost.model.problem import Refused

MAPPING = """
bill = "Receipt"
[event]
id = "Receipt"
source = { value = "till" }
type = { value = "TransactionAdd" }
time = "Time"
"customer.externalId" = "Customer"
"data.number" = "Receipt"
"data.netAmount" = { sum = "netAmount" }
[line]
code = { first_of = ["Article", "Text"] }
netAmount = { column = "Amount", strip = "EUR" }
quantity = { column = "Pieces", default = 1 }
"attributes.colour" = { column = "Colour", values = { r = "red" } }
"""
HEADING = "Receipt,Time,Customer,Article,Text,Amount,Pieces,Colour\n"


def row(receipt: str, amount: str, customer: str = "anna", article: str = "tea", colour: str = "") -> str:
    """Return a row of the file."""
    return f"{receipt},2026-11-07T10:00:00Z,{customer},{article},,{amount},,{colour}\n"


def read(folder: Path, rows: str, mapping: str = MAPPING) -> list[Read]:
    """Return the events that *mapping* makes of *rows*."""
    (folder / "map.toml").write_text(mapping, encoding="utf-8")
    (folder / "till.csv").write_text(HEADING + rows, encoding="utf-8")
    options = EventOptions(ReadOptions(), mapping=read_mapping(folder / "map.toml"))
    return list(EventReader(event_file(folder / "till.csv"), options, "UTC"))


def test_rows_are_joined_to_bills(tmp_path: Path) -> None:
    """Amounts are summed exactly, cells are stripped and translated, empty ones have their default."""
    rows = row("R1", "0.10 EUR", colour="r") + row("R1", "0.20", customer="", colour="blue") + row("R2", "5")
    first, second = read(tmp_path, rows)
    event = msgspec.json.decode(first.json)
    assert (3, "R1", 0.3, {"externalId": "anna"}) == (
        first.row,
        event["id"],
        event["data"]["netAmount"],
        event["customer"],
    )
    assert [("tea", 0.1, 1, {"colour": "red"}), ("tea", 0.2, 1, {"colour": "blue"})] == [
        (line["code"], line["netAmount"], line["quantity"], line["attributes"]) for line in event["data"]["lines"]
    ]
    assert b'"netAmount":0.30' in first.json
    assert 5 == msgspec.json.decode(second.json)["data"]["netAmount"]


@pytest.mark.parametrize(
    "rows, line, column, reason",
    [
        (row("R1", "5") + row("R1", "x"), 3, "Amount", 'read "x", expected a number'),
        (row("R1", "5") + row("R1", "5", "berta"), 3, "Customer", 'reads "berta", an earlier row of the bill "anna"'),
        (row("", "5"), 2, "Receipt", "is empty; it names the bill of a row"),
        (row("R1", "5") + row("R1", "5", article=""), 3, "Article or Text", "is empty; a line needs it"),
        (row("R1", "5") + "R1,\n", 3, "", "the row has 2 cells, the heading 8"),
        (row("R1", "5").replace("2026-11-07", "07.11."), 2, "Time", "expected a date of ISO 8601"),
    ],
)
def test_a_bill_with_a_bad_row_is_refused_whole(tmp_path: Path, rows: str, line: int, column: str, reason: str) -> None:
    """The bill beside it is taken."""
    bad, good = read(tmp_path, rows + row("R9", "1"))
    ((at, fault),) = bad.faults
    assert (b"", line, column, True) == (bad.json, at, fault.column, reason in fault.reason)
    assert "R9" == msgspec.json.decode(good.json)["id"]


def test_rows_are_skipped_alone_or_with_their_bill(tmp_path: Path) -> None:
    """And counted."""
    rows = row("R1", "5") + row("R1", "1", article="BAG") + row("R2", "5") + row("R2", "1", article="BAG")
    alone = MAPPING + '[[skip]]\ncolumn = "Article"\nis = "BAG"\n'
    assert [(1, 1), (1, 1)] == [(len(one.rows), one.skipped) for one in read(tmp_path, rows, alone)]
    whole = alone + "whole_bill = true\n"
    assert [(1, 4)] == [(len(one.rows), one.skipped) for one in read(tmp_path, rows + row("R3", "1"), whole)]


def test_rows_of_a_bill_must_be_together(tmp_path: Path) -> None:
    """Else one half would count and the other be a conflict."""
    with pytest.raises(UnreadableFile, match=r'the rows of "R1" are not together \(lines 2 and 4\); sort the file'):
        read(tmp_path, row("R1", "5") + row("R2", "5") + row("R1", "5"))


def test_a_bill_has_a_limit(tmp_path: Path) -> None:
    """Rows beyond it are refused, and the memory for it stays bounded."""
    reads = read(tmp_path, row("R1", "5") * 5_002)
    assert [(1, "the bill has more than 5000 rows")] * 2 + [(5_000, "the bill has more than 5000 rows")] == [
        (len(one.rows), one.faults[0][1].reason) for one in reads
    ]


@pytest.mark.parametrize(
    "before, after, problem",
    [
        ('bill = "Receipt"', "bill = 5", "bill: must be the name of a column"),
        ('bill = "Receipt"', "", "bill: is missing"),
        ('bill = "Receipt"', "bill =", "is not TOML"),
        ('bill = "Receipt"', 'bill = "Receipt"\ncolour = 1', "colour: is not known"),
        ('id = "Receipt"\n', "", "event.id: is missing"),
        ('"data.number"', '"number"', "event.number: is not a field of an event"),
        ('sum = "netAmount"', 'sum = "discount"', 'sums up "discount", which is no field of [line]'),
        ("code = {", "discount = {", "line.code: is missing"),
        ("quantity = {", "pieces = {", "line.pieces: is not a field of a line"),
        ("default = 1", "fallback = 1", "holds fallback, which is not known"),
        ("strip =", "negate =", "holds negate, which must be of the type bool"),
        ('column = "Amount"', 'column = "Amount", value = 1', "or hold exactly one of"),
        ('["Article", "Text"]', '"Article"', "must hold the name of a column, or a list"),
        ("netAmount = {", "netAmount = 7 #", "must be the name of a column"),
        ("[event]", "[[skip]]\ncolumn = 1\n[event]", "skip[0]: must hold column, and is"),
        ("[event]", '[file]\ndecimal = "dot"\n[event]', "file.decimal: must be point or comma"),
        ("[event]", "[file]\nsheet = 1\n[event]", "file.sheet: must be a text and one of"),
    ],
)
def test_a_bad_mapping_is_refused(tmp_path: Path, before: str, after: str, problem: str) -> None:
    """With the place in it."""
    assert before in MAPPING
    with pytest.raises(Refused) as refused:
        read(tmp_path, row("R1", "5"), MAPPING.replace(before, after))
    assert problem in str(refused.value)


def test_a_mapping_names_columns_of_the_file(tmp_path: Path) -> None:
    """Each of them there, and once."""
    with pytest.raises(UnreadableFile, match=r"Receipts: is named by .*map.toml, but is no column of the file"):
        read(tmp_path, "", MAPPING.replace('"Receipt"', '"Receipts"'))
    with pytest.raises(Refused, match="cannot be read"):
        read_mapping(tmp_path / "none.toml")
