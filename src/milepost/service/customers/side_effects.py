"""What an event did to a customer's targets, in the words that the vendor's side effects have (facts 3.9)."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from milepost.model.amount import to_units
from milepost.model.standing import Entry, Reason
from milepost.model.target import Period, Target, TargetGroup
from milepost.service.customers.view import CustomerView, view_customer
from milepost.service.definitions.participation import latest
from milepost.service.runtime.runtime import Runtime

MOVING = frozenset({Reason.COUNTED, Reason.RETURNED, Reason.COUNTED_FROM_LOG, Reason.BALANCE_SET, Reason.CARRIED})
"""Reasons for which an entry moves a progress."""


class TargetEffect(NamedTuple):
    """What one event did to one progress; amounts in units."""

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
    """Return what *entries* of one customer did, as far as their targets are still defined."""
    moving = [entry for entry in entries if entry.reason in MOVING]
    if not moving:
        return []
    view = await view_customer(runtime.database, runtime.snapshots, org_id, customer_id)
    return [] if view is None else effects_of(view, moving)


def effects_of(view: CustomerView, entries: Sequence[Entry]) -> list[TargetEffect]:
    """Return what *entries* did to the progress of the customer of *view*."""
    holders = view.snapshot.holders
    found: list[TargetEffect] = []
    for entry in entries:
        if entry.reason not in MOVING or entry.target_id not in holders:
            continue
        group = holders[entry.target_id]
        target = next(target for target in group.targets if target.id == entry.target_id)
        period = next((period for period in group.periods if period.id == entry.period_id), None)
        if period is not None:
            goal = goal_of(view, target, period.id)
            found.append(TargetEffect(group, target, period, goal, entry.amount, entry.before, entry.after))
    return found


def goal_of(view: CustomerView, target: Target, period_id: int) -> int:
    """Return the goal of a customer in a period, in units: one's own, else the target's."""
    enrolment = latest(view.standing, target.id)
    own = {} if enrolment is None else dict(enrolment.goals)
    if period_id in own:
        return own[period_id]
    return next((to_units(goal.value) for goal in target.goals if goal.period_id == period_id), 0)
