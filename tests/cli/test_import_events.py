"""`milepost import events|customers`: what is counted, what is rejected, and the exit code that says so."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from milepost.cli import main
from tests.store.fixtures_db import House, open_house

HEADING = "id,source,type,time,customer.externalId,data.number,data.netAmount\n"


class Shell:
    """Commands about the organisation `brand`, with the files of one folder."""

    def __init__(self, database_url: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
        """Keep what a command is run with."""
        self._database_url = database_url
        self._monkeypatch = monkeypatch
        self._capfd = capfd

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Run `milepost import` with *arguments*; return the exit code and what was printed."""
        self._monkeypatch.setattr(sys, "argv", ["milepost", "import", *arguments, "--org", "brand"])
        with pytest.raises(SystemExit) as exited:
            main()
        printed = self._capfd.readouterr()
        return int(exited.value.code or 0), printed.out, printed.err

    def bills(self) -> list[Any]:
        """Return the ids of the stored bills in order."""
        with psycopg.connect(self._database_url) as connection:
            rows = connection.execute("select event_id from event where source <> 'milepost' order by event_id")
            return [row[0] for row in rows.fetchall()]

    def bills_in_order(self) -> list[Any]:
        """Return the ids of a customer's stored bills in the order in which they were received."""
        with psycopg.connect(self._database_url) as connection:
            return [row[0] for row in connection.execute("select event_id from event order by seq").fetchall()]


