"""What is answered about a customer's goals."""

from msgspec import Struct

from milepost.api.http.body import Number, number
from milepost.api.native.answer import iso, iso_or_null
from milepost.model.amount import to_units
from milepost.service.goals.customer_goals import GoalView


class GoalItem(Struct, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """A goal as it stands. `targetGroupId` and `targetId` are its ids in the answers of the vendor's API."""

    id: int
    name: str
    template: int
    target_group_id: int
    target_id: int
    start_date: str
    end_date: str
    goal: Number
    reached: Number
    achieved_at: str | None
    status: str
    made_at: str
    cancelled_at: str | None


def goal_item(view: GoalView) -> GoalItem:
    """Return a goal as it stands."""
    goal, period = view.goal, view.group.periods[0]
    return GoalItem(
        id=goal.id,
        name=goal.name,
        template=goal.template_id,
        target_group_id=view.group.id,
        target_id=goal.target_id,
        start_date=period.starts_on,
        end_date=period.ends_on,
        goal=number(to_units(view.value)),
        reached=number(view.reached),
        achieved_at=iso_or_null(view.achieved_at),
        status=view.status.value,
        made_at=iso(goal.made_at),
        cancelled_at=iso_or_null(goal.cancelled_at),
    )
