"""Collects from the entries of a batch the scores that leaderboards show."""

from collections.abc import Iterable

from milepost.model.standing import Entry, Reason
from milepost.model.time import Micros
from milepost.rules.compiled.index import RuleIndex
from milepost.store.leaderboards import ScoreRow
from milepost.store.log import CustomerKey

COUNTING = frozenset(
    {
        *(Reason.COUNTED, Reason.RETURNED, Reason.ENROLLED, Reason.BALANCE_SET),
        *(Reason.COUNTED_FROM_LOG, Reason.CARRIED, Reason.MERGED),
    }
)
"""The reasons of entries that change a customer's value."""

Scores = dict[tuple[CustomerKey, int, int], ScoreRow]
"""Scores by customer, target and period."""


def collect_scores(
    rule_index: RuleIndex, customer_key: CustomerKey, applied: Iterable[tuple[Micros, Iterable[Entry]]], scores: Scores
) -> None:
    """Add to *scores* a customer's scores after *applied*: the time of each event and the entries that it made."""
    for occurred_at, entries in applied:
        for entry in entries:
            if entry.target_id in rule_index.boards and entry.reason in COUNTING:
                key = (customer_key, entry.target_id, entry.period_id)
                earlier = scores.get(key)
                active_at = occurred_at if earlier is None else max(occurred_at, earlier.active_at)
                scores[key] = ScoreRow(*key, entry.after, active_at)
