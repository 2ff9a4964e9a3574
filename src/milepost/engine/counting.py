"""How a change reaches the progress it concerns, and what follows from it for the group."""

from collections.abc import Iterable

from milepost.engine.beginning import first_progress, open_windows
from milepost.engine.filling import fill
from milepost.engine.fold import Fold, counted, is_decided, is_too_late
from milepost.engine.progressing import Cause, Change, progressed
from milepost.engine.reaching import occasion_of
from milepost.engine.streaks import follow_streak
from milepost.engine.summing import add_up, amounts
from milepost.engine.unified import follow_whole, members_together
from milepost.engine.windows import position_of
from milepost.language import Occasion
from milepost.model.event import Event
from milepost.model.standing import STAYS, Entry, ProgressKey, Reason
from milepost.model.target import Evaluation
from milepost.rules.rule import Asks, Rule


def count(fold: Fold, event: Event, cause: Cause) -> None:
    """Count the event for every rule that it matches; what rules ask alike is asked once."""
    occasion = occasion_of(fold.catalogue, event, fold.before)
    listening = fold.catalogue.listening(event)
    if fold.enrolments or fold.catalogue.settings.late_days is not None:
        _count_together(fold, fold.catalogue.candidates(event, fold.enrolments), occasion, cause)
        return
    if listening.plain:
        added = amounts(listening.plain, occasion)
        fold.keep_hot(add_up(added, event, fold.progress, fold.entries, fold.outcomes))
    if listening.others:
        _count_together(fold, listening.others, occasion, cause)


def _count_together(fold: Fold, rules: Iterable[Rule], occasion: Occasion, cause: Cause) -> None:
    if not fold.catalogue.wholes:
        _count_each(fold, rules, occasion, cause)
        return
    with members_together(fold):
        _count_each(fold, rules, occasion, cause)


def _count_each(fold: Fold, rules: Iterable[Rule], occasion: Occasion, cause: Cause) -> None:
    event = occasion.event
    at = event.occurred_at
    decided = is_decided(event)
    asked: dict[Asks, Change | None] = {}
    for rule in rules:
        position = rule.position(at) if rule.is_fixed else position_of(rule, fold.anchors, at)
        if position < 0 or (decided and rule.is_cap) or not takes_part_now(fold, rule, position):
            continue
        change = counted(rule, occasion, asked)
        if change is None:
            continue
        if is_too_late(fold, rule, position, event):
            _note_too_late(fold, rule.keys[position], change.amount)
        else:
            apply(fold, rule, position, change, cause)


def takes_part_now(fold: Fold, rule: Rule, position: int) -> bool:
    """Tell whether an event in the period at *position* may count; who left does so for good until achieved."""
    if not fold.enrolments:
        return rule.open_to_all
    if rule.frame.evaluation is Evaluation.PERIOD_AGNOSTIC_WINDOW:
        enrolment = fold.enrolment(rule.target_id)
        return rule.open_to_all if enrolment is None else enrolment.left_period_id == STAYS
    return fold.takes_part(rule, position)


def apply(fold: Fold, rule: Rule, position: int, change: Change, cause: Cause) -> None:
    """Let *change* happen to the progress of *rule* in the period at *position*, with all that follows from it."""
    if rule.frame.evaluation is Evaluation.PERIOD_AGNOSTIC_WINDOW:
        fill(fold, rule, change, cause)
        return
    key = rule.keys[position]
    before = fold.progress.get(key)
    if before is None:
        before = first_progress(fold, rule, position, cause)
    elif not rule.is_fixed:
        # A balance may have made the row before anything counted.
        open_windows(fold, rule, cause)
    goal = fold.goal(rule, position) if fold.enrolments else rule.goals[position]
    after = fold.progress[key] = progressed(rule, position, goal, before, change, cause, fold.outcomes)
    fold.entries.append(Entry(key[0], key[1], change.reason, change.amount, before.value, after.value))
    if rule.together:
        follow_streak(fold, rule, before, after, cause)
        follow_whole(fold, rule, key.period_id, change, cause)


def _note_too_late(fold: Fold, key: ProgressKey, amount: int) -> None:
    value = fold.progress[key].value if key in fold.progress else 0
    fold.entries.append(Entry(*key, Reason.TOO_LATE, amount, value, value))