@pytest.fixture
def shell(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Shell:
    """Return a shell in an empty folder, for an organisation without events."""
    return prepared_shell(database_url, tmp_path, monkeypatch, capfd)


def prepared_shell(
    database_url: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    *definitions: Callable[[House], Awaitable[None]],
) -> Shell:
    """Return a shell in *folder*, for an organisation with the usual targets and those of *definitions*."""

    async def prepare() -> None:
        async with open_house(database_url, servers=1) as house:
            for define in definitions:
                await define(house)

    asyncio.run(prepare())
    monkeypatch.setenv("MILEPOST_UNSAFE_DURABILITY", "1")
    monkeypatch.setenv("MILEPOST_DATABASE_URL", database_url)
    monkeypatch.setenv("MILEPOST_CLOCK", "2026-11-15T12:00:00Z")
    monkeypatch.chdir(folder)
    return Shell(database_url, monkeypatch, capfd)


@pytest.mark.parametrize(
    "rows, encoding, code, message",
    [
        ("c1,pos/9,TransactionAdd,2026-11-07T10:00:00Z,anna,C1,12,50\n", "utf-8", 1, "till.csv:2: the row has 8 cells"),
        (
            "c2,pos/9,TransactionAdd,2026-11-07T10:00:00Z,Jürgen,C2,12.50\n",
            "cp1252",
            1,
            "till.csv: the file is not UTF-8: invalid start byte at byte 113",
        ),
        (
            "c3,pos/9,TransactionAdd,07/11/2026,anna,C3,12.50\nc4,pos/9,TransactionAdd,08/11/2026,anna,C4,7.50\n",
            "utf-8",
            1,
            'till.csv:3: time: read "08/11/2026", expected a date',
        ),
    ],
)
def test_a_file_that_cannot_be_taken_counts_nothing(
    shell: Shell, rows: str, encoding: str, code: int, message: str
) -> None:
    """Case 03: a decimal comma without quotes, a file that is not UTF-8, and dates in another form."""
    Path("till.csv").write_bytes((HEADING + rows).encode(encoding))
    exit_code, _, messages = shell.run("events", "till.csv", "--json")
    assert (code, True, []) == (exit_code, message in messages, shell.bills()), messages
    assert "Traceback" not in messages


def test_some_rows_may_be_rejected_mended_and_imported(shell: Shell) -> None:
    """They come back as they were, with all of their cells, their lines and the reasons."""
    good = "a1,pos/9,TransactionAdd,2026-11-07T10:00:00Z,anna,A1,1\n"
    bad = "a2,pos/9,TransactionAdd,2026-11-07T10:00:00Z,anna,A2,1,50\na3,pos/9,TransactionAdd,,anna,A3,2\n"
    Path("till.csv").write_text(HEADING + good + bad)
    assert (3, ["a1"]) == (shell.run("events", "till.csv", "--rejects", "bad.csv")[0], shell.bills())
    rejected = Path("bad.csv").read_text().splitlines()
    assert HEADING.strip() + ",Line,Reason" == rejected[0]
    assert bad.splitlines()[0][:-3] + ',3,"the row has 8 cells, the heading 7",50' == rejected[1]
    assert "a3,pos/9,TransactionAdd,,anna,A3,2,4,time: is missing" == rejected[2].replace('"', "")[:57]
    Path("bad.csv").write_text("\n".join([rejected[0], rejected[1][:-3].replace("A2,1", "A2,1.50")]) + "\n")
    assert (0, ["a1", "a2"]) == (shell.run("events", "bad.csv")[0], shell.bills())
    assert ["bad.csv", "till.csv"] == sorted(path.name for path in Path().iterdir())


def test_a_dry_run_changes_nothing(shell: Shell) -> None:
    """Neither in the database nor in the folder; it says what would be sent and what is wrong."""
    Path("till.csv").write_text(HEADING + "a1,pos/9,TransactionAdd,2026-11-07T10:00:00Z,anna,A1,1\nx\n")
    code, printed, messages = shell.run("events", "till.csv", "--dry-run")
    assert (3, "rows 2, skipped 0, events 2, wouldSend 1, refused 1\n") == (code, printed)
    assert "till.csv:3: the row has 1 cells, the heading 7\n" in messages
    assert ([], ["till.csv"]) == (shell.bills(), [path.name for path in Path().iterdir()])
    assert 3 == shell.run("events", "till.csv", "--dry-run", "--rejects", "bad.csv")[0]
    assert Path("bad.csv").read_text().splitlines()[1].startswith("x,,,,,,,3,")


@pytest.mark.parametrize("order, done, last", [("time", 2, "event 2"), ("file", 3, "row 3")])
def test_an_interrupted_import_is_continued(shell: Shell, order: str, done: int, last: str) -> None:
    """After the last event that was done, in the same order, and its rejected rows are kept."""
    rows = "".join(f"a{n},pos/9,TransactionAdd,2026-11-07T10:00:00Z,anna,A{n},1\n" for n in range(3))
    path = Path("till.csv")
    path.write_text(HEADING + rows)
    Path("till.csv.progress").write_text(f'{{"row": {done}, "of": {path.stat().st_size}, "order": "{order}"}}')
    Path("till.csv.rejects.csv").write_text("kept\n")
    code, printed, messages = shell.run("events", "till.csv", "--order", order)
    assert (0, ["a2"]) == (code, shell.bills())
    assert ("rows 1" in printed, f"continuing till.csv after {last}" in messages) == (True, True)
    assert "kept\n" == Path("till.csv.rejects.csv").read_text()
    assert (0, ["a0", "a1", "a2"]) == (shell.run("events", "till.csv", "--afresh")[0], shell.bills())


def test_an_import_in_another_order_begins_again(shell: Shell) -> None:
    """What an earlier import has done in one order says nothing about another order."""
    path = Path("till.csv")
    path.write_text(HEADING + "a1,pos/9,TransactionAdd,2026-11-07T10:00:00Z,anna,A1,1\n")
    Path("till.csv.progress").write_text(f'{{"row": 2, "of": {path.stat().st_size}, "order": "file"}}')
    assert (0, ["a1"]) == (shell.run("events", "till.csv")[0], shell.bills())


@pytest.mark.parametrize(
    "arguments, message",
    [
        (("none.csv",), "there is no such file"),
        (("till.doc",), "must end in"),
        (("till.csv", "--rejects", "till.csv"), "must not be the file that is imported"),
        (("till.csv", "--time-zone", "Mars"), "is not a time zone"),
        (("till.csv", "--map", "none.toml"), "cannot be read"),
        (("till.csv", "--encoding", "klingon"), "is not an encoding"),
        (("till.csv", "--decimal", "dot"), "Invalid value for '--decimal'"),
    ],
)
def test_wrong_options_are_refused(shell: Shell, arguments: tuple[str, ...], message: str) -> None:
    """With the code of a wrong option, and nothing is read."""
    for name in ("till.csv", "till.doc"):
        Path(name).write_text(HEADING)
    code, _, messages = shell.run("events", *arguments)
    assert (2, True) == (code, message in messages), messages


def test_customers_are_registered_or_changed(shell: Shell) -> None:
    """By any identifier; a row that names several customers, none, or a shortened number is refused."""
    path = Path("people.csv")
    path.write_bytes("externalId;mobile;firstName;fields.city\nanna;+491;Änne;Riga\nbob;+492;Bob;\n".encode("cp1252"))
    assert 1 == shell.run("customers", "people.csv")[0]
    code, printed, _ = shell.run("customers", "people.csv", "--encoding", "windows-1252", "--dry-run")
    assert (0, "registered 2, changed 0, refused 0\n") == (code, printed)
    code, printed, _ = shell.run("customers", "people.csv", "--encoding", "windows-1252")
    assert (0, "registered 2, changed 0, refused 0\n") == (code, printed)
    path.write_text("externalId,mobile,firstName\nanna,+491,Anna\nanna,+492,X\n,,Y\ncarl,4.91E+11,Z\n")
    code, printed, messages = shell.run("customers", "people.csv")
    assert (3, "registered 0, changed 1, refused 3\n") == (code, printed), messages
    assert [True] * 3 == [
        f"people.csv:{line}: {text}" in messages for line, text in ((3, "name"), (4, "the row"), (5, "mobile: read"))
    ]
    assert 4 == len(Path("people.csv.rejects.csv").read_text().splitlines())
    path.write_text("name,externalId,externalID\n")
    code, _, messages = shell.run("customers", "people.csv")
    assert (1, True, True) == (code, "people.csv: name: is not a column" in messages, "two columns" in messages)
    path.write_text("firstName\nAnna\n")
    assert "there must be a column with identifiers" in shell.run("customers", "people.csv")[2]


def test_warnings_of_a_file_are_said_once_for_each_field(shell: Shell) -> None:
    """The doors of a file are those of a request: rounded amounts, dates ahead, currencies, unknown and wrong names."""
    heading = HEADING.strip() + ",data.currency\n"
    rows = [
        "d1,pos/9,TransactionAdd,2026-11-07T10:00:00Z,anna,D1,54.1666667,USD",
        "d2,pos/9,TransactionAdd,2026-11-16T08:00:00Z,anna,D2,1.00005,JPY",
        "d3,pos/9,transactionAdd,2026-11-07T10:00:00Z,anna,D3,1,",
    ]
    Path("till.csv").write_text(heading + "\n".join(rows) + "\n")
    exit_code, _, messages = shell.run("events", "till.csv")
    assert (3, ["d1", "d2"]) == (exit_code, shell.bills()), messages
    lines = messages.splitlines()
    warned = "events were taken with a warning, the first one: data"
    assert [f"2 {warned}.netAmount has more than 4 decimals; it was rounded to 54.1667"] == [
        line for line in lines if "netAmount" in line
    ]
    assert [line for line in lines if line.startswith(f"2 {warned}.currency currencies are not told apart: USD")]
    assert [line for line in lines if "time lies more than 15 minutes ahead" in line]
    assert 'did you mean "TransactionAdd"?' in messages
