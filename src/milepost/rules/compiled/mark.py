"""Triggers of a target, compiled: the values at which they are reached."""

from fractions import Fraction
from math import ceil
from typing import NamedTuple

from milepost.model.amount import UNITS_PER_ONE
from milepost.model.target import Trigger, TriggerValueKind


class Mark(NamedTuple):
    """A trigger of a rule: it is reached at a `share` of the goal, or without a share at `value` (units).

    `values` holds the value to reach in each period for customers with the rule's own goals, in units. A value of None
    cannot be reached: the trigger is inactive, or a share of a goal that is not there.
    """

    trigger_id: int
    share: Fraction | None
    value: int | None
    values: tuple[int | None, ...]

    def of_goal(self, goal: int | None) -> int | None:
        """Return the value to reach for a customer with this *goal*, in units. A share of the goal is rounded up."""
        if self.share is None:
            return self.value
        return None if goal is None else ceil(goal * self.share)


def mark_of(trigger: Trigger, goals: tuple[int | None, ...]) -> Mark:
    """Return the mark of *trigger*. Its amount is rounded up to units; an inactive trigger cannot be reached."""
    if not trigger.active:
        return Mark(trigger.id, None, None, (None,) * len(goals))
    value = Fraction(trigger.value)
    is_share = trigger.value_kind is TriggerValueKind.PERCENTAGE
    mark = Mark(trigger.id, value / 100 if is_share else None, ceil(value * UNITS_PER_ONE), ())
    return mark._replace(values=tuple(mark.of_goal(goal) for goal in goals))
