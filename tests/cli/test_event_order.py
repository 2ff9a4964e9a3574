"""The order in which the events of a file are sent (facts 8 #66)."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from milepost.cli.imports import external_sort
from milepost.cli.imports.event_files import Read
from milepost.cli.imports.event_order import Order, in_order
from tests.cli.test_import_events import HEADING, Shell, shell

__all__ = ["shell"]


def reads(*times: str) -> list[Read]:
    """Return an event for each of *times*, on a line of ten bytes of its own."""
    return [Read(row, f'{{"time": "{time}"}}'.encode(), row * 10) for row, time in enumerate(times, 1)]


def rows(ordered: Sequence[Read]) -> list[int]:
    """Return the rows of events."""
    return [read.row for read in ordered]


DAYS = ("2026-11-10T10:00:00Z", "2026-11-08T10:00:00Z", "2026-11-08T12:00:00+02:00", "2026-11-09T10:00:00Z")


@pytest.mark.parametrize("piece", [1, 2, 3, 100])
def test_the_earliest_event_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, piece: int) -> None:
    """Equal times keep the order of the file, however many pieces are sorted on their own."""
    monkeypatch.setattr(external_sort, "PIECE_ITEMS_MAX", piece)
    ordered = list(in_order(reads(*DAYS), Order.TIME, tmp_path))
    assert [2, 3, 4, 1] == rows(ordered)
    assert ([1, 2, 3, 4], [10, 20, 30, 40]) == ([read.place for read in ordered], [read.done for read in ordered])


def test_large_events_go_to_the_disk_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A piece is full by its bytes as well."""
    monkeypatch.setattr(external_sort, "PIECE_BYTES_MAX", 40)
    assert [2, 3, 4, 1] == rows(list(in_order(reads(*DAYS), Order.TIME, tmp_path)))


def test_events_without_a_readable_time_come_first(tmp_path: Path) -> None:
    """They are refused, and in the order of the file."""
    times = (DAYS[0], "soon", "2026-11-08T10:00:00", DAYS[1])
    assert [2, 3, 4, 1] == rows(list(in_order([*reads(*times)], Order.TIME, tmp_path)))


def test_the_order_of_the_file_is_kept_where_it_is_asked_for(tmp_path: Path) -> None:
    """Each event's place is its row."""
    ordered = list(in_order(reads(*DAYS), Order.FILE, tmp_path))
    assert ([1, 2, 3, 4], [1, 2, 3, 4]) == (rows(ordered), [read.place for read in ordered])


@pytest.mark.parametrize("order, expected", [("time", ["a2", "a3", "a1"]), ("file", ["a1", "a2", "a3"])])
@pytest.mark.parametrize("ending", ["csv", "ndjson"])
def test_a_file_is_received_in_the_order_asked_for(shell: Shell, ending: str, order: str, expected: list[str]) -> None:
    """Case 09: a till's bills in a file, the newest first, in each kind of file."""
    days = {"a1": 10, "a2": 8, "a3": 9}
    if ending == "csv":
        lines = [f"{id_},pos/1,TransactionAdd,2026-11-{day:02}T10:00:00Z,anna,{id_},1\n" for id_, day in days.items()]
        Path("till.csv").write_text(HEADING + "".join(lines))
    else:
        Path("till.ndjson").write_text(
            "".join(
                f'{{"id":"{id_}","source":"pos/1","type":"TransactionAdd","time":"2026-11-{day:02}T10:00:00Z",'
                f'"customer":{{"externalId":"anna"}},"data":{{"number":"{id_}","netAmount":1}}}}\n'
                for id_, day in days.items()
            )
        )
    assert 0 == shell.run("events", f"till.{ending}", "--order", order)[0]
    assert expected == shell.bills_in_order()
