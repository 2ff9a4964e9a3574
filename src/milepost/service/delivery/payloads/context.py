"""What a message says of its customer, group, target and period: looked up once for a row of the outbox."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from milepost.model.amount import to_decimal
from milepost.model.event import Bill, Event, Return
from milepost.model.standing import Progress, ProgressKey
from milepost.model.target import Period, Target, TargetGroup
from milepost.model.time import Micros
from milepost.service.customers.periods import CustomerPeriod, customer_goal, customer_periods
from milepost.service.customers.view import CustomerView
from milepost.service.delivery.payloads.happenings import Happening
from milepost.store.log import CustomerKey


def amount_text(units: int) -> str:
    """Return an amount in units as text with the fewest digits."""
    return f"{to_decimal(units):f}"


class Step(NamedTuple):
    """A change of a value: the target, the period, the value before and after it (units), and when."""

    target_id: int
    period_id: int
    before: int
    after: int
    at: Micros


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageContext:
    """An event of a customer, the definitions of now, and the customer as known now.

    `steps` are the changes of values in the log, where they are needed. `added` is what the event added, in units, by
    target and period.
    """

    customer_key: CustomerKey
    view: CustomerView
    event: Event
    version: int
    request_id: str
    steps: tuple["Step", ...] = ()
    added: Mapping[tuple[int, int], int] = field(default_factory=dict)

    def group(self, happening: Happening) -> TargetGroup | None:
        """Return the group of *happening*; None if its definition is gone."""
        return self.view.snapshot.groups.get(happening.group_id)

    def target(self, happening: Happening) -> Target | None:
        """Return the target of *happening*; None for a whole group."""
        group = self.group(happening)
        targets = () if group is None else group.targets
        return next((target for target in targets if target.id == happening.target_id), None)

    def period(self, happening: Happening) -> Period | None:
        """Return the period of *happening*, as defined."""
        group = self.group(happening)
        periods = () if group is None else group.periods
        return next((period for period in periods if period.id == happening.period_id), None)

    def is_past(self, happening: Happening) -> bool:
        """Return whether the period had ended when its group was defined: nobody waited for it then."""
        group, period = self.group(happening), self.period(happening)
        return group is not None and period is not None and period.closes_at <= group.attribution.created_at

    def customer_period(self, group: TargetGroup, target: Target, period_id: int) -> CustomerPeriod | None:
        """Return a period as the customer sees it for *target*; None if it is switched off."""
        if target.id not in self.view.snapshot.rule_index.rules:
            return None
        periods = customer_periods(self.view, group, target)
        return next((one for one in periods if one.period.id == period_id), None)

    def goal(self, target_id: int, period_id: int) -> int | None:
        """Return the customer's goal in units; None if there is none."""
        rule = self.view.snapshot.rule_index.rules.get(target_id)
        return None if rule is None else customer_goal(self.view.standing, rule, period_id)

    def mark(self, target: Target, trigger_id: int, goal: int | None) -> int | None:
        """Return the value at which a trigger is reached with this *goal*, in units; None if it cannot be reached."""
        rule = self.view.snapshot.rule_index.rules.get(target.id)
        marks = () if rule is None else rule.marks
        return next((mark.of_goal(goal) for mark in marks if mark.trigger_id == trigger_id), None)

    def progress(self, target_id: int, period_id: int) -> Progress | None:
        """Return the customer's progress of now."""
        return self.view.progress.get(ProgressKey(target_id, period_id))

    def reached_at(self, target_id: int, period_id: int, least: int) -> Micros | None:
        """Return when the value first was *least* (units) or more; None if it never was."""
        steps = (step for step in self.steps if (step.target_id, step.period_id) == (target_id, period_id))
        return next((step.at for step in steps if step.before < least <= step.after), None)

    @property
    def bill(self) -> str | None:
        """The number of the bill that the event is, or that it returns."""
        payload = self.event.payload
        if isinstance(payload, Bill):
            return payload.number
        return payload.original if isinstance(payload, Return) else None
