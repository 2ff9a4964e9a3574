"""Where plain sums are counted for a batch: in machine code where it was compiled, in a dictionary else.

Both ways say the same (decision 0025); the laws hold both against `step`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from milepost.engine.progress import contributions
from milepost.engine.progress.contributions import Contribution, accumulate
from milepost.model.event import Event
from milepost.model.lazy import LazyRows, lazy_entries, lazy_outcomes, pack_rows, unpack_rows
from milepost.model.standing import NEVER, Entry, Outcome, Progress, ProgressKey
from milepost.rules.calendar import SECOND_US

if TYPE_CHECKING:
    from milepost.engine.rows._rows import Tally

try:
    from milepost.engine.rows import _rows
except ImportError:  # there was no compiler when Milepost was installed
    native_rows: "Callable[[bytes], Tally | None] | None" = None
    find_contributions = contributions.contributions
else:
    native_rows, find_contributions = _rows.tally, _rows.contributions


NOTHING_ADDED: tuple[int, Sequence[Entry], Sequence[Outcome]] = (NEVER, (), ())
"""What `Tallying.count` gives where nothing was to be added."""


class ProgressRows:
    """Progress that plain sums change in place, and what is told of the event that does."""

    __slots__ = ("_rows", "_tally")

    def __init__(self, progress: Mapping[ProgressKey, Progress]) -> None:
        """Begin at *progress*, which stays as it is."""
        self._tally = None if native_rows is None else native_rows(pack_rows(progress))
        self._rows = unpack_rows(progress) if self._tally is None else {}

    def count(self, added: list[Contribution], event: Event) -> tuple[int, Sequence[Entry], Sequence[Outcome]]:
        """Count *event* as *added* says; return when the first period closes that began, its entries and outcomes."""
        counting = self._tally
        if counting is not None:
            at, received_at = event.occurred_at // SECOND_US, event.received_at // SECOND_US
            closing = counting.add_up(added, at, received_at, lambda: event.key.log_id)
            if closing is not None:
                entries, outcomes = counting.told()
                return closing, lazy_entries(entries), lazy_outcomes(outcomes)
            self._rows = unpack_rows(self.progress())
            self._tally = None
        told: tuple[list[Entry], list[Outcome]] = [], []
        closing = accumulate(added, event, self._rows, *told)
        return closing, tuple(told[0]), tuple(told[1])

    def take_back(self, taken: list[Contribution], event: Event, *, revoking: bool) -> Sequence[Entry] | None:
        """Take back what *taken* says was added, if that can be done at once and changes no achievement.

        *revoking* says that what falls below its goal is achieved no more.
        """
        if self._tally is None or not self._tally.take_back(taken, event.received_at // SECOND_US, revoking):
            return None
        return lazy_entries(self._tally.told()[0])

    def progress(self) -> Mapping[ProgressKey, Progress]:
        """Return the progress by now, which stays as it is."""
        return LazyRows(self._tally.packed()) if self._tally is not None else dict(self._rows)
