"""A whole definition that is to follow a live group: what is called the same is the same, and nothing is deleted."""

from collections.abc import Mapping
from dataclasses import replace

from milepost.model.target import Goal, Period, StreakLevel, Target, TargetGroup, Trigger


def adopted(wanted: TargetGroup, live: TargetGroup) -> TargetGroup:
    """Return *wanted* with the ids of *live*: targets, triggers and levels go by their names, periods by their refCode.

    Targets and periods of *live* that *wanted* does not list stay, switched off, so that their progress can be
    explained.
    """
    period_ids = {_key(period.ref_code): period.id for period in live.periods}
    periods = tuple(_with_id(period, period_ids.get(_key(period.ref_code))) for period in wanted.periods)
    moved = {old.id: new.id for old, new in zip(wanted.periods, periods, strict=True)}
    known = {_key(target.name): target for target in live.targets}
    targets = tuple(_target(target, known.get(_key(target.name)), moved) for target in wanted.targets)
    level_ids = {_key(level.name): level.id for level in live.streak_levels}
    left_periods = (period for period in live.periods if period.id not in {one.id for one in periods})
    left_targets = (target for target in live.targets if target.id not in {one.id for one in targets})
    return replace(
        wanted,
        id=live.id,
        periods=(*periods, *(replace(period, active=False) for period in left_periods)),
        targets=(*targets, *(replace(target, active=False) for target in left_targets)),
        streak_levels=tuple(_level(level, level_ids.get(_key(level.name))) for level in wanted.streak_levels),
        attribution=replace(
            wanted.attribution,
            created_at=live.attribution.created_at,
            created_by=live.attribution.created_by,
        ),
        template_id=live.template_id,
        user_created=live.user_created,
    )


def _key(name: str) -> str:
    return name.casefold()


def _with_id(period: Period, id_: int | None) -> Period:
    return period if id_ is None else replace(period, id=id_)


def _level(level: StreakLevel, id_: int | None) -> StreakLevel:
    return level if id_ is None else replace(level, id=id_)


def _target(target: Target, live: Target | None, periods: Mapping[int, int]) -> Target:
    """Return *target* with the ids of the target of *live* that has its name, and with its periods renumbered."""
    goals = tuple(replace(goal, period_id=periods[goal.period_id]) for goal in target.goals)
    if live is None:
        return replace(target, goals=goals)
    triggers = {_key(trigger.name): trigger for trigger in live.triggers}
    return replace(
        target,
        id=live.id,
        goals=_goals(goals, live),
        triggers=tuple(_trigger(trigger, triggers.get(_key(trigger.name))) for trigger in target.triggers),
        rule_set_id=live.rule_set_id if target.rule_set_id is not None else None,
        unrolled_rule_set_id=live.unrolled_rule_set_id if target.unrolled_rule_set_id is not None else None,
    )


def _goals(goals: tuple[Goal, ...], live: Target) -> tuple[Goal, ...]:
    """Return *goals* with the ids that they have, and the goals of periods that are no longer listed."""
    ids = {goal.period_id: goal.id for goal in live.goals}
    listed = {goal.period_id for goal in goals}
    left = (goal for goal in live.goals if goal.period_id not in listed)
    return (*(replace(goal, id=ids.get(goal.period_id, goal.id)) for goal in goals), *left)


def _trigger(trigger: Trigger, live: Trigger | None) -> Trigger:
    return trigger if live is None else replace(trigger, id=live.id)
