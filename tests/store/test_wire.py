"""Native code packs for PostgreSQL the same bytes as Python."""

from collections.abc import Callable
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.store.wire import arrays, copy_rows
from milepost.store.wire.arrays import byteas, int4s, int8s, texts
from milepost.store.wire.copy_rows import EventRow, encode_copy_rows
from tests.laws.law_settings import law

Made = TypeVar("Made")

needs_machine_code = pytest.mark.skipif(not arrays.is_compiled, reason="nothing was compiled")

INT8 = st.integers(-(2**63), 2**63 - 1)
INSTANT = st.integers(0, 2**62)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)

EVENTS: st.SearchStrategy[EventRow] = st.tuples(
    *(st.integers(0, 4095), INT8, INT8, INSTANT, INSTANT, INT8, INT8, st.binary(min_size=16, max_size=16)),
    *(TEXT, TEXT, TEXT, st.none() | TEXT, st.binary(max_size=40), st.binary(max_size=40)),
)


def both(make: Callable[[], Made]) -> tuple[Made, Made]:
    """Make something in native code and in Python."""
    compiled = make()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(arrays, "is_compiled", False)
        patch.setattr(copy_rows, "is_compiled", False)
        return compiled, make()


@needs_machine_code
@law(200)
@given(st.lists(INT8, max_size=5), st.lists(st.integers(-(2**31), 2**31 - 1), max_size=5))
def test_arrays_of_numbers_are_the_same(large: list[int], small: list[int]) -> None:
    """Of 64 and of 32 bits, and none at all."""
    compiled, python = both(lambda: (int8s(large), int4s(small)))
    assert python == compiled


@needs_machine_code
@law(200)
@given(st.lists(st.none() | TEXT | st.binary(max_size=9), max_size=5), st.lists(st.binary(max_size=9), max_size=5))
def test_arrays_of_texts_are_the_same(some: list[str | bytes | None], others: list[bytes]) -> None:
    """Texts, what is UTF-8 already, NULL, and bytes."""
    compiled, python = both(lambda: (texts(some), byteas(others)))
    assert python == compiled


@needs_machine_code
@law(200)
@given(st.lists(EVENTS, max_size=4))
def test_rows_of_events_are_the_same(rows: list[EventRow]) -> None:
    """All columns, with and without a reference."""
    compiled, python = both(lambda: encode_copy_rows(rows))
    assert python == compiled


@needs_machine_code
def test_what_does_not_fit_is_refused() -> None:
    """A number past 32 or 64 bits, what is neither text nor bytes, half of a surrogate pair, a row of other columns."""
    for values, pack in (([2**31], int4s), ([2**63], int8s)):
        with pytest.raises(OverflowError):
            pack(values)
    with pytest.raises(TypeError):
        texts([5])  # type: ignore[list-item]
    with pytest.raises(UnicodeEncodeError):
        texts(["\ud800"])
    with pytest.raises(ValueError, match="13 columns"):
        encode_copy_rows([(1,) * 13])  # type: ignore[list-item]
