"""Taking part: from when on, with which goal; found again by reading the complete story."""

from fractions import Fraction
from typing import NamedTuple

from milepost.model.event import Enrol, Unenrol
from milepost.model.organisation import EnrolMidPeriod
from milepost.model.target import EnrolmentMethod, Evaluation
from tests.oracle.reference_plan import MICROSECONDS, Plan, in_order
from tests.oracle.reference_replay import Story

QUARTER_OF_AN_HOUR = 15 * 60 * MICROSECONDS


class Stay(NamedTuple):
    """The latest enrolment, if one was asked for; whether it followed a leaving; the leaving that ended it."""

    enrolled: Enrol | None
    is_back: bool = False
    left: Unenrol | None = None


def stay(plan: Plan, story: Story) -> Stay | None:
    """Return how the customer takes part after *story*; None if the customer never did."""
    found = Stay(None) if plan.target.enrolment is EnrolmentMethod.TRANSACTION else None
    for happening in story:
        match happening.event.payload:
            case Enrol(target_id=plan.target.id) as enrolled if happening.bill is None:
                found = Stay(enrolled, is_back=found is not None and (found.is_back or found.left is not None))
            case Unenrol(target_id=plan.target.id) as left if found is not None:
                found = found._replace(left=left)
    return found


def covers(plan: Plan, found: Stay | None, period_id: int) -> bool:
    """Return whether this enrolment covers a period, leaving aside."""
    if found is None:
        return False
    automatic = plan.target.enrolment is EnrolmentMethod.TRANSACTION and not found.is_back
    if found.enrolled is None or automatic or plan.is_from_the_first:
        return True
    return rank(plan, found.enrolled.period_id) <= rank(plan, period_id)


def rank(plan: Plan, period_id: int) -> int:
    """Return the place of a period among all of the group; the one total of until-achieved periods is the first."""
    return next((place for place, period in enumerate(in_order(plan.group)) if period.id == period_id), 0)


def counts_stored(plan: Plan, story: Story, *, has_balance: bool) -> bool:
    """Return whether the enrolment at the end of *story* counts events received before it."""
    found, before = stay(plan, story), stay(plan, story[:-1])
    assert found is not None
    if found.is_back:
        return False
    if plan.group.evaluation is Evaluation.CYCLIC_WINDOW:
        return False
    if plan.group.evaluation is Evaluation.PERIOD_AGNOSTIC_WINDOW and has_balance:
        return False
    if plan.target.enrolment is EnrolmentMethod.TRANSACTION:
        return before is not None
    return plan.settings.enrol_mid_period is EnrolMidPeriod.COUNT_STORED or not has_balance


def begins_to_take_part(plan: Plan, story: Story) -> bool:
    """Return whether the customer takes part by the enrolment at the end of *story*, and not already before it."""
    before = stay(plan, story[:-1])
    return before is None or before.left is not None


def counts_since(plan: Plan, story: Story) -> int | None:
    """Return from which instant on events count for the enrolment that *story* ends with; None for all."""
    if plan.settings.enrol_mid_period is not EnrolMidPeriod.FROM_ENROLMENT:
        return None
    return story[-1].event.occurred_at // MICROSECONDS * MICROSECONDS - QUARTER_OF_AN_HOUR


class Balance(NamedTuple):
    """A value that replaced what a period had when the happening at place *at* was received."""

    amount: Fraction
    at: int


NO_BALANCE = Balance(Fraction(0), -1)
"""Nothing, before everything."""
