"""From the entries of a batch to the scores of the boards that they concern."""

from collections.abc import Iterable

from milepost.model.standing import Entry, Reason
from milepost.rules.compiled.index import RuleIndex
from milepost.store.leaderboards import ScoreRow
from milepost.store.log import CustomerKey

COUNTING = frozenset(
    {
        *(Reason.COUNTED, Reason.RETURNED, Reason.ENROLLED, Reason.BALANCE_SET),
        *(Reason.COUNTED_FROM_LOG, Reason.CARRIED, Reason.MERGED),
    }
)
"""The reasons of entries that say what a customer's value is."""

Scores = dict[tuple[CustomerKey, int, int], ScoreRow]
"""By customer, target and period."""


def collect_scores(
    rule_index: RuleIndex, customer_key: CustomerKey, applied: Iterable[tuple[int, Iterable[Entry]]], found: Scores
) -> None:
    """Add to *found* what a customer has on boards after *applied*: instants of events, and the entries they made."""
    for occurred_at, entries in applied:
        for entry in entries:
            if entry.target_id in rule_index.boards and entry.reason in COUNTING:
                key = (customer_key, entry.target_id, entry.period_id)
                known = found.get(key)
                active_at = occurred_at if known is None else max(occurred_at, known.active_at)
                found[key] = ScoreRow(*key, entry.after, active_at)
