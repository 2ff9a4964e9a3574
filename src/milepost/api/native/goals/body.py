"""What requests about a customer's goals hold."""

from decimal import Decimal

from msgspec import Struct

from milepost.api.http.body import Amount
from milepost.model.amount import decimal_of
from milepost.model.problem import Problem, Refused
from milepost.service.goals.customer_goals import GoalChange
from milepost.service.goals.goal_group_sharing import GoalWish


class ChosenGoalBody(Struct, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """A goal to set: the template, the value, and the days from `startDate` (today without one) to `endDate`."""

    template: int
    goal: Amount
    start_date: str | None = None
    end_date: str
    name: str | None = None


class GoalChangeBody(Struct, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """The fields of a goal to change; fields that are left out stay as they are."""

    goal: Amount | None = None
    start_date: str | None = None
    end_date: str | None = None
    name: str | None = None


def goal_wish(body: ChosenGoalBody) -> GoalWish:
    """Return the goal that a customer wishes to set; raises Refused."""
    return GoalWish(
        template_id=body.template, value=_amount(body.goal), starts_on=body.start_date, ends_on=body.end_date
    )


def goal_change(body: GoalChangeBody) -> GoalChange:
    """Return the change of a goal; raises Refused."""
    return GoalChange(
        name=body.name,
        value=None if body.goal is None else _amount(body.goal),
        starts_on=body.start_date,
        ends_on=body.end_date,
    )


def _amount(value: object) -> Decimal:
    """Return *value*, a number or a text that is one, as an exact number; raises Refused."""
    amount = decimal_of(value)
    if amount is None or not amount.is_finite():
        raise Refused(Problem("goal", "must be a number"))
    return amount
