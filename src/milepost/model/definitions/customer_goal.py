"""Goals that customers set themselves (facts 4.12)."""

from dataclasses import dataclass

from milepost.model.time import Micros


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerGoal:
    """A goal that a customer set, under a name that the customer chose.

    The customer is enrolled in `target_id`, a target that was made from the template `template_id`. Instants are in
    epoch microseconds. The goal's value and the progress towards it are in the customer's standing.
    """

    id: int
    template_id: int
    target_id: int
    name: str
    made_at: Micros
    changed_at: Micros
    cancelled_at: Micros | None = None
