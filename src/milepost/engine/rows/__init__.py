"""Rows of progress: one small type in two implementations, of which one is chosen at import (decision 0025).

`_rows_py.py` is the reference. `_rows.pyx` does the same in machine code, from stored bytes to stored bytes. Everything
that a rule means stands on top of this type and is written once, in Python.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol, TypeVar

from milepost import native_code
from milepost.engine.progress.change import Cause
from milepost.engine.rows import _rows_py
from milepost.model.standing import Entry, Outcome, OutcomeKind, Progress, ProgressKey, Reason
from milepost.model.time import Micros
from milepost.rules.compiled.index import Contribution
from milepost.rules.compiled.rule import RowTarget

Item = TypeVar("Item")


class Journal(Protocol[Item]):
    """What an event changed or led to, in order."""

    def append(self, item: Item, /) -> None:
        """Note *item*."""

    def take(self) -> Sequence[Item]:
        """Return the items noted since this was called last."""

    def __iter__(self) -> Iterator[Item]:
        """Return the items noted so far."""

    def __len__(self) -> int:
        """Return how many items were noted so far."""


class Rows(Protocol):
    """Rows of progress by their keys; `_rows_py.Rows` says what each method does."""

    @property
    def entries(self) -> Journal[Entry]:
        """The entries of the event that is being applied."""

    @property
    def outcomes(self) -> Journal[Outcome]:
        """The outcomes of the event that is being applied."""

    def get(self, key: ProgressKey, /) -> Progress | None: ...  # noqa: D102 - see _rows_py
    def __getitem__(self, key: ProgressKey, /) -> Progress: ...
    def __setitem__(self, key: ProgressKey, row: Progress, /) -> None: ...
    def __delitem__(self, key: ProgressKey, /) -> None: ...
    def __contains__(self, key: ProgressKey, /) -> bool: ...
    def __iter__(self) -> Iterator[ProgressKey]: ...
    def __len__(self) -> int: ...
    def add(  # noqa: D102 - see _rows_py
        self,
        targets: Iterable[RowTarget],
        amount: int,
        cause: Cause,
        reason: Reason = ...,
        stated: int | None = ...,
        achieved: OutcomeKind = ...,
        revokes: bool = ...,  # noqa: FBT001 - passed by position on the hot path
    ) -> Micros: ...
    def accumulate(self, contributions: Iterable[Contribution], cause: Cause) -> Micros: ...  # noqa: D102 - see _rows_py
    def frozen(self) -> Mapping[ProgressKey, Progress]: ...  # noqa: D102 - see _rows_py


Implementation = Callable[[Mapping[ProgressKey, Progress]], Rows]
"""What opens rows: one of the two classes."""

python: Implementation = _rows_py.Rows
native: Implementation | None = None
"""The compiled class; None where there was no compiler when Milepost was installed."""

try:
    from milepost.engine.rows import _rows
except ImportError:
    pass
else:
    native = _rows.Rows

open_rows: Implementation = native if native is not None and native_code.is_wanted() else python
"""The implementation in use."""
