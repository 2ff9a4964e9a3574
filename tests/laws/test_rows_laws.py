"""What machine code says of plain sums is what `summing` says, byte for byte; what it cannot hold it leaves alone."""

import os
import shutil
import sysconfig
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from milepost.engine.progress.contributions import Contribution, accumulate
from milepost.engine.rows import progress_rows
from milepost.engine.rows.progress_rows import ProgressRows
from milepost.model.event import NOWHERE, POINTS, Award, AwardKind, Event, EventKey
from milepost.model.lazy import LazyRows, pack_rows
from milepost.model.standing import NEVER, Entry, Outcome, OutcomeKind, Progress, ProgressKey, Reason
from milepost.rules.compiled.index import RowTarget
from tests.laws.law_settings import law

HELD = 2**61
"""The size of values from which on machine code leaves them alone."""

SECOND_US = 1_000_000

EDGES = [sign * (2**bits + one) for bits in (5, 7, 8, 15, 16, 31, 32, 60, 61) for one in (-1, 0, 1) for sign in (1, -1)]
numbers = st.one_of(st.integers(-(2**20), 2**20), st.sampled_from(EDGES))
stamps = st.integers(0, 2**33)
ids = st.one_of(st.integers(-3, 6), st.integers(2**31, 2**31 + 3))
keys = st.builds(ProgressKey, ids, st.integers(0, 4))
goals = st.one_of(st.none(), numbers, st.sampled_from([10**19, -(10**19)]))

needs_machine_code = pytest.mark.skipif(progress_rows.native_rows is None, reason="nothing was compiled")


@st.composite
def rows(draw: st.DrawFn) -> dict[ProgressKey, Progress]:
    """Draw progress; achieved or not, mostly without days."""
    found: dict[ProgressKey, Progress] = {}
    for key in draw(st.lists(keys, max_size=20, unique=True)):
        achieved = draw(st.sampled_from([(0, 0), (7, 2**52 - 1)]))
        held = draw(st.sampled_from([()] * 9 + [((5, (1, 2)),)]))
        stood = draw(numbers), draw(stamps), draw(stamps)
        found[key] = Progress(*key, *stood, *achieved, draw(st.integers(0, 3)), held)
    return found


class Counted(NamedTuple):
    """An event, where it counts, and what it adds there."""

    event: Event
    added: list[Contribution]


@st.composite
def counted(draw: st.DrawFn, among: st.SearchStrategy[ProgressKey] = keys) -> Counted:
    """Draw an event that counts in a few places, in each of them once."""
    spots = [
        RowTarget(*key, draw(goals), draw(st.sampled_from([NEVER, 10**15, 5])))
        for key in draw(st.lists(among, max_size=8, unique=True))
    ]
    cut = draw(st.integers(0, len(spots)))
    amounts = draw(numbers), draw(numbers)
    parts = [(tuple(part), amount) for part, amount in zip((spots[:cut], spots[cut:]), amounts, strict=True) if part]
    event = Event(
        key=EventKey("till", str(draw(st.integers(0, 9)))),
        name=POINTS,
        occurred_at=draw(stamps) * SECOND_US,
        received_at=draw(stamps) * SECOND_US,
        place=NOWHERE,
        member=None,
        payload=Award(program_id=None, currency=None, kind=AwardKind.REGULAR, amount=Decimal(1)),
    )
    return Counted(event, parts)


@needs_machine_code
@law(400)
@given(rows(), st.lists(counted(), max_size=6))
def test_both_ways_of_counting_say_the_same(progress: dict[ProgressKey, Progress], events: list[Counted]) -> None:
    """Rows, entries, outcomes and the first end of a period, event after event, also past what machine code holds."""
    tallying_ = ProgressRows(progress)
    expected = dict(progress)
    for event, added in events:
        told: tuple[list[Entry], list[Outcome]] = [], []
        closing = accumulate(added, event, expected, *told)
        assert (closing, tuple(told[0]), tuple(told[1])) == tallying_.count(added, event)
        assert expected == tallying_.progress()
        if max((abs(row.value) for row in expected.values()), default=0) < 2**63:
            assert pack_rows(expected) == pack_rows(tallying_.progress())


