"""How a change reaches the progress it concerns, and what follows from it for the group."""

from collections.abc import Iterable

from milepost.engine.fold import Fold, contribution_of, is_decided, is_too_late
from milepost.engine.progress.beginning import first_progress, open_windows
from milepost.engine.progress.change import Cause, Change, apply_change
from milepost.engine.progress.composite import composites_afterwards, update_composite
from milepost.engine.progress.context import evaluation_context
from milepost.engine.progress.contributions import accumulate, contributions
from milepost.engine.progress.sequential import fill_next
from milepost.engine.progress.streaks import update_streak
from milepost.engine.progress.windows import position_of
from milepost.language import EvaluationContext
from milepost.model.event import Event
from milepost.model.standing import NOT_LEFT, Entry, ProgressKey, Reason
from milepost.model.target import Evaluation
from milepost.rules.compiled.rule import Rule, Signature


def count(fold: Fold, event: Event, cause: Cause) -> None:
    """Count the event for every rule that it matches; what rules ask alike is asked once."""
    context = evaluation_context(fold.rule_index, event, fold.before)
    matched = fold.rule_index.rules_for(event)
    if fold.enrolments or fold.rule_index.settings.late_days is not None:
        _count_together(fold, fold.rule_index.candidates(event, fold.enrolments), context, cause)
        return
    if matched.plain:
        added = contributions(matched.plain, context)
        fold.archive_after(accumulate(added, event, fold.progress, fold.entries, fold.outcomes))
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
        position = rule.position(at) if rule.is_fixed else position_of(rule, fold.anchors, at)
        if position < 0 or (decided and rule.is_cap) or not takes_part_now(fold, rule, position):
            continue
        change = contribution_of(rule, context, asked)
        if change is None:
            continue
        if is_too_late(fold, rule, position, event):
            _note_too_late(fold, rule.keys[position], change.amount)
        else:
            apply_to_group(fold, rule, position, change, cause)


def takes_part_now(fold: Fold, rule: Rule, position: int) -> bool:
    """Return whether an event in the period at *position* may count; who left does so for good until achieved."""
    if not fold.enrolments:
        return rule.open_to_all
    if rule.frame.evaluation is Evaluation.PERIOD_AGNOSTIC_WINDOW:
        enrolment = fold.enrolment(rule.target_id)
        return rule.open_to_all if enrolment is None else enrolment.left_period_id == NOT_LEFT
    return fold.takes_part(rule, position)


def apply_to_group(fold: Fold, rule: Rule, position: int, change: Change, cause: Cause) -> None:
    """Let *change* happen to the progress of *rule* in the period at *position*, with all that follows from it."""
    if rule.frame.evaluation is Evaluation.PERIOD_AGNOSTIC_WINDOW:
        fill_next(fold, rule, change, cause)
        return
    key = rule.keys[position]
    before = fold.progress.get(key)
    if before is None:
        before = first_progress(fold, rule, position, cause)
    elif not rule.is_fixed:
        # A balance may have made the row before anything counted.
        open_windows(fold, rule, cause)
    goal = fold.goal(rule, position) if fold.enrolments else rule.goals[position]
    after = fold.progress[key] = apply_change(rule, position, goal, before, change, cause, fold.outcomes)
    fold.entries.append(Entry(key[0], key[1], change.reason, change.amount, before.value, after.value))
    if rule.together:
        update_streak(fold, rule, before, after, cause)
        update_composite(fold, rule, key.period_id, change, cause)


def _note_too_late(fold: Fold, key: ProgressKey, amount: int) -> None:
    value = fold.progress[key].value if key in fold.progress else 0
    fold.entries.append(Entry(*key, Reason.TOO_LATE, amount, value, value))
