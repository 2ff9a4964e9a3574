"""Taking part: from when on, with which goal; found again by reading the complete story."""

from fractions import Fraction
from typing import NamedTuple

from milepost.model.event import Enrol, Unenrol
from milepost.model.organisation import EnrolMidPeriod
from milepost.model.target import EnrolmentMethod, Evaluation
from tests.oracle.reference_plan import Plan, in_order
from tests.oracle.reference_replay import Story


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


def counts_stored(plan: Plan, story: Story) -> bool:
    """Return whether the enrolment at the end of *story* counts events received before it."""
    found, before = stay(plan, story), stay(plan, story[:-1])
    assert found is not None
    if found.is_back:
        return False
    if plan.group.evaluation is Evaluation.CYCLIC_WINDOW:
        return False
    has_balance = found.enrolled is not None and found.enrolled.balance is not None
    if plan.group.evaluation is Evaluation.PERIOD_AGNOSTIC_WINDOW and has_balance:
        return False
    if plan.target.enrolment is EnrolmentMethod.TRANSACTION:
        return before is not None
    return plan.settings.enrol_mid_period is EnrolMidPeriod.COUNT_STORED


def own_goal(plan: Plan, story: Story, period_id: int) -> Fraction | None:
    """Return the goal that the enrolment in force brought for a period."""
    found = stay(plan, story)
    own = dict(found.enrolled.goals) if found and found.enrolled else {}
    return Fraction(own[period_id]) if period_id in own else None


def goal(plan: Plan, story: Story, period_id: int) -> Fraction | None:
    """Return the value that this customer has to reach in a period; None if there is none."""
    own = own_goal(plan, story, period_id)
    if own is not None:
        return own
    return next((Fraction(given.value) for given in plan.target.goals if given.period_id == period_id), None)


class Balance(NamedTuple):
    """A value that replaced what a period had when the happening at place *at* was received."""

    amount: Fraction
    at: int


def balance(plan: Plan, story: Story, period_id: int) -> Balance:
    """Return the latest balance of a period; nothing, before everything, if there was none."""
    found = Balance(Fraction(0), -1)
    for at, happening in enumerate(story):
        match happening.event.payload:
            case Enrol(target_id=plan.target.id, balance=amount) as enrolled if happening.bill is None:
                if amount is not None and enrolled.period_id == period_id:
                    found = Balance(Fraction(amount), at)
    return found
