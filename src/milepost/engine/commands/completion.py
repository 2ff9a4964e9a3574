"""Achievements as events: rules of `TargetCompleted` count them (facts 4.2, 4.16).

They are counted within the step that achieved, at its instant. An achievement that this causes is counted too, up to
`ROUNDS_MAX` times. A return that takes an achievement back leaves what was counted for the achievement.
"""

from collections.abc import Iterable

from msgspec.structs import replace

from milepost.engine.fold import Fold
from milepost.engine.progress.count import count
from milepost.model.amount import to_decimal
from milepost.model.definitions.completion import TARGET_COMPLETED, Completion
from milepost.model.event import Activity, Scalar
from milepost.model.standing import Outcome, OutcomeKind, ProgressKey

ROUNDS_MAX = 3
"""How often achievements of achievements are told: the vendor tracks three levels deep (facts 4.2)."""

_SAYS = {
    OutcomeKind.ACHIEVED: Completion.IS_TARGET,
    OutcomeKind.TRIGGER_REACHED: Completion.IS_TRIGGER,
    OutcomeKind.UNIFIED_ACHIEVED: Completion.IS_UNIFIED,
    OutcomeKind.STREAK_LEVEL_ACHIEVED: Completion.IS_STREAK,
}


def count_completions(fold: Fold) -> None:
    """Count the achievements of this step for the rules of `TargetCompleted`."""
    heard = 0
    for _ in range(ROUNDS_MAX):
        fresh, heard = [*fold.outcomes][heard:], len(fold.outcomes)
        for outcome in fresh:
            if outcome.kind in _SAYS:
                payload = Activity(dict(_attributes(fold, outcome)))
                count(fold, replace(fold.event, name=TARGET_COMPLETED, payload=payload), fold.cause)


def _attributes(fold: Fold, outcome: Outcome) -> Iterable[tuple[str, Scalar]]:
    """Return the attributes of the event; attributes that do not apply are left out."""
    for flag in _SAYS.values():
        yield flag.value, flag is _SAYS[outcome.kind]
    is_whole = outcome.kind is OutcomeKind.UNIFIED_ACHIEVED
    group = fold.rule_index.groups[outcome.about if is_whole else fold.rule_index.rules[outcome.target_id].group_id]
    yield Completion.TARGET_GROUP.value, group.name
    yield from ((Completion.TARGET_PERIOD.value, one.ref_code) for one in group.periods if one.id == outcome.period_id)
    if is_whole:
        return
    rule = fold.rule_index.rules[outcome.target_id]
    target = next(one for one in group.targets if one.id == outcome.target_id)
    position = rule.position_of(outcome.period_id)
    progress = fold.progress.get(ProgressKey(outcome.target_id, outcome.period_id))
    goal = None if position is None else fold.goal(rule, position)
    yield Completion.TARGET_NAME.value, target.name
    yield Completion.ACHIEVED.value, to_decimal(0 if progress is None else progress.value)
    if goal is not None:
        yield Completion.DEFINED.value, to_decimal(goal)
    for trigger, mark in zip(target.triggers, rule.marks, strict=True):
        if outcome.kind is OutcomeKind.TRIGGER_REACHED and trigger.id == outcome.about:
            yield Completion.TRIGGER_NAME.value, trigger.name
            least = mark.of_goal(goal)
            if least is not None:
                yield Completion.TRIGGER_VALUE.value, to_decimal(least)
    if outcome.kind is OutcomeKind.STREAK_LEVEL_ACHIEVED:
        yield from ((Completion.STREAK_LEVEL.value, one.name) for one in group.streak_levels if one.id == outcome.about)
