"""Evaluating a streak: runs, levels and breaks follow from the achieved periods and the calendar (docs/rules.md).

A break is a matter of time: no job writes it, the streak is evaluated whenever it is read.
"""

from typing import NamedTuple

from milepost.model.progress.streak import Streak
from milepost.model.target import StreakLevel
from milepost.model.time import Micros
from milepost.rules.compiled.composites import StreakRule

BEGINNING = Micros(-(2**62))
"""An instant before all others: a walk until then calls no period missed but those before an achieved one."""


class StreakRun(NamedTuple):
    """The result of evaluating a streak.

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


class _Evaluation:
    """An evaluation in progress."""

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
        # In a day that a zone skips, nothing could have been achieved.
        return opens >= closes or any(starts < closes and ends > opens for starts, ends in self._pauses)

    def take_grants(self, until: Micros) -> None:
        """Take the freezes that were granted before *until*."""
        while self._grants and self._grants[0].at < until:
            self._gain(self._grants.pop(0).pieces)

    def _gain(self, pieces: int) -> None:
        most = 0 if self.rule.freezes is None else self.rule.freezes.most
        self.freezes = min(self.freezes + pieces, most)


def _since(rule: StreakRule, streak: Streak) -> int:
    """Return the position of the period from which counting starts."""
    if streak.counts_no_period:
        return len(rule.period_ids)
    return rule.period_ids.index(streak.since_period_id) if streak.since_period_id in rule.period_ids else 0


def evaluate(rule: StreakRule, streak: Streak, until: Micros) -> StreakRun:
    """Evaluate the periods in order; a period that is over at *until* and not achieved is missed."""
    achieved = set(streak.achieved)
    since = _since(rule, streak)
    last = max((place for place, id_ in enumerate(rule.period_ids) if id_ in achieved), default=-1)
    going = _Evaluation(rule, streak)
    for position in range(since, len(rule.period_ids)):
        going.take_grants(rule.closes[position])
        if rule.period_ids[position] in achieved:
            going.achieve(position)
        elif position < last or rule.closes[position] <= until:
            going.miss(position)
    return StreakRun(
        run=going.run,
        runs=going.runs,
        reached=tuple(going.reached),
        broken=going.broken,
        frozen=tuple(going.frozen),
        freezes_left=going.freezes,
    )
