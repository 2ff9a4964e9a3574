"""Imported progress, enrolments and streaks: values as another system showed them.

No event is counted and no outcome is noted: a goal that was rewarded there is not rewarded again. Later events go on
from the imported values.
"""

from milepost.engine.fold import Fold, is_first_edition
from milepost.engine.progress.composite import import_composite
from milepost.model.amount import to_units
from milepost.model.commands.vendor_import import ImportedRow, ImportProgress
from milepost.model.progress.streak import EarnedLevel, Streak
from milepost.model.standing import Enrolment, Entry, Progress, Reason, StoredEvents
from milepost.rules.compiled.rule import Rule


def import_progress(fold: Fold, payload: ImportProgress) -> None:
    """Import the values of *payload*; targets and periods that do not exist here are left out."""
    fold.purchases += to_units(payload.purchases)
    fold.anchors = {**fold.anchors, **dict(payload.anchors)}
    for moved in payload.enrolments:
        if moved.target_id in fold.rule_index.rules:
            goals = tuple((period_id, to_units(goal)) for period_id, goal in moved.goals)
            enrolled = Enrolment(
                target_id=moved.target_id,
                period_id=moved.period_id,
                enrolled_at=fold.cause.at,
                seq=fold.seq + 1,
                stored=StoredEvents.NONE,
                left_period_id=moved.left_period_id,
                goals=goals,
            )
            fold.enrolments = (*(e for e in fold.enrolments if e.target_id != moved.target_id), enrolled)
    for row in payload.rows:
        rule = fold.rule_index.rules.get(row.target_id)
        position = None if rule is None else rule.position_of(row.period_id)
        if rule is not None and position is not None and not _has_ended_here(fold, rule, position):
            _take(fold, rule, position, row)
    _take_streaks(fold, payload)
    for composite in fold.rule_index.composites.values():
        for period_id in composite.closes:
            import_composite(fold, composite, period_id)


def _has_ended_here(fold: Fold, rule: Rule, position: int) -> bool:
    """Whether the period is over and the customer made progress in it here: what has ended never changes."""
    has_ended = fold.closes_at(rule, position) <= fold.event.occurred_at
    return has_ended and rule.keys[position] in fold.progress and not is_first_edition(fold)


def _take(fold: Fold, rule: Rule, position: int, row: ImportedRow) -> None:
    key = rule.keys[position]
    reached = sum(1 << place for place, mark in enumerate(rule.marks) if mark.trigger_id in row.triggers)
    value = to_units(row.value)
    fold.archive_after(fold.closes_at(rule, position))
    fold.progress[key] = Progress(
        target_id=key.target_id,
        period_id=key.period_id,
        value=value,
        enrolled_at=row.enrolled_at,
        updated_at=row.updated_at,
        achieved_at=row.achieved_at,
        achieved_by=row.achieved_by,
        triggers=reached,
    )
    fold.entries.append(
        Entry(
            target_id=key.target_id,
            period_id=key.period_id,
            reason=Reason.MOVED_IN,
            amount=value,
            before=0,
            after=value,
        )
    )


def _take_streaks(fold: Fold, payload: ImportProgress) -> None:
    """Import achieved periods, which follow from the rows, and earned levels."""
    streaks = dict(fold.streaks)
    for group_id, rule in fold.rule_index.streaks.items():
        achieved = (row for row in payload.rows if row.target_id == rule.target_id and row.is_achieved)
        periods = tuple(sorted({row.period_id for row in achieved}))
        levels = tuple(
            EarnedLevel(level.level_id, level.earned_at, fold.event.key.log_id, level.period_id)
            for level in payload.levels
            if level.group_id == group_id
        )
        if periods or levels:
            streaks[group_id] = Streak(group_id, periods, levels)
    fold.streaks = streaks
