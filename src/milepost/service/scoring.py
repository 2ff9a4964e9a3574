"""From the entries of a batch to the scores of the boards that they concern."""

from collections.abc import Iterable

from milepost.model.standing import Entry, Reason
from milepost.rules.matching import Catalogue
from milepost.store.boards import Scored
from milepost.store.log import Who

COUNTING = frozenset(
    {
        *(Reason.COUNTED, Reason.RETURNED, Reason.ENROLLED, Reason.BALANCE_SET),
        *(Reason.COUNTED_FROM_LOG, Reason.CARRIED, Reason.MERGED),
    }
)
"""The reasons of entries that say what a customer's value is."""

Scores = dict[tuple[Who, int, int], Scored]
"""By customer, target and period."""


def scored(catalogue: Catalogue, who: Who, told: Iterable[tuple[int, Iterable[Entry]]], found: Scores) -> None:
    """Add to *found* what a customer has on boards after *told*: instants of events, and the entries they made."""
    for occurred_at, entries in told:
        for entry in entries:
            if entry.target_id in catalogue.boards and entry.reason in COUNTING:
                key = (who, entry.target_id, entry.period_id)
                known = found.get(key)
                active_at = occurred_at if known is None else max(occurred_at, known.active_at)
                found[key] = Scored(*key, entry.after, active_at)
