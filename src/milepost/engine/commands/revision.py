"""A changed definition: a customer's progress becomes what the changed definition makes of the log.

The values come with the event, computed by a trial of the log (decision 0042). What follows from them is decided here:
triggers, achievements, streaks and composites, each told once, with the change as its cause.
"""

from msgspec.structs import replace

from milepost.engine.fold import Fold
from milepost.engine.progress.change import Change, reached_triggers
from milepost.engine.progress.composite import composites_afterwards, update_composite
from milepost.engine.progress.streaks import reevaluate, update_streak
from milepost.model.commands.revision import ReviseProgress
from milepost.model.standing import NOT_ACHIEVED, Entry, Outcome, OutcomeKind, Progress, Reason
from milepost.rules.compiled.rule import Rule


def revise(fold: Fold, payload: ReviseProgress) -> None:
    """Give the customer the rows of *payload*; targets and periods that no longer exist are left out."""
    if payload.anchors:
        fold.anchors = {**fold.anchors, **dict(payload.anchors)}
    with composites_afterwards(fold):
        for row in payload.rows:
            rule = fold.rule_index.rules.get(row.target_id)
            position = None if rule is None else rule.position_of(row.period_id)
            if rule is not None and position is not None:
                _revise_row(fold, rule, position, row, revokes=payload.revokes)
    streak = fold.streaks.get(payload.group_id)
    if payload.rows and streak is not None and payload.group_id in fold.rule_index.streaks:
        reevaluate(fold, streak)


def _revise_row(fold: Fold, rule: Rule, position: int, row: Progress, *, revokes: bool) -> None:
    key, cause = rule.keys[position], fold.cause
    before = fold.progress.get(key)
    if before is None:
        if not (row.value or row.is_achieved or row.days):
            return
        before = _begun(fold, rule, position, row)
    achieved_at, achieved_by = before.achieved_at, before.achieved_by
    if row.is_achieved and not before.is_achieved:
        achieved_at, achieved_by = cause.at, cause.event.key.log_id
    elif before.is_achieved and not row.is_achieved and revokes:
        achieved_at, achieved_by = NOT_ACHIEVED
    goal, notes = fold.goal(rule, position), fold.outcomes.append
    triggers = reached_triggers(rule, position, goal, before.triggers, row.value, cause.at, notes)
    after = replace(
        before, value=row.value, days=row.days, triggers=triggers, achieved_at=achieved_at, achieved_by=achieved_by
    )
    if after != before:
        fold.progress[key] = replace(after, updated_at=cause.received_at)
        _explain(fold, rule, before, after)
        update_streak(fold, rule, before, after, cause)
    moved = after.value - before.value
    change = Change(old=None, new=moved, day=0, reason=Reason.REVISED, amount=moved)
    update_composite(fold, rule, key.period_id, change, cause)


def _begun(fold: Fold, rule: Rule, position: int, row: Progress) -> Progress:
    """Return a new row of value 0, which enrols the customer as the first event that counts does."""
    at = fold.cause.at
    fold.archive_after(fold.closes_at(rule, position))
    fold.outcomes.append(
        Outcome(kind=OutcomeKind.ENROLLED, target_id=row.target_id, period_id=row.period_id, at=at, value=0)
    )
    return Progress(
        target_id=row.target_id, period_id=row.period_id, value=0, enrolled_at=at, updated_at=fold.cause.received_at
    )


def _explain(fold: Fold, rule: Rule, before: Progress, after: Progress) -> None:
    """Note the entry of a row that changed, and its outcome if it is achieved now, or no more."""
    fold.entries.append(
        Entry(
            target_id=after.target_id,
            period_id=after.period_id,
            reason=Reason.REVISED,
            amount=after.value - before.value,
            before=before.value,
            after=after.value,
        )
    )
    if after.is_achieved is before.is_achieved:
        return
    reached = OutcomeKind.CAP_REACHED if rule.is_cap else OutcomeKind.ACHIEVED
    fold.outcomes.append(
        Outcome(
            kind=reached if after.is_achieved else OutcomeKind.UNACHIEVED,
            target_id=after.target_id,
            period_id=after.period_id,
            at=fold.cause.at,
            value=after.value,
        )
    )