@needs_machine_code
@law(400)
@given(st.data(), rows(), st.booleans())
def test_what_is_taken_back_is_subtracted(
    data: st.DataObject,
    progress: dict[ProgressKey, Progress],
    revoking: bool,  # noqa: FBT001 - drawn
) -> None:
    """All of it is, where every row is there and stays achieved or not; else nothing is."""
    back = data.draw(counted(st.sampled_from([*progress]) if progress else keys))
    expected, entries, is_refused = dict(progress), list[Entry](), False
    for spots, amount in back.added:
        for spot in spots:
            key = ProgressKey(spot.target_id, spot.period_id)
            row = progress.get(key)
            if row is None:
                is_refused = True
                continue
            value = row.value - amount
            if spot.goal is not None:
                is_refused |= value >= spot.goal and not row.achieved_by
                is_refused |= revoking and value < spot.goal and bool(row.achieved_by)
            entries.append(Entry(*key, Reason.RETURNED, -amount, row.value, value))
            expected[key] = msgspec.structs.replace(row, value=value, updated_at=back.event.received_at // SECOND_US)
    tallying_ = ProgressRows(progress)
    done = tallying_.take_back(back.added, back.event, revoking=revoking)
    sizes = [abs(row.value) for row in progress.values()] + [abs(amount) for _, amount in back.added]
    is_left_to_python = sum(sizes) >= HELD or any(row.days for row in progress.values())
    assert is_left_to_python or is_refused == (done is None)
    if done is None:
        assert progress == tallying_.progress()
    else:
        assert (tuple(entries), expected) == (tuple(done), tallying_.progress())


@needs_machine_code
def test_a_sum_that_leaves_64_bits_stays_exact() -> None:
    """Nine times the largest amount that machine code adds: from the second on it is Python's."""
    largest = HELD - 1
    event = Event(
        key=EventKey("till", "1"),
        name=POINTS,
        occurred_at=0,
        received_at=0,
        place=NOWHERE,
        member=None,
        payload=Award(program_id=None, currency=None, kind=AwardKind.REGULAR, amount=Decimal(1)),
    )
    summing_up = ProgressRows({})
    for _ in range(9):
        summing_up.count([((RowTarget(1, 1, None, NEVER),), largest)], event)
    assert 9 * largest == summing_up.progress()[ProgressKey(1, 1)].value


@needs_machine_code
@law(500)
@given(st.one_of(st.binary(max_size=60), rows().map(pack_rows), rows().map(lambda found: pack_rows(found)[:-1])))
@example(b"")
@example(b"\xdc\x00")
@example(b"\xdc\xff\xff")
@example(b"\x91\x99\xcf")
@example(b"\x90\x90")
@example(b"\x91\x99" + bytes(8) + b"\x00")
@example(b"\x91\x99" + bytes(8) + b"\x91")
def test_any_bytes_are_taken_as_they_are_or_not_at_all(body: bytes) -> None:
    """What is taken is given back byte for byte; whatever else is left alone, and nothing is read past its end."""
    assert progress_rows.native_rows is not None
    made = progress_rows.native_rows(body)
    if made is None:
        return
    assert LazyRows(body) == LazyRows(made.packed())
    assert made.told() == (b"[]", b"[]")


@needs_machine_code
@pytest.mark.parametrize("value", [HELD, -HELD, 2**63, 2**64 - 1])
def test_values_past_what_is_held_are_left_to_python(value: int) -> None:
    """A value of 2^61 and more is not taken, one less is."""
    assert progress_rows.native_rows is not None
    row = Progress(1, 1, value, 0, 0)
    assert progress_rows.native_rows(pack_rows({ProgressKey(1, 1): row})) is None
    nearer = msgspec.structs.replace(row, value=(HELD - 1) * (1 if value > 0 else -1))
    assert progress_rows.native_rows(pack_rows({ProgressKey(1, 1): nearer})) is not None


@needs_machine_code
def test_the_numbers_that_stand_for_words_are_the_same() -> None:
    """The enumerations of the model are written out in machine code."""
    from milepost.engine.rows import _rows

    assert (NEVER, OutcomeKind.ENROLLED, OutcomeKind.ACHIEVED) == (_rows.NEVER, _rows.ENROLLED, _rows.ACHIEVED)
    assert (Reason.COUNTED, Reason.RETURNED) == (_rows.COUNTED, _rows.RETURNED)


def test_machine_code_is_there_where_it_can_be() -> None:
    """Where there is a compiler and Python's headers, the tests above are not skipped."""
    compiler = os.environ.get("CC", sysconfig.get_config_var("LDSHARED") or "cc").split()[0]
    can_compile = shutil.which(compiler) is not None and Path(sysconfig.get_path("include"), "Python.h").exists()
    assert progress_rows.native_rows is not None or not can_compile
