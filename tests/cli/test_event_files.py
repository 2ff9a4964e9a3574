"""How a file of events is read: what is recognised, and what is refused with its line, its column and a reason."""

from pathlib import Path

import msgspec
import pytest

from milepost.cli.imports.event_files import EventOptions, EventReader, Read, event_file
from milepost.files.encoding import UnreadableFile
from milepost.files.table import COLUMNS_MAX, ReadOptions
from milepost.files.values import Decimals
from milepost.model.problem import Refused

HEADING = "id,source,type,time,customer.externalId,data.number,data.netAmount\n"
START = "c1,pos/9,TransactionAdd,2026-11-07T10:00:00Z,anna,C1,"
NO_OPTIONS = ReadOptions()


def read(
    folder: Path,
    content: str | bytes,
    text: ReadOptions = NO_OPTIONS,
    *,
    date_format: str | None = None,
    zone: str | None = None,
    name: str = "till.csv",
) -> list[Read]:
    """Return the events of a file with *content*, for an organisation in Berlin."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(EventReader(event_file(path), EventOptions(text, date_format, zone), "Europe/Berlin"))


def amounts(reads: list[Read]) -> list[str]:
    """Return the net amounts, or the reasons where a row has faults."""
    return [
        msgspec.json.decode(one.json)["data"]["netAmount"] if one.json else one.faults[0][1].reason for one in reads
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_what_is_certain_is_recognised(tmp_path: Path, encoding: str, delimiter: str, end: str) -> None:
    """UTF-8, and what has a byte-order mark; the delimiter of the heading; either end of lines."""
    text = (HEADING + START.replace("anna", "Jürgen") + "12.50\n").replace(",", delimiter).replace("\n", end)
    (event,) = read(tmp_path, text.encode(encoding))
    assert {"externalId": "Jürgen"} == msgspec.json.decode(event.json)["customer"]
    assert (2, ["12.50"]) == (event.row, amounts([event]))


@pytest.mark.parametrize(
    "encoding, hint",
    [
        ("windows-1252", "it looks like Windows-1252: read it with --encoding windows-1252"),
        ("utf-16-le", "it looks like UTF-16 without a byte-order mark: read it with --encoding utf-16-le"),
        ("utf-16-be", "it looks like UTF-16 without a byte-order mark: read it with --encoding utf-16-be"),
    ],
)
def test_what_is_only_likely_is_named(tmp_path: Path, encoding: str, hint: str) -> None:
    """And read when the encoding is requested."""
    content = (HEADING + START.replace("anna", "Jürgen") + "12.50\n").encode(encoding)
    with pytest.raises(UnreadableFile) as refused:
        read(tmp_path, content)
    assert str(refused.value).endswith(hint)
    assert ["12.50"] == amounts(read(tmp_path, content, ReadOptions(encoding=encoding)))


def test_a_bad_byte_is_named_by_its_place_wherever_it_is(tmp_path: Path) -> None:
    """Also behind the first chunk, and before any event is returned."""
    rows = (HEADING + (START + "12.50\n") * 10_000).encode()
    with pytest.raises(UnreadableFile, match=rf"invalid start byte at byte {len(rows)}"):
        read(tmp_path, rows + b"\xff\n")
    with pytest.raises(UnreadableFile, match=rf"invalid start byte at byte {len(rows) + 3}"):
        read(tmp_path, b"\xef\xbb\xbf" + rows + b"\xff\n")
    with pytest.raises(UnreadableFile, match="unexpected end of data"):
        read(tmp_path, rows + "é".encode()[:1])


@pytest.mark.parametrize(
    "content, reason",
    [
        ("", "the file has no heading"),
        ("\n\n", "the file has no heading"),
        (HEADING + 'a,"b', "the file is not CSV: unexpected end of data"),
        (HEADING + 'a,"b"c\n', "the file is not CSV"),
        (HEADING + "a\0\n", "the file holds the character U+0000"),
        (HEADING.replace("data.number", "ID"), "is the name of two columns"),
        (HEADING.replace("data.number", "Number"), "Number: is not a column here"),
        (HEADING.replace("data.number", "customer.name"), "customer.name: is not a column here"),
        (HEADING.replace("data.number", "customer"), "customer.externalId: is a part of the column customer"),
        (HEADING.replace("time,", ""), "time: is missing"),
        (HEADING.strip() + ",,data.note\n", "is not a column here"),
        ("a," * 20_000 + "\n", f"the heading has 20000 columns; there may be at most {COLUMNS_MAX}"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_as_a_whole(tmp_path: Path, content: str, reason: str) -> None:
    """Its heading, its quotes, and characters that no text has."""
    with pytest.raises(UnreadableFile) as refused:
        read(tmp_path, content)
    assert reason in str(refused.value)


@pytest.mark.parametrize(
    "options, reason",
    [
        (ReadOptions(encoding="latin-9000"), "is not an encoding"),
        (ReadOptions(encoding="base64"), "is not an encoding"),
        (ReadOptions(encoding="ascii"), "the file is not ascii"),
        (ReadOptions(delimiter="::"), "must be one character"),
    ],
)
def test_what_is_requested_must_be_so(tmp_path: Path, options: ReadOptions, reason: str) -> None:
    """An encoding that there is and that the file is in, a delimiter of one character."""
    with pytest.raises(Refused, match=reason):
        read(tmp_path, HEADING + START.replace("anna", "Jürgen") + "1\n", options)


@pytest.mark.parametrize(
    "row, column, reason",
    [
        (START + "12,50", "", "the row has 8 cells, the heading 7"),
        (START[:-1], "", "the row has 6 cells, the heading 7"),
        (HEADING.strip(), "", "the row repeats the heading"),
        (START + "12.50\u20ac", "data.netAmount", 'read "12.50€", expected a number with a decimal point'),
        (START + '"12,50"', "data.netAmount", 'read "12,50", expected a decimal point alone'),
        (START + "1E+05", "data.netAmount", 'read "1E+05", a number that a spreadsheet has shortened'),
        (START.replace("anna", "9.19E+11") + "1", "customer.externalId", 'read "9.19E+11", a number that'),
        (START.replace("anna", '"9,19E+11"') + "1", "customer.externalId", 'read "9,19E+11", a number that'),
        (
            START.replace("2026-11-07T10:00:00Z", "07/11/2026") + "1",
            "time",
            'read "07/11/2026", expected a date of ISO',
        ),
        (START.replace("2026-11-07T10:00:00Z", "2026-11-07 10:00") + "1", "time", "expected an offset"),
        (START.replace("2026-11-07T10:00:00Z", "2026-13-07T10:00:00Z") + "1", "time", "expected a date of ISO 8601"),
    ],
)
def test_a_bad_row_is_refused_alone(tmp_path: Path, row: str, column: str, reason: str) -> None:
    """With its line and its column; the rows beside it are read."""
    first, bad, last = read(tmp_path, f"{HEADING}{START}1\n{row}\n{START}2\n")
    assert (["1"], ["2"], b"") == (amounts([first]), amounts([last]), bad.json)
    ((line, fault),) = bad.faults
    assert (3, column) == (line, fault.column)
    assert fault.reason.startswith(reason) or reason in fault.reason


def test_rows_may_be_filled(tmp_path: Path) -> None:
    """Those that have too few cells, if it is requested; empty columns at the end are passed over."""
    short = START.removesuffix(",C1,")
    (event,) = read(tmp_path, HEADING + short + "\n", ReadOptions(fill_short_rows=True))
    assert {"data"} & set(msgspec.json.decode(event.json)) == set()
    events = read(tmp_path, HEADING.strip() + ",,\n" + START + "1,,\n" + START + "2,,x\n")
    assert ["1", "the row has 9 cells, the heading 7"] == amounts(events)


@pytest.mark.parametrize(
    "decimals, cells, expected",
    [
        (None, ["12,50", "1.234"], ["12.50", "1234"]),
        (None, ["12.50", "1.234"], ["12.50", "1.234"]),
        (None, ["12", "-7"], ["12", "-7"]),
        (None, ["1.234,5", "1 000"], ["1234.5", "1000"]),
        (None, ["12,50", "12.50"], ["expected a decimal point alone", "12.50"]),
        (None, ["1,234", "5"], ["expected a decimal point alone", "5"]),
        (Decimals.COMMA, ["1,234", "1.234.567,8"], ["1.234", "1234567.8"]),
        (Decimals.COMMA, ["12.50", "1.23"], ["expected a number with a decimal comma"] * 2),
        (Decimals.POINT, ["1,234", "1,234,567.8"], ["1234", "1234567.8"]),
        (Decimals.POINT, ["12,50", "1,23.4"], ["expected a number with a decimal point"] * 2),
    ],
)
def test_decimals(tmp_path: Path, decimals: Decimals | None, cells: list[str], expected: list[str]) -> None:
    """A decimal comma is recognised if some amount can only have one and none only a point; else it is requested."""
    rows = "".join(f"{START}{cell}\n".replace(",", ";").replace(cell.replace(",", ";"), cell) for cell in cells)
    reads = read(tmp_path, HEADING.replace(",", ";") + rows, ReadOptions(decimals=decimals))
    assert [True, True] == [one in amount for one, amount in zip(expected, amounts(reads), strict=True)]


@pytest.mark.parametrize(
    "text, date_format, zone, expected",
    [
        ("07/11/2026", "%d/%m/%Y", None, "2026-11-07T00:00:00+01:00"),
        ("07/11/2026", "%m/%d/%Y", "UTC", "2026-07-11T00:00:00+00:00"),
        ("11/07/26 09:05 PM", "%m/%d/%y %I:%M %p", "America/New_York", "2026-11-07T21:05:00-05:00"),
        ("2026-07-01 10:00:00 +0530", "%Y-%m-%d %H:%M:%S %z", None, "2026-07-01T10:00:00+05:30"),
    ],
)
def test_dates(tmp_path: Path, text: str, date_format: str, zone: str | None, expected: str) -> None:
    """In any form that is named, in the zone that is named or else the organisation's."""
    row = START.replace("2026-11-07T10:00:00Z", text) + "1\n"
    (event,) = read(tmp_path, HEADING + row, date_format=date_format, zone=zone)
    assert expected == msgspec.json.decode(event.json)["time"]
    (other,) = read(tmp_path, HEADING + START + "1\n", date_format=date_format)
    assert 'read "2026-11-07T10:00:00Z", expected a date like' in other.faults[0][1].reason


