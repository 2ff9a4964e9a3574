"""The oracle's result for a customer: rows, outcomes, and the steps that lead to them."""

from fractions import Fraction
from typing import NamedTuple

from milepost.model.event import Event, EventKey
from milepost.model.standing import OutcomeKind
from milepost.model.target import Trigger, TriggerValueKind


class Row(NamedTuple):
    """How far a customer is with one target in one period: the stamp and the triggers (by their ids) reached."""

    value: Fraction
    achieved_by: EventKey | None = None
    achieved_at: int | None = None
    triggers: frozenset[int] = frozenset()


class ReferenceOutcome(NamedTuple):
    """An outcome: what came of which target and period, and about what."""

    kind: OutcomeKind
    target_id: int
    period_id: int
    about: int = 0


class Booking(NamedTuple):
    """An event that counted in a period, when the happening at place *at* was received."""

    event: Event
    period_id: int
    at: int


class Carried(NamedTuple):
    """What a return took off a later period, when the happening at place *at* was received."""

    amount: Fraction
    period_id: int
    at: int


class Step(NamedTuple):
    """An event, perhaps a stored one, that counted or took back in a period."""

    cause: Event
    period_id: int
    is_return: bool = False
    is_enrolment: bool = False


def is_reached(trigger: Trigger, value: Fraction, wanted: Fraction | None) -> bool:
    """Return whether *value* is at or past the trigger's mark; a share of no goal is never reached."""
    mark = Fraction(trigger.value)
    if trigger.value_kind is TriggerValueKind.PERCENTAGE:
        if wanted is None:
            return False
        mark = wanted * mark / 100
    return trigger.active and value >= mark
