"""Stored events that an enrolment counts: of each bill, the part that was not returned (facts 8.1, docs/rules.md)."""

from collections.abc import Sequence
from itertools import islice

from milepost.engine.commands import first_returns
from milepost.engine.commands.returns import amount_left
from milepost.engine.fold import Fold, StoredCount, counts_stored_event, day_of, is_first_edition
from milepost.engine.progress.added_amounts import NOT_REVISED, RevisedRows, revised_rows
from milepost.engine.progress.change import cause_of, change_between
from milepost.engine.progress.corrections import Matching, matching
from milepost.engine.progress.count import apply_to_group
from milepost.engine.progress.history import Logged
from milepost.model.event import Bill
from milepost.model.organisation import Returns
from milepost.model.standing import Enrolment, ProgressKey, Reason
from milepost.model.time import Micros
from milepost.rules.compiled import first_remaining
from milepost.rules.compiled.rule import Rule


def count_stored(fold: Fold, rule: Rule, enrolment: Enrolment, past: Sequence[Logged]) -> None:
    """Count stored events for the target; of each bill, the part that was not returned."""
    if not enrolment.counts_stored:
        return
    matched = None if is_first_edition(fold) else matching(past, fold.rule_index.calendar.day)
    revised = revised_rows(fold, past)
    for logged in sorted(past, key=lambda logged: logged.place):
        event = logged.event
        position = fold.position(rule, event.occurred_at)
        if position is None or not counts_stored_event(fold, rule, position, enrolment, event):
            continue
        if has_counted(rule.target_id, logged, revised.get(logged.place, NOT_REVISED)):
            continue
        amount = (
            _first_amount_now(fold, rule, position, logged, past)
            if matched is None
            else _amount_now(fold, rule, position, logged, matched)
        )
        if amount is not None:
            change = change_between(None, amount, day_of(rule, event), Reason.COUNTED_FROM_LOG)
            noted = len(fold.entries)
            apply_to_group(fold, rule, position, change, cause_of(event, fold.rule_index.settings))
            _note_activity(fold, noted, event.occurred_at)
            fold.stored_counts = (*fold.stored_counts, StoredCount(logged.place, noted, len(fold.entries)))


def has_counted(target_id: int, logged: Logged, revised: RevisedRows) -> bool:
    """Whether a stored event counts for a target already, by its own entries and what was *revised*."""
    said = {key: one for key, one in revised.items() if key.target_id == target_id}
    return any(one.amount is not None for one in said.values()) or any(
        entry.target_id == target_id
        and entry.reason is Reason.COUNTED
        and (entry.target_id, entry.period_id) not in said
        for entry in logged.entries
    )


def _note_activity(fold: Fold, first: int, at: Micros) -> None:
    """Note that a stored event of the instant *at* counted in the rows of the entries from the *first* one on."""
    for entry in islice(fold.entries, first, None):
        key = ProgressKey(entry.target_id, entry.period_id)
        fold.stored_activity[key] = max(at, fold.stored_activity.get(key, at))


def _amount_now(fold: Fold, rule: Rule, position: int, logged: Logged, matched: Matching) -> int | None:
    """Return what a stored event adds after its corrections dated before the end of its period."""
    match = matched.matches.get(logged.place)
    is_ignored = isinstance(logged.event.payload, Bill) and fold.rule_index.settings.returns is Returns.IGNORE
    if match is None or is_ignored:
        return rule.amount(fold.context(logged.event))
    closing = fold.closes_at(rule, position)
    effective = [one.event for one in match.corrections if one.event.occurred_at < closing]
    return amount_left(fold, rule, logged.event, effective)


def _first_amount_now(fold: Fold, rule: Rule, position: int, logged: Logged, past: Sequence[Logged]) -> int | None:
    """Return what a stored event adds by the first edition of the rules (decision 0027)."""
    payload = logged.event.payload
    if not isinstance(payload, Bill) or fold.rule_index.settings.returns is Returns.IGNORE:
        return rule.amount(fold.context(logged.event))
    closing = fold.closes_at(rule, position)
    effective = [other.event for other in first_returns.returns_from(logged, past) if other.event.occurred_at < closing]
    left = first_remaining.remaining(payload, first_returns.returns_of(effective))
    return first_returns.amount_left(fold, rule, logged.event, left)
