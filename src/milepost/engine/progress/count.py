"""How an event is counted: the rules that it matches, the rows that change, and what follows for the group."""

from collections.abc import Iterable

from msgspec.structs import replace

from milepost.engine.fold import Fold, contribution_of, is_before_enrolment, is_decided, is_too_late
from milepost.engine.progress.beginning import first_progress, open_windows
from milepost.engine.progress.change import (
    UNDATED,
    Cause,
    Change,
    achieves,
    moved_days,
    reached_triggers,
    revokes,
    takes_off,
)
from milepost.engine.progress.composite import composites_afterwards, update_composite
from milepost.engine.progress.contributions import contributions
from milepost.engine.progress.sequential import fill_next
from milepost.engine.progress.streaks import update_streak
from milepost.language import EvaluationContext
from milepost.model.event import Event
from milepost.model.standing import Entry, OutcomeKind, ProgressKey, Reason
from milepost.model.target import Evaluation
from milepost.model.time import Micros
from milepost.rules.compiled.rule import Rule, Signature

# Said once: to look a member of an enumeration up costs as much as to note an entry.
_ACHIEVED, _CAP = OutcomeKind.ACHIEVED, OutcomeKind.CAP_REACHED


def count(fold: Fold, event: Event, cause: Cause) -> None:
    """Count *event* for every rule that it matches; rules of one signature are asked once."""
    rule_index = fold.rule_index
    matched = rule_index.rules_for(event)
    if fold.enrolments or rule_index.settings.late_days is not None:
        rules = rule_index.candidates(event, fold.enrolments)
        if rules:
            _count_together(fold, rules, fold.context(event), cause)
        return
    if not (matched.batches or matched.others):
        return
    context = fold.context(event)
    if matched.batches:
        added = contributions(matched.batches, context)
        if added:
            fold.archive_after(fold.progress.accumulate(added, cause))
    if matched.others:
        _count_together(fold, matched.others, context, cause)


def _count_together(fold: Fold, rules: Iterable[Rule], context: EvaluationContext, cause: Cause) -> None:
    if not fold.rule_index.composites:
        _count_each(fold, rules, context, cause)
        return
    with composites_afterwards(fold):
        _count_each(fold, rules, context, cause)


def _count_each(fold: Fold, rules: Iterable[Rule], context: EvaluationContext, cause: Cause) -> None:
    event = context.event
    at = event.occurred_at
    decided = is_decided(event)
    asked: dict[Signature, Change | None] = {}
    for rule in rules:
        position = rule.position(at) if rule.is_fixed else fold.position_of_event(rule, event)
        if position is None or (decided and rule.is_cap) or not takes_part_now(fold, rule, position, at):
            continue
        change = contribution_of(rule, context, asked)
        if change is None:
            continue
        if is_too_late(fold, rule, position, event):
            _note_too_late(fold, rule.keys[position], change.amount)
        else:
            apply_to_group(fold, rule, position, change, cause)


def takes_part_now(fold: Fold, rule: Rule, position: int, at: Micros) -> bool:
    """Return whether an event of the instant *at* (epoch microseconds) in the period at *position* may count.

    A customer who left sequential periods has left them for good.
    """
    if not fold.enrolments:
        return rule.open_to_all
    enrolment = fold.enrolment(rule.target_id)
    if is_before_enrolment(enrolment, at):
        return False
    if rule.frame.evaluation is Evaluation.PERIOD_AGNOSTIC_WINDOW:
        return rule.open_to_all if enrolment is None else not enrolment.has_left
    return fold.takes_part(rule, position)


def apply_to_group(fold: Fold, rule: Rule, position: int, change: Change, cause: Cause) -> None:
    """Apply *change* to the row of *rule* in the period at *position*, and update its streak or composite."""
    if rule.frame.evaluation is Evaluation.PERIOD_AGNOSTIC_WINDOW:
        fill_next(fold, rule, change, cause)
        return
    key = rule.keys[position]
    if key not in fold.progress:
        fold.progress[key] = first_progress(fold, rule, position, cause)
    elif not rule.is_fixed:
        # A balance may have made the row before anything counted.
        open_windows(fold, rule, cause)
    if not rule.is_group_tracked:
        change_row(fold, rule, position, change, cause)
        return
    before = fold.progress[key]
    change_row(fold, rule, position, change, cause)
    update_streak(fold, rule, before, fold.progress[key], cause)
    update_composite(fold, rule, key.period_id, change, cause)


def change_row(fold: Fold, rule: Rule, position: int, change: Change, cause: Cause) -> None:
    """Apply *change* to a row that exists: its days and value, its triggers, then its achievement."""
    target, rows, moved = rule.row_targets[position], fold.progress, change.amount
    if fold.enrolments:
        target = target._replace(goal=fold.goal(rule, position))
    if not rule.sums and change.reason not in UNDATED:
        row = rows[rule.keys[position]]
        days, moved = moved_days(row.days, change, rule.aggregate)
        rows[rule.keys[position]] = replace(row, days=days)
    may_achieve = achieves(change, cause.settings)
    if not may_achieve and not rows[rule.keys[position]].is_achieved:
        # Without a goal, nothing is achieved.
        target = target._replace(goal=None)
    if rule.marks and may_achieve:
        row = rows[rule.keys[position]]
        value = row.value + moved
        triggers = reached_triggers(rule, position, target.goal, row.triggers, value, cause.at, fold.outcomes.append)
        rows[rule.keys[position]] = replace(row, triggers=triggers)
    takes_back = takes_off(change.reason, change.amount) and revokes(cause.settings)
    rows.add((target,), moved, cause, change.reason, change.amount, _CAP if rule.is_cap else _ACHIEVED, takes_back)


def _note_too_late(fold: Fold, key: ProgressKey, amount: int) -> None:
    value = fold.value(key)
    fold.entries.append(
        Entry(
            target_id=key.target_id,
            period_id=key.period_id,
            reason=Reason.TOO_LATE,
            amount=amount,
            before=value,
            after=value,
        )
    )
