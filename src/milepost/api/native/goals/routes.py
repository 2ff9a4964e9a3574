"""`/api/v1/customers/{id}/goals`: what a customer sets out to reach, within the limits of the brand."""

from decimal import Decimal

import msgspec
from fastapi import APIRouter, Request
from msgspec import Struct

from milepost.api.http.authentication import CurrentCaller, RunningRuntime
from milepost.api.http.body import Amount, JsonResponse, Number, holds_nul, id_of, number, read_body, read_json
from milepost.api.native.structure import structure_problems
from milepost.model.amount import to_units
from milepost.model.problem import Problem, Refused
from milepost.rules.calendar import calendar_of
from milepost.service.goals.customer_goals import (
    UNKNOWN_CUSTOMER,
    UNKNOWN_GOAL,
    GoalChange,
    GoalView,
    cancel_goal,
    change_goal,
    list_goals,
    set_goal,
)
from milepost.service.goals.goal_group_sharing import GoalWish

router = APIRouter(prefix="/api/v1/customers", tags=["goals"])


class ChosenGoalBody(Struct, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """A goal to be set: after which template, how much, from which day (today if none) to which; `name` is free."""

    template: int
    goal: Amount
    start_date: str | None = None
    end_date: str
    name: str | None = None


class GoalChangeBody(Struct, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """What is to change of a goal; what is not there stays."""

    goal: Amount | None = None
    start_date: str | None = None
    end_date: str | None = None
    name: str | None = None


class GoalItem(Struct, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """A goal as it stands; `template`, `targetGroupId` and `targetId` name it in the vendor's answers."""

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


@router.post("/{customer_id}/goals", response_model=None)
async def post_goal(customer_id: str, request: Request, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Set a goal; what is bought from its first day on counts."""
    value = read_json(await read_body(request))
    _refuse_structure(value, ChosenGoalBody)
    body = msgspec.convert(value, ChosenGoalBody)
    wish = GoalWish(
        template_id=body.template, value=_amount(body.goal), starts_on=body.start_date, ends_on=body.end_date
    )
    return JsonResponse(_item(await set_goal(runtime, caller, _customer(customer_id), body.name, wish)))


@router.get("/{customer_id}/goals", response_model=None)
async def get_goals(customer_id: str, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """List all goals that a customer set, latest first, also those that are over or cancelled."""
    found = await list_goals(runtime, caller, _customer(customer_id))
    return JsonResponse({"items": [_item(view) for view in found], "nextCursor": None})


@router.patch("/{customer_id}/goals/{goal_id}", response_model=None)
async def patch_goal(
    customer_id: str, goal_id: str, request: Request, runtime: RunningRuntime, caller: CurrentCaller
) -> JsonResponse:
    """Change a goal that is not over; a changed value is asked of what is heard from now on."""
    value = read_json(await read_body(request))
    _refuse_structure(value, GoalChangeBody)
    body = msgspec.convert(value, GoalChangeBody)
    change = GoalChange(
        name=body.name,
        value=None if body.goal is None else _amount(body.goal),
        starts_on=body.start_date,
        ends_on=body.end_date,
    )
    return JsonResponse(_item(await change_goal(runtime, caller, _customer(customer_id), _goal(goal_id), change)))


@router.delete("/{customer_id}/goals/{goal_id}", response_model=None)
async def delete_goal(customer_id: str, goal_id: str, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Cancel a goal: nothing counts for it any more, what was reached stays."""
    return JsonResponse(_item(await cancel_goal(runtime, caller, _customer(customer_id), _goal(goal_id))))


def _item(view: GoalView) -> GoalItem:
    utc = calendar_of("UTC")
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
        achieved_at=None if view.achieved_at is None else utc.iso(view.achieved_at),
        status=view.status.value,
        made_at=utc.iso(goal.made_at),
        cancelled_at=None if goal.cancelled_at is None else utc.iso(goal.cancelled_at),
    )


def _refuse_structure(value: object, kind: type[Struct]) -> None:
    problems = structure_problems(value, kind)
    if not problems and holds_nul(value):
        problems = [Problem("", "a text holds the character U+0000")]
    if problems:
        raise Refused(*problems)


def _amount(value: object) -> Decimal:
    """Return an amount that is a number or text that is one; raises Refused."""
    try:
        amount = None if isinstance(value, bool) else Decimal(str(value))
    except ArithmeticError:
        amount = None
    if amount is None or not amount.is_finite():
        raise Refused(Problem("goal", "must be a number"))
    return amount


def _customer(text: str) -> int:
    found = id_of(text)
    if not found:
        raise Refused(UNKNOWN_CUSTOMER)
    return found


def _goal(text: str) -> int:
    found = id_of(text)
    if not found:
        raise Refused(UNKNOWN_GOAL)
    return found
