"""Where plain sums are counted for a batch: in machine code where it was compiled, in a dictionary else.

Both ways say the same (decision 0025); the laws hold both against `step`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from milepost.engine import summing
from milepost.engine.summing import Added, add_up
from milepost.model.event import Event
from milepost.model.packed import Packed, packed, unpacked, written_entries, written_outcomes
from milepost.model.standing import NEVER, Entry, Outcome, Progress, ProgressKey
from milepost.rules.calendar import SECOND_US

if TYPE_CHECKING:
    from milepost.engine._tally import Tally

try:
    from milepost.engine import _tally
except ImportError:  # there was no compiler when Milepost was installed
    tally: "Callable[[bytes], Tally | None] | None" = None
    amounts = summing.amounts
else:
    tally, amounts = _tally.tally, _tally.amounts


NOTHING_COUNTED: tuple[int, Sequence[Entry], Sequence[Outcome]] = (NEVER, (), ())
"""What `Tallying.count` gives where nothing was to be added."""


class Tallying:
    """Progress that plain sums change in place, and what is told of the event that does."""

    __slots__ = ("_rows", "_tally")

    def __init__(self, progress: Mapping[ProgressKey, Progress]) -> None:
        """Begin at *progress*, which stays as it is."""
        self._tally = None if tally is None else tally(packed(progress))
        self._rows = unpacked(progress) if self._tally is None else {}

    def count(self, added: list[Added], event: Event) -> tuple[int, Sequence[Entry], Sequence[Outcome]]:
        """Count *event* as *added* says; give when the first period closes that began, its entries and outcomes."""
        counting = self._tally
        if counting is not None:
            at, heard_at = event.occurred_at // SECOND_US, event.received_at // SECOND_US
            closing = counting.add_up(added, at, heard_at, lambda: event.key.log_id)
            if closing is not None:
                entries, outcomes = counting.told()
                return closing, written_entries(entries), written_outcomes(outcomes)
            self._rows = unpacked(self.progress())
            self._tally = None
        told: tuple[list[Entry], list[Outcome]] = [], []
        closing = add_up(added, event, self._rows, *told)
        return closing, tuple(told[0]), tuple(told[1])

    def take_back(self, taken: list[Added], event: Event, *, revoking: bool) -> Sequence[Entry] | None:
        """Take back what *taken* says was added, if that can be done at once and changes no achievement.

        *revoking* says that what falls below its goal is achieved no more.
        """
        if self._tally is None or not self._tally.take_back(taken, event.received_at // SECOND_US, revoking):
            return None
        return written_entries(self._tally.told()[0])

    def progress(self) -> Mapping[ProgressKey, Progress]:
        """Give the progress by now, which stays as it is."""
        return Packed(self._tally.packed()) if self._tally is not None else dict(self._rows)
