"""How a customer's streak stands when somebody looks: run anew each time (docs/rules.md)."""

from typing import NamedTuple

from milepost.engine.progress.streak_run import StreakRun, evaluate
from milepost.model.standing import EarnedLevel, Streak
from milepost.model.target import StreakLevel, TargetGroup
from milepost.model.time import DAY_US
from milepost.service.customers.view import CustomerView


class LevelStanding(NamedTuple):
    """How far a customer is on the way to a level: periods counted, no more than it needs, and when it was earned."""

    level: StreakLevel
    counted: int
    earned: EarnedLevel | None


class StreakStanding(NamedTuple):
    """How a customer's streak stands; `frozen` are the periods that took a freeze, `missed` those that ended a run."""

    run: int
    freezes_left: int
    levels: tuple[LevelStanding, ...]
    frozen: tuple[int, ...]
    missed: tuple[int, ...]
    kept: Streak


def streak_standing(view: CustomerView, group: TargetGroup, at: int) -> StreakStanding | None:
    """Return how the customer's streak in *group* stands *at* an instant (epoch microseconds); None of other groups."""
    rule = view.snapshot.rule_index.streaks.get(group.id)
    if rule is None:
        return None
    kept = view.standing.streaks.get(group.id) or Streak(group.id)
    until = at - view.snapshot.organisation.settings.offset_days * DAY_US
    run = evaluate(rule, kept, until)
    return StreakStanding(
        run.run,
        run.freezes_left,
        tuple(_level(level, kept, run) for level in group.streak_levels),
        tuple(rule.period_ids[position] for position in run.frozen),
        tuple(rule.period_ids[position] for position in run.broken),
        kept,
    )


def _level(level: StreakLevel, kept: Streak, run: StreakRun) -> LevelStanding:
    """Return the standing of a level; one that was earned stays at its count (facts 8 #47)."""
    earned = next((one for one in kept.levels if one.level_id == level.id), None)
    return LevelStanding(level, level.count if earned is not None else min(run.run, level.count), earned)
