"""Rows of progress that an open fold changes, in Python: the reference of `_rows.pyx`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar, cast

from milepost.engine.progress.change import Cause
from milepost.model.lazy import unpack_rows
from milepost.model.standing import NOT_ACHIEVED, Entry, Outcome, OutcomeKind, Progress, ProgressKey, Reason
from milepost.model.time import NEVER, Micros
from milepost.rules.compiled.index import Contribution
from milepost.rules.compiled.rule import RowTarget

# Said once: to look a member of an enumeration up costs as much as to make an entry.
_ENROLLED, _ACHIEVED, _UNACHIEVED = OutcomeKind.ENROLLED, OutcomeKind.ACHIEVED, OutcomeKind.UNACHIEVED
_COUNTED = Reason.COUNTED

Item = TypeVar("Item")


class Journal(list[Item]):
    """What an event changed or led to, in order."""

    __slots__ = ()

    def take(self) -> Sequence[Item]:
        """Return the items noted since this was called last."""
        if not self:
            return ()
        taken = tuple(self)
        self.clear()
        return taken


class Rows:
    """Rows of progress by their keys, with the entries and outcomes of the event that changes them.

    A row that is not there begins when something is added to it, which enrols the customer. A row is achieved when its
    value is at or over the goal (facts 8 #1), once: a bill of 50 that takes 60 to 110 achieves a goal of 100, the next
    bill does not.
    """

    __slots__ = ("_rows", "entries", "outcomes")

    def __init__(self, progress: Mapping[ProgressKey, Progress]) -> None:
        """Begin with *progress*, which stays as it is."""
        self._rows = cast("dict[tuple[int, int], Progress]", unpack_rows(progress))
        self.entries: Journal[Entry] = Journal()
        self.outcomes: Journal[Outcome] = Journal()

    def get(self, key: ProgressKey) -> Progress | None:
        """Return the row of *key*, if there is one."""
        return self._rows.get(key)

    def __getitem__(self, key: ProgressKey) -> Progress:
        """Return the row of *key*; raises KeyError if there is none."""
        return self._rows[key]

    def __setitem__(self, key: ProgressKey, row: Progress) -> None:
        """Put *row* in place of the row of *key*."""
        self._rows[key] = row

    def __delitem__(self, key: ProgressKey) -> None:
        """Remove the row of *key*; raises KeyError if there is none."""
        del self._rows[key]

    def __contains__(self, key: ProgressKey) -> bool:
        """Whether there is a row of *key*."""
        return key in self._rows

    def __iter__(self) -> Iterator[ProgressKey]:
        """Return the keys."""
        return map(ProgressKey._make, self._rows)

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self._rows)

    def add(
        self,
        targets: Iterable[RowTarget],
        amount: int,
        cause: Cause,
        reason: Reason = _COUNTED,
        stated: int | None = None,
        achieved: OutcomeKind = _ACHIEVED,
        revokes: bool = False,  # noqa: FBT001, FBT002 - passed by position on the hot path
    ) -> Micros:
        """Add *amount* (units) to the row of each of *targets*; note an entry each, and outcomes at goals.

        *achieved* is the outcome of reaching the goal. Below the goal a row is unachieved only if the change *revokes*.
        The entry says *stated* instead of *amount* where an event is worth more than it moves. Return when the first of
        the periods closes in which a row began (epoch microseconds), NEVER if none did.
        """
        rows, entries, at, received_at = self._rows, self.entries, cause.at, cause.received_at
        closing, worth = NEVER, amount if stated is None else stated
        for target_id, period_id, goal, closes_at in targets:
            # A bare tuple is as good a key as a ProgressKey, and three times cheaper to make.
            key: tuple[int, int] = (target_id, period_id)
            row = rows.get(key)
            if row is None:
                self.outcomes.append(Outcome(_ENROLLED, target_id, period_id, at, 0))
                closing = min(closing, closes_at)
                key = ProgressKey(target_id, period_id)
                row = Progress(target_id, period_id, 0, at, received_at)
            before, achieved_at, achieved_by = row.value, row.achieved_at, row.achieved_by
            value = before + amount
            if goal is not None and (value < goal) is (achieved_by != 0):  # `is_achieved` costs a call per row
                if not achieved_by:
                    achieved_at, achieved_by = at, cause.event.key.log_id
                    self.outcomes.append(Outcome(achieved, target_id, period_id, at, value))
                elif revokes:
                    achieved_at, achieved_by = NOT_ACHIEVED
                    self.outcomes.append(Outcome(_UNACHIEVED, target_id, period_id, at, value))
            stamps = row.enrolled_at, received_at, achieved_at
            rows[key] = Progress(target_id, period_id, value, *stamps, achieved_by, row.triggers, row.days)
            entries.append(Entry(target_id, period_id, reason, worth, before, value))
        return closing

    def accumulate(self, contributions: Iterable[Contribution], cause: Cause) -> Micros:
        """Add each of *contributions*; see `add`."""
        closing = NEVER
        for targets, amount in contributions:
            closing = min(closing, self.add(targets, amount, cause))
        return closing

    def frozen(self) -> Mapping[ProgressKey, Progress]:
        """Return the rows as they are now; later changes leave the result alone."""
        return cast("Mapping[ProgressKey, Progress]", dict(self._rows))
