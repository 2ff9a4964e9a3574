"""Both implementations of rows say the same, byte for byte, whatever is done to them and whatever they hold."""

import os
import shutil
import sysconfig
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from milepost.engine import rows
from milepost.engine.progress.change import Cause, cause_of
from milepost.engine.rows import Rows
from milepost.model.event import NOWHERE, POINTS, Award, AwardKind, Event, EventKey
from milepost.model.lazy import LazyRows, pack_rows
from milepost.model.organisation import Settings
from milepost.model.standing import Entry, Outcome, OutcomeKind, Progress, ProgressKey, Reason
from milepost.model.time import EPOCH, NEVER, Micros, Seconds, to_micros
from milepost.rules.compiled.index import Contribution
from milepost.rules.compiled.rule import RowTarget
from tests.laws.law_settings import law

HELD = 2**61
"""The size of values from which on machine code keeps them as they are."""

SECOND_US = 1_000_000

EDGES = [sign * (2**bits + one) for bits in (5, 7, 8, 15, 16, 31, 32, 60, 61) for one in (-1, 0, 1) for sign in (1, -1)]
numbers = st.one_of(st.integers(-(2**20), 2**20), st.sampled_from(EDGES))
stamps = st.integers(0, 2**33).map(Seconds)
ids = st.one_of(st.integers(-3, 6), st.integers(2**31, 2**31 + 3))
keys = st.builds(ProgressKey, ids, st.integers(0, 4))
goals = st.one_of(st.none(), numbers, st.sampled_from([10**19, -(10**19)]))
days = st.sampled_from([()] * 9 + [((5, (1, 2)),)])

needs_machine_code = pytest.mark.skipif(rows.native is None, reason="nothing was compiled")


@st.composite
def progress_rows(draw: st.DrawFn, key: ProgressKey | None = None) -> Progress:
    """Draw a row: achieved or not, mostly without days."""
    key = draw(keys) if key is None else key
    achieved = draw(st.sampled_from([(Seconds(0), 0), (Seconds(7), 2**52 - 1)]))
    return Progress(*key, draw(numbers), draw(stamps), draw(stamps), *achieved, draw(st.integers(0, 3)), draw(days))


def by_key(drawn: Sequence[Progress]) -> dict[ProgressKey, Progress]:
    """Return rows by their keys."""
    return {row.key: row for row in drawn}


progresses = st.lists(progress_rows(), max_size=20).map(by_key)


@st.composite
def causes(draw: st.DrawFn) -> Cause:
    """Draw an event that changes rows."""
    event = Event(
        key=EventKey("till", str(draw(st.integers(0, 9)))),
        name=POINTS,
        occurred_at=to_micros(draw(stamps)),
        received_at=to_micros(draw(stamps)),
        place=NOWHERE,
        member=None,
        payload=Award(program_id=None, currency=None, kind=AwardKind.REGULAR, amount=Decimal(1)),
    )
    return cause_of(event, Settings())


@st.composite
def targets(draw: st.DrawFn) -> tuple[RowTarget, ...]:
    """Draw rows that a change concerns, each once."""
    chosen = draw(st.lists(keys, max_size=4, unique=True))
    return tuple(
        RowTarget(*key, draw(goals), draw(st.sampled_from([NEVER, Micros(10**15), Micros(5)]))) for key in chosen
    )


class Act(NamedTuple):
    """Something that is done to rows, and its name for whoever reads a failure; returns what can be seen of it."""

    name: str
    do: Callable[[Rows], object]


def accumulates(added: list[Contribution], cause: Cause) -> Act:
    """Return the act of counting for simple sums."""
    return Act(f"accumulate {added}", lambda held: held.accumulate(added, cause))


def adds(concerned: tuple[RowTarget, ...], amount: int, cause: Cause, how: tuple[object, ...]) -> Act:
    """Return the act of one change, with all that may be said of it."""
    return Act(f"add {amount} to {concerned} {how}", lambda held: held.add(concerned, amount, cause, *how))  # type: ignore[arg-type]


def puts(row: Progress) -> Act:
    """Return the act of putting a row in place."""
    return Act(f"put {row}", lambda held: held.__setitem__(row.key, row))


def removes(place: int) -> Act:
    """Return the act of removing one of the rows."""

    def remove(held: Rows) -> None:
        found = sorted(held)
        if found:
            del held[found[place % len(found)]]

    return Act(f"remove {place}", remove)


def notes(entry: Entry, outcome: Outcome) -> Act:
    """Return the act of noting something beside the rows."""

    def note(held: Rows) -> None:
        held.entries.append(entry)
        held.outcomes.append(outcome)

    return Act(f"note {entry} {outcome}", note)


hows = st.tuples(
    st.sampled_from([Reason.COUNTED, Reason.RETURNED, Reason.MERGED]),
    st.one_of(st.none(), numbers, st.sampled_from([10**19, -(10**30)])),
    st.sampled_from([OutcomeKind.ACHIEVED, OutcomeKind.CAP_REACHED]),
    st.booleans(),
)
entries = st.builds(Entry, ids, ids, st.sampled_from(Reason), numbers, numbers, st.sampled_from([0, 10**25]))
outcomes = st.builds(Outcome, st.sampled_from(OutcomeKind), ids, ids, stamps, numbers, numbers)
acts = st.one_of(
    st.builds(accumulates, st.lists(st.tuples(targets(), numbers), max_size=3), causes()),
    st.builds(adds, targets(), numbers, causes(), hows),
    st.builds(puts, progress_rows()),
    st.builds(removes, st.integers(0, 30)),
    st.builds(notes, entries, outcomes),
)


