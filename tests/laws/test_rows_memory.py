"""Rows in machine code keep no object longer than they hold it, and write nowhere but into their own memory."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from milepost.engine import rows
from milepost.engine.progress.change import cause_of
from milepost.model.event import NOWHERE, POINTS, Award, AwardKind, Event, EventKey
from milepost.model.lazy import LazyRows, pack_rows
from milepost.model.organisation import Settings
from milepost.model.standing import Entry, Progress, ProgressKey, Reason
from milepost.model.time import NEVER, SECOND_US, Micros, Seconds
from milepost.rules.compiled.rule import RowTarget

pytestmark = pytest.mark.skipif(rows.native is None, reason="nothing was compiled")

LARGEST = 2**61 - 1
"""The largest value that machine code holds as a number."""

STAMP, LONG_STAMP = Seconds(7), Seconds(2**62)


def test_a_row_that_machine_code_does_not_hold_any_more_is_let_go() -> None:
    """A row with days is held once while it is there: put twice, replaced, put again, removed, forgotten with all."""
    assert rows.native is not None
    key, row = ProgressKey(1, 1), Progress(1, 1, 3, STAMP, STAMP, days=((5, (1, 2)),))
    free, held = sys.getrefcount(row), rows.native({})
    counts: list[int] = []
    held[key] = row
    counts.append(sys.getrefcount(row) - free)
    held[key] = row
    counts.append(sys.getrefcount(row) - free)
    held[key] = Progress(1, 1, 3, STAMP, STAMP)
    counts.append(sys.getrefcount(row) - free)
    held[key] = row
    counts.append(sys.getrefcount(row) - free)
    del held[key]
    counts.append(sys.getrefcount(row) - free)
    held[key] = row
    del held
    counts.append(sys.getrefcount(row) - free)
    assert [1, 1, 0, 1, 0, 0] == counts


def test_machine_code_writes_only_into_its_own_memory() -> None:
    """Rows, bytes and texts of every length, in a process whose allocator dies where somebody wrote past an end."""
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-m", __name__],
        env={**os.environ, "PYTHONMALLOC": "debug"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (0, "") == (done.returncode, done.stderr)


def fill_to_the_brim() -> None:
    """Make rows, bytes and texts as long as they can be, of which each is a little longer than the one before."""
    assert rows.native is not None
    payload = Award(program_id=None, currency=None, kind=AwardKind.REGULAR, amount=1)  # type: ignore[arg-type]
    event = Event(
        key=EventKey("till", "1"),
        name=POINTS,
        occurred_at=Micros(2**62),
        received_at=Micros(2**33 * SECOND_US),
        place=NOWHERE,
        member=None,
        payload=payload,
    )
    cause = cause_of(event, Settings())
    for number in range(1, 70):
        days = tuple((2**40 + day, (2**40,)) for day in range(number))
        longest = {ProgressKey(2**62 + one, 2**62): whole(2**62 + one) for one in range(number)}
        for rest in (3, number):
            mixed = {ProgressKey(1, 1): Progress(1, 1, 1, STAMP, STAMP, days=days), **dict([*longest.items()][:rest])}
            assert pack_rows(mixed) == pack_rows(rows.native(mixed).frozen())
        opened = rows.native(LazyRows(pack_rows(longest)))
        for one in range(number):
            target = RowTarget(-(2**63) + one, -(2**63), -LARGEST, NEVER)
            opened.add((target,), -LARGEST, cause, Reason.COUNTED, -(10 ** (number * 7)))
            for amount in (10**18, -(10**18)):
                opened.add((target,), amount, cause, Reason.MERGED)
            opened.entries.append(Entry(1, 1, Reason.COUNTED, 10 ** (number * 9), -(10**number), 0))
        assert (4 * number, 2 * number) == (len(opened.entries.take()), len(opened.outcomes.take()))


def whole(target_id: int) -> Progress:
    """Return a row of eight numbers that take nine bytes each."""
    return Progress(target_id, 2**62, LARGEST, LONG_STAMP, LONG_STAMP, LONG_STAMP, 2**62, 2**62)


if __name__ == "__main__":
    fill_to_the_brim()
