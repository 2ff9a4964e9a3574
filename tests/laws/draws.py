"""Taking one of several values: one small draw each, so that whole worlds are made in milliseconds."""

from collections.abc import Sequence
from functools import cache
from typing import TypeVar

from hypothesis import strategies as st

Value = TypeVar("Value")


@cache
def _places(count: int) -> st.SearchStrategy[int]:
    return st.integers(0, count - 1)


def pick(draw: st.DrawFn, values: Sequence[Value]) -> Value:
    """Draw one of *values*; the first are the simplest, to which a failing example shrinks."""
    return values[draw(_places(len(values)))]


def shuffled(draw: st.DrawFn, values: Sequence[Value]) -> list[Value]:
    """Put *values* in any order."""
    left, taken = list(values), []
    while left:
        taken.append(left.pop(draw(_places(len(left)))))
    return taken
