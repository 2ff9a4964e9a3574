"""The outcomes of a period that opens or closes; no progress depends on them (docs/rules.md)."""

from collections.abc import Iterator

from milepost.engine.fold import Fold
from milepost.engine.progress.streak_run import evaluate
from milepost.model.amount import UNITS_PER_ONE
from milepost.model.event import PeriodRollover
from milepost.model.organisation import PeriodEndOutcome
from milepost.model.progress.streak import Streak
from milepost.model.standing import Outcome, OutcomeKind, ProgressKey
from milepost.model.target import TargetGroup
from milepost.rules.compiled.composites import StreakRule
from milepost.rules.compiled.rule import Rule


def roll_over(fold: Fold, payload: PeriodRollover) -> None:
    """Note the outcomes of a period that opened or closed, for the targets that concern the customer (facts 4.1)."""
    group = fold.rule_index.groups.get(payload.group_id)
    if group is None:
        return
    for rule, position in concerned(fold, group, payload):
        key = rule.keys[position]
        progress = fold.progress.get(key)
        value = 0 if progress is None else progress.value
        if payload.closed:
            achieved = int(progress is not None and progress.is_achieved)
            fold.outcomes.append(
                Outcome(
                    kind=OutcomeKind.PERIOD_CLOSED,
                    target_id=key.target_id,
                    period_id=key.period_id,
                    at=fold.cause.at,
                    value=value,
                    about=achieved,
                )
            )
        else:
            fold.outcomes.append(
                Outcome(
                    kind=OutcomeKind.PERIOD_STARTED,
                    target_id=key.target_id,
                    period_id=key.period_id,
                    at=fold.cause.at,
                    value=value,
                )
            )
    streak_rule = fold.rule_index.streaks.get(group.id)
    streak = fold.streaks.get(group.id)
    if payload.closed and streak_rule is not None and streak is not None:
        _close_streak(fold, streak_rule, streak, payload.period_id)


def concerned(fold: Fold, group: TargetGroup, payload: PeriodRollover) -> Iterator[tuple[Rule, int]]:
    """Return the targets of *group* that concern the customer, by the setting `periodEndOutcome`."""
    for target in group.targets:
        rule = fold.rule_index.rules[target.id]
        position = rule.position_of(payload.period_id)
        if rule.is_counting and position is not None and _is_told(fold, rule, position, closed=payload.closed):
            yield rule, position


def _is_told(fold: Fold, rule: Rule, position: int, *, closed: bool) -> bool:
    match fold.rule_index.settings.period_end_outcome:
        case PeriodEndOutcome.NONE:
            return False
        case PeriodEndOutcome.ALL_ENROLLED:
            return fold.takes_part(rule, position)
        case PeriodEndOutcome.ENROLLED_WITH_ACTIVITY if closed:
            return rule.keys[position] in fold.progress
        case PeriodEndOutcome.ENROLLED_WITH_ACTIVITY:
            earlier = any(ProgressKey(*key) in fold.progress for key in rule.keys[:position])
            return fold.takes_part(rule, position) and (earlier or fold.enrolment(rule.target_id) is not None)


def _close_streak(fold: Fold, rule: StreakRule, streak: Streak, period_id: int) -> None:
    """Note that a missed period broke the streak, and that the last period ended it (facts 4.9)."""
    if period_id not in rule.period_ids:
        return
    position = rule.period_ids.index(period_id)
    broken = evaluate(rule, streak, rule.closes[position]).broken
    at = fold.cause.at
    if position in broken:
        value = broken[position] * UNITS_PER_ONE
        fold.outcomes.append(
            Outcome(
                kind=OutcomeKind.STREAK_BROKEN,
                target_id=rule.target_id,
                period_id=period_id,
                at=at,
                value=value,
                about=rule.group_id,
            )
        )
    if position == len(rule.period_ids) - 1:
        value = len(streak.levels) * UNITS_PER_ONE
        fold.outcomes.append(
            Outcome(
                kind=OutcomeKind.STREAK_ENDED,
                target_id=rule.target_id,
                period_id=period_id,
                at=at,
                value=value,
                about=rule.group_id,
            )
        )
