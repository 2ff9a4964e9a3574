"""Collects from the entries of a batch the scores that leaderboards show."""

from collections.abc import Iterable

from milepost.engine.step import AppliedEvent
from milepost.model.activity import without_activity
from milepost.model.organisation import RULES_FIRST
from milepost.model.standing import Entry, ProgressKey, Reason
from milepost.model.time import Micros
from milepost.rules.compiled.index import RuleIndex
from milepost.store.leaderboards import ScoreRow
from milepost.store.log import CustomerKey

COUNTING = frozenset(
    {
        *(Reason.COUNTED, Reason.RETURNED, Reason.ENROLLED, Reason.BALANCE_SET),
        *(Reason.COUNTED_FROM_LOG, Reason.CARRIED, Reason.MERGED, Reason.REVISED),
        Reason.ADJUSTED,
    }
)
"""The reasons of entries that change a customer's value."""

_ACTIVE = frozenset({Reason.COUNTED, Reason.DECIDED})
"""The reasons of entries of an event that counted itself. Returns and carried amounts are no activity."""

Scores = dict[tuple[CustomerKey, int, int], ScoreRow]
"""Scores by customer, target and period."""


def collect_scores(
    rule_index: RuleIndex, customer_key: CustomerKey, applied: Iterable[AppliedEvent], scores: Scores
) -> None:
    """Add to *scores* a customer's scores after *applied*."""
    for done in applied:
        for entry in done.entries:
            if entry.target_id in rule_index.boards and entry.reason in COUNTING:
                key = (customer_key, entry.target_id, entry.period_id)
                earlier, active_at = scores.get(key), _active_at(rule_index, done, entry)
                if earlier is not None:
                    active_at = max(active_at, earlier.active_at)
                scores[key] = ScoreRow(*key, entry.after, active_at)


def _active_at(rule_index: RuleIndex, done: AppliedEvent, entry: Entry) -> Micros:
    """Return the instant of the activity that made *entry*; see `without_activity` for an entry that none made."""
    at = done.event.occurred_at
    if entry.reason in _ACTIVE or rule_index.settings.rules_edition == RULES_FIRST:
        return at
    stored = done.stored_activity.get(ProgressKey(entry.target_id, entry.period_id))
    return without_activity(at) if stored is None else stored
