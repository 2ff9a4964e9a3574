"""Updating streaks when a period is achieved or unachieved (facts 4.9, docs/rules.md)."""

from milepost.engine.fold import Fold
from milepost.engine.progress.change import Cause
from milepost.engine.progress.streak_run import BEGINNING, StreakRun, evaluate
from milepost.model.amount import UNITS_PER_ONE
from milepost.model.progress.streak import EarnedLevel, Streak
from milepost.model.standing import Outcome, OutcomeKind, Progress
from milepost.rules.compiled.composites import StreakRule
from milepost.rules.compiled.rule import Rule


def update_streak(fold: Fold, rule: Rule, before: Progress, after: Progress, cause: Cause) -> None:
    """Update the streak of the rule's group when a period was achieved, or unachieved by a return."""
    if before.is_achieved is after.is_achieved:
        return
    streak_rule = fold.rule_index.streaks.get(rule.group_id)
    if streak_rule is None or streak_rule.target_id != rule.target_id:
        return
    streak = fold.streaks.get(rule.group_id) or Streak(rule.group_id)
    if after.is_achieved:
        achieved = tuple(sorted({*streak.achieved, after.period_id}))
    else:
        achieved = tuple(period_id for period_id in streak.achieved if period_id != after.period_id)
    streak = streak._replace(achieved=achieved)
    run = evaluate(streak_rule, streak, BEGINNING)
    if after.is_achieved:
        _note_start(fold, streak_rule, run, after.period_id, cause)
    else:
        streak = _lost(fold, streak_rule, streak, run, cause)
    keep_streak(fold, _earned(fold, streak_rule, streak, run, cause))


def reevaluate(fold: Fold, streak: Streak) -> None:
    """Store *streak* after freezes or pauses protect more periods, with the levels that this reaches."""
    rule = fold.rule_index.streaks.get(streak.group_id)
    if rule is not None:
        streak = _earned(fold, rule, streak, evaluate(rule, streak, BEGINNING), fold.cause)
    keep_streak(fold, streak)


def keep_streak(fold: Fold, streak: Streak) -> None:
    """Store *streak* as the customer's streak in its group."""
    fold.streaks = {**fold.streaks, streak.group_id: streak}


def _note_start(fold: Fold, rule: StreakRule, run: StreakRun, period_id: int, cause: Cause) -> None:
    """Note that a streak started, if the period is the only one of its run."""
    position = rule.period_ids.index(period_id)
    following = run.runs.get(min((place for place in run.runs if place > position), default=-1), 1)
    if run.runs.get(position) == 1 and following == 1:
        _say(fold, OutcomeKind.STREAK_STARTED, rule, period_id, 1, rule.group_id, cause)


def _earned(fold: Fold, rule: StreakRule, streak: Streak, run: StreakRun, cause: Cause) -> Streak:
    """Return *streak* with the levels that are reached for the first time."""
    known = {level.level_id for level in streak.levels}
    levels = list(streak.levels)
    for level, position in run.reached:
        if level.id not in known:
            levels.append(EarnedLevel(level.id, cause.at, cause.event.key.log_id, rule.period_ids[position]))
            _say(fold, OutcomeKind.STREAK_LEVEL_ACHIEVED, rule, rule.period_ids[position], level.count, level.id, cause)
    return streak._replace(levels=tuple(levels))


def _lost(fold: Fold, rule: StreakRule, streak: Streak, run: StreakRun, cause: Cause) -> Streak:
    """Return *streak* without the levels that are no longer reached; only a return can cause this."""
    reached = {level.id for level, _ in run.reached}
    for level in streak.levels:
        if level.level_id not in reached:
            _say(fold, OutcomeKind.STREAK_LEVEL_UNACHIEVED, rule, level.period_id, run.run, level.level_id, cause)
    return streak._replace(levels=tuple(level for level in streak.levels if level.level_id in reached))


def _say(fold: Fold, kind: OutcomeKind, rule: StreakRule, period_id: int, value: int, about: int, cause: Cause) -> None:
    """Note an outcome of the streak; *value* counts periods."""
    fold.outcomes.append(
        Outcome(
            kind=kind,
            target_id=rule.target_id,
            period_id=period_id,
            at=cause.at,
            value=value * UNITS_PER_ONE,
            about=about,
        )
    )
