"""The effects of an event on a customer's targets, as the vendor's side effects show them (facts 3.9)."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from milepost.model.amount import to_units
from milepost.model.standing import Entry, Reason
from milepost.model.target import Period, Target, TargetGroup
from milepost.service.customers.view import CustomerView, view_customer
from milepost.service.definitions.participation import latest
from milepost.service.runtime.runtime import Runtime

VALUE_REASONS = frozenset(
    {Reason.COUNTED, Reason.RETURNED, Reason.COUNTED_FROM_LOG, Reason.BALANCE_SET, Reason.CARRIED, Reason.ADJUSTED}
)
"""The reasons of entries that change the value of a progress."""


class TargetEffect(NamedTuple):
    """The effect of one event on one progress; amounts in units (ten-thousandths)."""

    group: TargetGroup
    target: Target
    period: Period
    goal: int
    amount: int
    before: int
    after: int


async def target_effects(
    runtime: Runtime, org_id: int, customer_id: int, entries: Iterable[Entry]
) -> list[TargetEffect]:
    """Return the effects of one customer's *entries* on targets that are still defined."""
    value_entries = [entry for entry in entries if entry.reason in VALUE_REASONS]
    if not value_entries:
        return []
    view = await view_customer(runtime.database, runtime.snapshots, org_id, customer_id)
    return [] if view is None else effects_of(view, value_entries)


def effects_of(view: CustomerView, entries: Sequence[Entry]) -> list[TargetEffect]:
    """Return the effects of *entries* on the progress of the customer of *view*."""
    holders = view.snapshot.holders
    effects: list[TargetEffect] = []
    for entry in entries:
        if entry.reason not in VALUE_REASONS or entry.target_id not in holders:
            continue
        group = holders[entry.target_id]
        target = next(target for target in group.targets if target.id == entry.target_id)
        period = next((period for period in group.periods if period.id == entry.period_id), None)
        if period is not None:
            goal = goal_of(view, target, period.id)
            effects.append(
                TargetEffect(
                    group=group,
                    target=target,
                    period=period,
                    goal=goal,
                    amount=entry.amount,
                    before=entry.before,
                    after=entry.after,
                )
            )
    return effects


def goal_of(view: CustomerView, target: Target, period_id: int) -> int:
    """Return the goal of a customer in a period, in units: the customer's own, else the target's, else 0."""
    enrolment = latest(view.standing, target.id)
    own_goals = {} if enrolment is None else dict(enrolment.goals)
    if period_id in own_goals:
        return own_goals[period_id]
    return next((to_units(goal.value) for goal in target.goals if goal.period_id == period_id), 0)