def seen(held: Rows) -> tuple[object, ...]:
    """Return all that can be seen of rows: keys, rows and what was noted, without taking it."""
    found = sorted(held)
    return found, [held[key] for key in found], len(held), [*held.entries], [*held.outcomes], len(held.entries)


@needs_machine_code
@law(500)
@given(progresses, st.booleans(), st.lists(st.tuples(acts, st.booleans()), max_size=8))
def test_both_implementations_say_the_same(
    progress: dict[ProgressKey, Progress],
    is_packed: bool,  # noqa: FBT001 - drawn
    done: list[tuple[Act, bool]],
) -> None:
    """Rows, entries, outcomes and ends of periods are equal after each act, and stored bytes and texts are the same."""
    assert rows.native is not None
    given_rows = LazyRows(pack_rows(progress)) if is_packed else progress
    reference, native = rows.python(given_rows), rows.native(given_rows)
    for act, is_last_of_event in done:
        assert act.do(reference) == act.do(native), act.name
        assert seen(reference) == seen(native), act.name
        if is_last_of_event:
            taken = (
                (reference.entries.take(), reference.outcomes.take()),
                (native.entries.take(), native.outcomes.take()),
            )
            assert taken[0] == taken[1]
            assert [texts(kind) for kind in taken[0]] == [texts(kind) for kind in taken[1]]
    assert pack_rows(reference.frozen()) == pack_rows(native.frozen())


def texts(noted: Sequence[Entry] | Sequence[Outcome]) -> bytes:
    """Return items as the text that is stored."""
    return getattr(noted, "text", None) or msgspec.json.encode([*noted])


@law(300)
@given(progresses, st.lists(acts, max_size=5))
def test_what_was_frozen_stays(progress: dict[ProgressKey, Progress], done: list[Act]) -> None:
    """Rows that were given, and rows that were frozen, stay as they were whatever is done afterwards."""
    for implementation in filter(None, (rows.python, rows.native)):
        before = dict(progress)
        held = implementation(progress)
        for act in done:
            frozen = held.frozen()
            copy = by_key([held[key] for key in held])
            act.do(held)
            assert copy == frozen
        assert before == progress


@needs_machine_code
def test_a_sum_that_leaves_64_bits_stays_exact() -> None:
    """Nine times the largest amount that machine code adds: from the second on it is Python's."""
    assert rows.native is not None
    largest, held = HELD - 1, rows.native({})
    event = Event(
        key=EventKey("till", "1"),
        name=POINTS,
        occurred_at=EPOCH,
        received_at=EPOCH,
        place=NOWHERE,
        member=None,
        payload=Award(program_id=None, currency=None, kind=AwardKind.REGULAR, amount=Decimal(1)),
    )
    for _ in range(9):
        held.accumulate([((RowTarget(1, 1, None, NEVER),), largest)], cause_of(event, Settings()))
    assert 9 * largest == held[ProgressKey(1, 1)].value


@needs_machine_code
@law(500)
@given(
    st.one_of(st.binary(max_size=60), progresses.map(pack_rows), progresses.map(lambda drawn: pack_rows(drawn)[:-1]))
)
@example(b"")
@example(b"\xdc\x00")
@example(b"\xdc\xff\xff")
@example(b"\x91\x99\xcf")
@example(b"\x90\x90")
@example(b"\x91\x99" + bytes(8) + b"\x00")
@example(b"\x91\x99" + bytes(8) + b"\x91")
def test_any_bytes_are_read_as_the_reference_reads_them(body: bytes) -> None:
    """Bytes that hold rows give these rows, in their order, and any other bytes the reference's error."""
    assert rows.native is not None
    try:
        expected = rows.python(LazyRows(body))
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        with pytest.raises(type(error)):
            rows.native(LazyRows(body))
        return
    assert seen(expected) == seen(rows.native(LazyRows(body)))


@needs_machine_code
@pytest.mark.parametrize("value", [HELD - 1, HELD, -HELD, 2**63, 2**64 - 1, 2**64, -(2**63) - 1, 10**25])
def test_values_past_what_machine_code_holds_stay_as_they_are(value: int) -> None:
    """A value of 2^61 and more is kept and packed as it came."""
    assert rows.native is not None
    body = pack_rows({ProgressKey(1, 1): Progress(1, 1, value, Seconds(0), Seconds(0))})
    held = rows.native(LazyRows(body))
    assert value == held[ProgressKey(1, 1)].value
    assert body == pack_rows(held.frozen())


@needs_machine_code
def test_the_numbers_that_stand_for_words_are_the_same() -> None:
    """The enumerations of the model are written out in machine code."""
    from milepost.engine.rows import _rows

    kinds = OutcomeKind.ENROLLED, OutcomeKind.ACHIEVED, OutcomeKind.UNACHIEVED
    assert (NEVER, *kinds) == (_rows.NEVER, _rows.ENROLLED, _rows.ACHIEVED, _rows.UNACHIEVED)
    assert Reason.COUNTED == _rows.COUNTED


def test_machine_code_is_there_where_it_can_be() -> None:
    """Where there is a compiler and Python's headers, the tests above are not skipped."""
    compiler = os.environ.get("CC", sysconfig.get_config_var("LDSHARED") or "cc").split()[0]
    can_compile = shutil.which(compiler) is not None and Path(sysconfig.get_path("include"), "Python.h").exists()
    assert rows.native is not None or not can_compile
