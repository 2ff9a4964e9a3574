"""Goals that customers set themselves (facts 4.12)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerGoal:
    """A goal that a customer set: enrolment in a target made after `template_id`, under a name of the customer's own.

    Instants in epoch microseconds; the value and what was reached are the standing's.
    """

    id: int
    template_id: int
    target_id: int
    name: str
    made_at: int
    changed_at: int
    cancelled_at: int | None = None
