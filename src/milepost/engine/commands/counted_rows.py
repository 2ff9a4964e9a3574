"""The rows in which an event has counted, for the corrections that take it back."""

from collections.abc import Iterator
from typing import NamedTuple

from milepost.engine.fold import Fold, counts_stored_event
from milepost.engine.progress.added_amounts import NOT_REVISED, RevisedRows
from milepost.engine.progress.history import Logged
from milepost.engine.progress.lineage import enrolments_since, entries_in_own_windows
from milepost.model.standing import Reason
from milepost.model.target import Evaluation
from milepost.rules.compiled.rule import Rule


class CountedRow(NamedTuple):
    """A rule and a period (by position) in which an event has counted."""

    rule: Rule
    position: int


def counted_for(fold: Fold, bill: Logged, revised: RevisedRows = NOT_REVISED) -> list[CountedRow]:
    """Return the rows in which *bill* counts, directly or at an enrolment; sequential periods are one row.

    *revised* is what revisions say of it.
    """
    found: dict[tuple[int, int], CountedRow] = {}
    rules = fold.rule_index.rules
    for target_id, period_id in _counted_keys(fold, bill, revised):
        rule = rules.get(target_id)
        position = None if rule is None else rule.position_of(period_id)
        if rule is not None and position is not None:
            place = (rule.target_id, position) if rule.is_fixed else row_place(rule, position)
            if place not in found:
                found[place] = CountedRow(rule, position)
    if not fold.enrolments and not fold.lineage.merged:
        return [*found.values()]
    for enrolment in enrolments_since(fold, bill):
        if not enrolment.counts_stored:
            continue
        rule = fold.rule_index.rules.get(enrolment.target_id)
        position = None if rule is None else fold.position(rule, bill.event.occurred_at)
        if rule is None or position is None or rule.keys[position] in revised:
            continue
        if counts_stored_event(fold, rule, position, enrolment, bill.event):
            found.setdefault(row_place(rule, position), CountedRow(rule, position))
    return [one for one in found.values() if not is_replaced(fold, bill, one)]


def _counted_keys(fold: Fold, bill: Logged, revised: RevisedRows) -> Iterator[tuple[int, int]]:
    for entry in entries_in_own_windows(fold, bill):
        key = entry.target_id, entry.period_id
        if entry.reason is Reason.COUNTED and (not revised or key not in revised):
            yield key
    yield from (key for key, said in revised.items() if said.amount is not None)


def is_replaced(fold: Fold, bill: Logged, counted: CountedRow) -> bool:
    """Return whether an opening balance has replaced the contribution of *bill*."""
    place = row_place(*counted)
    for enrolment in enrolments_since(fold, bill):
        period_id = enrolment.replaced_at_period
        if enrolment.target_id == counted.rule.target_id and period_id is not None:
            replaced = counted.rule.position_of(period_id)
            if replaced is not None and row_place(counted.rule, replaced) == place:
                return True
    return False


def row_place(rule: Rule, position: int) -> tuple[int, int]:
    """Return the identity of a count: a target and a period; sequential periods of a target are one."""
    until_achieved = rule.frame.evaluation is Evaluation.PERIOD_AGNOSTIC_WINDOW
    return rule.target_id, 0 if until_achieved else position
