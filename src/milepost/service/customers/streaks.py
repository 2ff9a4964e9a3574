"""A customer's streak as it stands at an instant, evaluated anew on each request (docs/rules.md)."""

from typing import NamedTuple

from milepost.engine.progress.streak_run import StreakRun, evaluate
from milepost.model.progress.streak import EarnedLevel, Streak
from milepost.model.target import StreakLevel, TargetGroup
from milepost.model.time import DAY_US, Micros
from milepost.service.customers.view import CustomerView


class LevelStanding(NamedTuple):
    """A customer's progress to a streak level.

    `counted` are the periods that count for it, at most as many as it needs. `earned` is None until it is reached.
    """

    level: StreakLevel
    counted: int
    earned: EarnedLevel | None


class StreakStanding(NamedTuple):
    """A customer's streak at an instant.

    `frozen` are the ids of periods that used a freeze, `missed` the ids of periods that broke the streak. `stored` is
    the part of the customer's standing from which this was evaluated.
    """

    run: int
    freezes_left: int
    levels: tuple[LevelStanding, ...]
    frozen: tuple[int, ...]
    missed: tuple[int, ...]
    stored: Streak


def streak_standing(view: CustomerView, group: TargetGroup, at: Micros) -> StreakStanding | None:
    """Return the customer's streak in *group* *at* an instant (epoch microseconds); None if the group is no streak."""
    rule = view.snapshot.rule_index.streaks.get(group.id)
    if rule is None:
        return None
    stored = view.standing.streaks.get(group.id) or Streak(group.id)
    until = Micros(at - view.snapshot.organisation.settings.offset_days * DAY_US)
    run = evaluate(rule, stored, until)
    return StreakStanding(
        run=run.run,
        freezes_left=run.freezes_left,
        levels=tuple(_level(level, stored, run) for level in group.streak_levels),
        frozen=tuple(rule.period_ids[position] for position in run.frozen),
        missed=tuple(rule.period_ids[position] for position in run.broken),
        stored=stored,
    )


def _level(level: StreakLevel, stored: Streak, run: StreakRun) -> LevelStanding:
    """Return the customer's progress to a level; an earned level stays at its full count (facts 8 #47)."""
    earned = next((earned for earned in stored.levels if earned.level_id == level.id), None)
    return LevelStanding(level, level.count if earned is not None else min(run.run, level.count), earned)
