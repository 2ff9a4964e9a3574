"""The evaluation context: what a condition may ask of the customer, answered from standing and rule index."""

from collections.abc import Iterable
from decimal import Decimal

from milepost.engine.progress.streak_run import evaluate
from milepost.engine.progress.windows import position_of, spans
from milepost.language import NOTHING_REACHED, EvaluationContext, ProgressLookup
from milepost.language.syntax import Operator
from milepost.language.values import calculate
from milepost.model.amount import to_decimal
from milepost.model.event import Event
from milepost.model.standing import ProgressKey, Standing
from milepost.model.target import Evaluation
from milepost.model.time import DAY_US, Micros
from milepost.rules.compiled.index import RuleIndex
from milepost.rules.compiled.rule import Rule

ZERO = Decimal(0)


def evaluation_context(rule_index: RuleIndex, event: Event, standing: Standing) -> EvaluationContext:
    """Return what rules may look at when *event* is applied to *standing*."""
    if not rule_index.needs.reached:
        return EvaluationContext(event, None, standing, NOTHING_REACHED)
    return EvaluationContext(event, None, standing, StandingProgressLookup(rule_index, standing, event.occurred_at))


class StandingProgressLookup(ProgressLookup):
    """Progress of a customer at *standing*, which holds ended periods if rules ask for them."""

    __slots__ = ("_at", "_rule_index", "_standing")

    def __init__(self, rule_index: RuleIndex, standing: Standing, at: Micros) -> None:
        """Answer by the names of *rule_index*; the running period is the one at *at* (epoch microseconds)."""
        self._rule_index = rule_index
        self._standing = standing
        self._at = at

    def value_in_period(self, target: str, period: str) -> Decimal:
        """Return the value of *target* in the period with this refCode."""
        found = self._rule_index.named.target(target)
        if found is None:
            return ZERO
        group, rule = found[0], self._rule_index.rules[found[1].id]
        period_id = self._rule_index.named.period(group, period)
        return ZERO if period_id is None else self._value(rule, [period_id])

    def value_now(self, target: str) -> Decimal:
        """Return the value of *target* in the period that runs now; 0 if none does."""
        rule = self._rule(target)
        period_id = None if rule is None else self._running(rule)
        return ZERO if rule is None or period_id is None else self._value(rule, [period_id])

    def mean_value(self, target: str) -> Decimal:
        """Return the mean of the values of *target* over the periods that have begun; 0 if none has."""
        rule = self._rule(target)
        if rule is None:
            return ZERO
        begun = self._begun(rule)
        return calculate(Operator.OVER, self._value(rule, begun), Decimal(len(begun))) or ZERO

    def has_level(self, level: str) -> bool:
        """Return whether the customer has this streak level."""
        found = self._rule_index.named.level(level)
        streak = None if found is None else self._standing.streaks.get(found[0].id)
        return found is not None and streak is not None and any(one.level_id == found[1].id for one in streak.levels)

    def streak_count(self, streak: str) -> Decimal:
        """Return the present count of *streak*, named by its group; a period that is over may have ended a run."""
        group = self._rule_index.named.group(streak)
        rule = None if group is None else self._rule_index.streaks.get(group.id)
        if rule is None:
            return ZERO
        until = Micros(self._at - self._rule_index.settings.offset_days * DAY_US)
        kept = self._standing.streaks.get(rule.group_id)
        return ZERO if kept is None else Decimal(evaluate(rule, kept, until).run)

    def achieved_in_period(self, group: str, period: str) -> Decimal:
        """Return how many targets of *group* are achieved in the period with this refCode."""
        found = self._rule_index.named.group(group)
        period_id = None if found is None else self._rule_index.named.period(found, period)
        if found is None or period_id is None:
            return ZERO
        rules = (self._rule_index.rules[target.id] for target in found.targets)
        return Decimal(sum(self._is_achieved(rule, period_id) for rule in rules))

    def achieved_now(self, group: str) -> Decimal:
        """Return how many targets of *group* are achieved in the period that runs now; 0 if none does."""
        found = self._rule_index.named.group(group)
        rules = [] if found is None else [self._rule_index.rules[target.id] for target in found.targets]
        running = ((rule, self._running(rule)) for rule in rules)
        return Decimal(sum(period_id is not None and self._is_achieved(rule, period_id) for rule, period_id in running))

    def _rule(self, target: str) -> Rule | None:
        found = self._rule_index.named.target(target)
        return None if found is None else self._rule_index.rules[found[1].id]

    def _value(self, rule: Rule, period_ids: Iterable[int]) -> Decimal:
        found = (self._standing.progress.get(ProgressKey(rule.target_id, id_)) for id_ in period_ids)
        return to_decimal(sum(progress.value for progress in found if progress is not None))

    def _begun(self, rule: Rule) -> list[int]:
        """Return the ids of the periods that have begun; until achieved, one begins when the one before is achieved."""
        own = spans(rule, self._standing.anchors)
        begun = [id_ for id_, span in zip(rule.period_ids, own, strict=False) if span.opens_at <= self._at]
        if rule.frame.evaluation is Evaluation.PERIOD_AGNOSTIC_WINDOW:
            return begun[: 1 + sum(self._is_achieved(rule, id_) for id_ in begun)]
        return begun

    def _running(self, rule: Rule) -> int | None:
        """Return the id of the period that runs now, if one does."""
        position = position_of(rule, self._standing.anchors, self._at)
        if position is None:
            return None
        if rule.frame.evaluation is Evaluation.PERIOD_AGNOSTIC_WINDOW:
            return self._begun(rule)[-1]
        return rule.period_ids[position]

    def _is_achieved(self, rule: Rule, period_id: int) -> bool:
        progress = self._standing.progress.get(ProgressKey(rule.target_id, period_id))
        return progress is not None and progress.is_achieved
