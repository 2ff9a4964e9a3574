"""Returns carried into a later period, because the period of their bill is achieved (facts 4.8, 8 #17)."""

from fractions import Fraction

from milepost.engine.fold import Fold
from milepost.engine.progress.change import Cause, change_between
from milepost.engine.progress.count import apply_to_group
from milepost.model.organisation import CarryLines, Returns
from milepost.model.standing import Entry, Reason
from milepost.model.target import Entity
from milepost.model.time import Micros
from milepost.rules.compiled.rule import Rule

CENT = 100
"""Units that a prorated amount is rounded to, half to even."""


def is_carried_over(fold: Fold, rule: Rule, position: int) -> bool:
    """Return whether a return leaves the calendar period at *position* as it is, because the period is achieved."""
    if fold.rule_index.settings.returns is not Returns.CARRY or not (rule.is_fixed and rule.sums):
        return False
    progress = fold.progress.get(rule.keys[position])
    return progress is not None and progress.is_achieved


def carry_over(
    fold: Fold, rule: Rule, position: int, came_back: int, cause: Cause, taken_at: Micros | None = None
) -> None:
    """Subtract *came_back* (units) from the first later period that closes after the return.

    The return is dated *taken_at*, else like the cause.
    """
    if taken_at is None:
        taken_at = cause.event.occurred_at
    later = next((one for one in range(position + 1, len(rule.keys)) if rule.closes[one] > taken_at), None)
    carried = _carried(fold, rule, position, came_back)
    if later is None or not carried:
        key = rule.keys[position]
        value = fold.progress[key].value
        fold.entries.append(
            Entry(
                target_id=key.target_id,
                period_id=key.period_id,
                reason=Reason.RETURN_AFTER_END,
                amount=0,
                before=value,
                after=value,
            )
        )
        return
    apply_to_group(fold, rule, later, change_between(carried, None, 0, Reason.CARRIED), cause)


def _carried(fold: Fold, rule: Rule, position: int, came_back: int) -> int:
    """Return the amount to carry, by the setting `carryLines` for line items: all, a share of the goal, nothing."""
    if rule.entity is not Entity.LINEITEM:
        return came_back
    match fold.rule_index.settings.carry_lines:
        case CarryLines.WHOLE:
            return came_back
        case CarryLines.NONE:
            return 0
        case CarryLines.PRORATE:
            return _prorated(fold, rule, position, came_back)


def _prorated(fold: Fold, rule: Rule, position: int, came_back: int) -> int:
    """Return goal × returned amount ÷ value of the achieved period, in cents: 5000 × 1750 / 6500 is 1346.15."""
    goal, value = fold.goal(rule, position), fold.progress[rule.keys[position]].value
    if goal is None or value <= 0:
        return 0
    return round(Fraction(goal * came_back, value * CENT)) * CENT
