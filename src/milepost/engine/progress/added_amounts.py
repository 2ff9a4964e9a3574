"""What an event adds to each row by now, for the corrections that take it back.

Its entries say it, and those of its corrections, until a changed definition has the progress computed anew: from then
on that event says it (decision 0042).
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, cast

from milepost.engine.fold import Fold
from milepost.engine.progress.corrections import Place
from milepost.engine.progress.history import Logged
from milepost.engine.progress.lineage import entries_in_own_windows, period_in_own_windows
from milepost.model.commands.revision import ReviseProgress
from milepost.model.standing import ProgressKey, Reason

_COUNTED, _RETURNED, _DECIDED = Reason.COUNTED, Reason.RETURNED, Reason.DECIDED


class Revised(NamedTuple):
    """What the revision at a place says that an event adds to a row, in units; None for nothing."""

    revision: Place
    amount: int | None


RevisedRows = Mapping[ProgressKey, Revised]
"""What the latest revision of each row says of one event."""

NOT_REVISED: RevisedRows = {}


class Added(NamedTuple):
    """What an event adds by now, in units, by row, and the rows in which the event itself counted."""

    amounts: Mapping[ProgressKey, int]
    counted: frozenset[ProgressKey]


def revised_rows(fold: Fold, known: Iterable[Logged]) -> dict[Place, dict[ProgressKey, Revised]]:
    """Return what the revisions among the *known* events say of each event, in this customer's own windows."""
    found: dict[Place, dict[ProgressKey, Revised]] = {}
    for one in _revisions(known):
        payload = one.event.payload
        assert isinstance(payload, ReviseProgress)
        for said in payload.amounts or ():
            period_id = period_in_own_windows(fold, one.under, said.target_id, said.period_id)
            key, rows = ProgressKey(said.target_id, period_id), found.setdefault((*one.under, *said.place), {})
            if key not in rows or rows[key].revision < one.place:
                rows[key] = Revised(one.place, said.amount)
    return found


def _revisions(known: Iterable[Logged]) -> Iterator[Logged]:
    return (one for one in known if type(one.event.payload) is ReviseProgress)


def added_by(fold: Fold, logged: Iterable[Logged], revised: RevisedRows = NOT_REVISED) -> Added:
    """Return what an event adds by the entries of *logged*, which are its own, and by what was *revised*."""
    amounts = {key: said.amount for key, said in revised.items() if said.amount is not None}
    counted = [*amounts]
    for one in logged:
        for entry in entries_in_own_windows(fold, one):
            if entry.reason is _COUNTED or entry.reason is _RETURNED:
                # A bare tuple is as good a key, and three times cheaper to make.
                key = cast("ProgressKey", (entry.target_id, entry.period_id))
                if revised and key in revised and one.place < revised[key].revision:
                    continue
                amounts[key] = amounts.get(key, 0) + entry.amount
                if entry.reason is _COUNTED:
                    counted.append(key)
    return Added(amounts, frozenset(counted))


def decided_by(decision: Logged, revised: RevisedRows = NOT_REVISED) -> dict[ProgressKey, int]:
    """Return what a decision uses of each cap, in units, before it is void."""
    used = {
        ProgressKey(entry.target_id, entry.period_id): entry.amount
        for entry in decision.entries
        if entry.reason is _DECIDED
    }
    used |= {key: said.amount or 0 for key, said in revised.items()}
    return {key: amount for key, amount in used.items() if key not in revised or revised[key].amount is not None}