def test_a_line_may_name_the_delimiter(tmp_path: Path) -> None:
    """As Excel writes it; the lines are counted with it."""
    (event,) = read(tmp_path, "sep=|\n" + (HEADING + START + "1\n").replace(",", "|"))
    assert (3, ["1"]) == (event.row, amounts([event]))
    (event,) = read(tmp_path, "\n\nsep=;\n" + (HEADING + START + "1\n").replace(",", ";"))
    assert (5, ["1"]) == (event.row, amounts([event]))
    (event,) = read(tmp_path, "\n\n" + (HEADING + START + "1\n").replace(",", ";"))
    assert (4, ["1"]) == (event.row, amounts([event]))
    (event,) = read(tmp_path, (HEADING + START + "1\n").replace(",", "|"), ReadOptions(delimiter="pipe"))
    assert (2, ["1"]) == (event.row, amounts([event]))


def test_attributes_of_other_events_are_numbers_where_they_look_like_it(tmp_path: Path) -> None:
    """A number with the file's decimals; other cells stay text."""
    text = "id;source;type;time;customer.externalId;data.minutes;data.sport\n"
    text += "c;s;Workout;2026-11-07T10:00:00Z;anna;32,5;07\n"
    (event,) = read(tmp_path, text, ReadOptions(decimals=Decimals.COMMA))
    assert {"minutes": 32.5, "sport": "07"} == msgspec.json.decode(event.json)["data"]


def test_lines_of_json_may_be_in_other_encodings(tmp_path: Path) -> None:
    """With a byte-order mark; options that are for CSV are refused."""
    text = '{"id": "ü"}\n\n{"id": "2"}\n'
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        reads = read(tmp_path, text.encode(encoding), name="till.ndjson")
        assert [(1, {"id": "ü"}), (3, {"id": "2"})] == [(one.row, msgspec.json.decode(one.json)) for one in reads]
    with pytest.raises(Refused, match="is no CSV"):
        read(tmp_path, text, ReadOptions(delimiter=";"), name="till.ndjson")
