"""Streaks: what follows from which periods were achieved, and from the calendar (semantics 4.9, docs/rules.md).

A break is a fact of time: nothing is swept, the walk is taken anew whenever somebody asks.
"""

from typing import NamedTuple

from milepost.engine.fold import Fold
from milepost.engine.progressing import Cause
from milepost.model.amount import UNITS_PER_ONE
from milepost.model.standing import EarnedLevel, Outcome, OutcomeKind, Progress, Streak
from milepost.model.target import StreakLevel
from milepost.rules.grouping import StreakRule
from milepost.rules.rule import Rule

BEGINNING = -(2**62)
"""An instant before all others: a walk until then calls no period missed but those before an achieved one."""


class Walked(NamedTuple):
    """A walk through the periods of a streak.

    `run` is the count at its end, `runs` that after each achieved period by its position; `reached` are the levels and
    the position of the period in which each was reached; `broken` maps the position of a missed period that ended a
    run to the length of that run; `frozen` are the positions that took a freeze; `freezes_left` wait for those to come.
    """

    run: int
    runs: dict[int, int]
    reached: tuple[tuple[StreakLevel, int], ...]
    broken: dict[int, int]
    frozen: tuple[int, ...]
    freezes_left: int


class _Walk:
    """A walk on its way."""

    def __init__(self, rule: StreakRule, streak: Streak) -> None:
        self.rule = rule
        self.run = 0
        self.counted = 0
        self.runs: dict[int, int] = {}
        self.reached: list[tuple[StreakLevel, int]] = []
        self.broken: dict[int, int] = {}
        self.frozen: list[int] = []
        self.freezes = 0
        self._grants = list(streak.freezes)
        self._pauses = (*streak.pauses, *rule.outages)

    def achieve(self, position: int) -> None:
        self.run += 1
        self.counted += 1
        self.runs[position] = self.run
        known = len(self.reached)
        self.reached += [(level, position) for level in self.rule.levels[known:] if level.count <= self.run]
        freezing = self.rule.freezes
        if freezing is not None and freezing.earn_every and self.counted % freezing.earn_every == 0:
            self._gain(1)

    def miss(self, position: int) -> None:
        if not self.rule.breaks or self.is_protected(position):
            return
        if self.run and self.freezes:
            self.freezes -= 1
            self.frozen.append(position)
            return
        if self.run:
            self.broken[position] = self.run
        self.run = 0

    def is_protected(self, position: int) -> bool:
        opens, closes = self.rule.opens[position], self.rule.closes[position]
        return any(starts < closes and ends > opens for starts, ends in self._pauses)

    def take_grants(self, until: int) -> None:
        """Take the freezes that were granted before *until*."""
        while self._grants and self._grants[0].at < until:
            self._gain(self._grants.pop(0).pieces)

    def _gain(self, pieces: int) -> None:
        most = 0 if self.rule.freezes is None else self.rule.freezes.most
        self.freezes = min(self.freezes + pieces, most)


def walk(rule: StreakRule, streak: Streak, until: int) -> Walked:
    """Walk through the periods in order; those over at *until* (offset days taken off) are missed if not achieved."""
    achieved = set(streak.achieved)
    since = rule.period_ids.index(streak.since_period_id) if streak.since_period_id in rule.period_ids else 0
    last = max((place for place, id_ in enumerate(rule.period_ids) if id_ in achieved), default=-1)
    going = _Walk(rule, streak)
    for position in range(since, len(rule.period_ids)):
        going.take_grants(rule.closes[position])
        if rule.period_ids[position] in achieved:
            going.achieve(position)
        elif position < last or rule.closes[position] <= until:
            going.miss(position)
    return Walked(going.run, going.runs, tuple(going.reached), going.broken, tuple(going.frozen), going.freezes)


def follow_streak(fold: Fold, rule: Rule, before: Progress, after: Progress, cause: Cause) -> None:
    """Let the streak of the rule's group follow when a period was achieved, or unachieved by a return."""
    if (before.achieved_by != 0) is (after.achieved_by != 0):
        return
    streak_rule = fold.catalogue.streaks.get(rule.group_id)
    if streak_rule is None or streak_rule.target_id != rule.target_id:
        return
    streak = fold.streaks.get(rule.group_id) or Streak(rule.group_id)
    if after.achieved_by:
        achieved = tuple(sorted({*streak.achieved, after.period_id}))
    else:
        achieved = tuple(period_id for period_id in streak.achieved if period_id != after.period_id)
    streak = streak._replace(achieved=achieved)
    walked = walk(streak_rule, streak, BEGINNING)
    if after.achieved_by:
        _note_start(fold, streak_rule, walked, after.period_id, cause)
    else:
        streak = _lost(fold, streak_rule, streak, walked, cause)
    keep_streak(fold, _earned(fold, streak_rule, streak, walked, cause))


def rewalk(fold: Fold, streak: Streak) -> None:
    """Keep *streak*, of which fewer periods may be missed now, with the levels that this reaches."""
    rule = fold.catalogue.streaks.get(streak.group_id)
    if rule is not None:
        streak = _earned(fold, rule, streak, walk(rule, streak, BEGINNING), fold.cause)
    keep_streak(fold, streak)


def keep_streak(fold: Fold, streak: Streak) -> None:
    """Keep *streak* as the customer's in its group."""
    fold.streaks = {**fold.streaks, streak.group_id: streak}


def _note_start(fold: Fold, rule: StreakRule, walked: Walked, period_id: int, cause: Cause) -> None:
    """Say that a streak started, if the period is the only one of its run."""
    position = rule.period_ids.index(period_id)
    following = walked.runs.get(min((place for place in walked.runs if place > position), default=-1), 1)
    if walked.runs.get(position) == 1 and following == 1:
        _say(fold, OutcomeKind.STREAK_STARTED, rule, period_id, 1, rule.group_id, cause)


def _earned(fold: Fold, rule: StreakRule, streak: Streak, walked: Walked, cause: Cause) -> Streak:
    """Give *streak* with the levels that the walk reached for the first time."""
    known = {level.level_id for level in streak.levels}
    levels = list(streak.levels)
    for level, position in walked.reached:
        if level.id not in known:
            levels.append(EarnedLevel(level.id, cause.at, cause.event.key.log_id, rule.period_ids[position]))
            _say(fold, OutcomeKind.STREAK_LEVEL_ACHIEVED, rule, rule.period_ids[position], level.count, level.id, cause)
    return streak._replace(levels=tuple(levels))


def _lost(fold: Fold, rule: StreakRule, streak: Streak, walked: Walked, cause: Cause) -> Streak:
    """Give *streak* without the levels that the walk does not reach any more; only a return leads here."""
    reached = {level.id for level, _ in walked.reached}
    for level in streak.levels:
        if level.level_id not in reached:
            _say(fold, OutcomeKind.STREAK_LEVEL_UNACHIEVED, rule, level.period_id, walked.run, level.level_id, cause)
    return streak._replace(levels=tuple(level for level in streak.levels if level.level_id in reached))


def _say(fold: Fold, kind: OutcomeKind, rule: StreakRule, period_id: int, value: int, about: int, cause: Cause) -> None:
    """Note an outcome of the streak; *value* counts periods."""
    fold.outcomes.append(Outcome(kind, rule.target_id, period_id, cause.at, value * UNITS_PER_ONE, about))
