"""`/api/v1/customers/{id}/goals`: goals that a customer sets, within the limits of the organisation's settings."""

from collections.abc import Mapping

from fastapi import APIRouter, Request

from milepost.api.http.authentication import CurrentCaller, RunningRuntime
from milepost.api.http.body import JsonResponse, read_body, read_json
from milepost.api.http.route import EVENTS, READ, READING, Body, Route
from milepost.api.native.answer import Page
from milepost.api.native.goals.answer import GoalItem, goal_item
from milepost.api.native.goals.body import ChosenGoalBody, GoalChangeBody, goal_change, goal_wish
from milepost.api.native.path import id_or_refuse
from milepost.api.native.structure import struct_of
from milepost.service.goals.customer_goals import (
    UNKNOWN_CUSTOMER,
    UNKNOWN_GOAL,
    cancel_goal,
    change_goal,
    list_goals,
    set_goal,
)

router = APIRouter(prefix="/api/v1/customers", tags=["goals"])


@router.post("/{customer_id}/goals", response_model=None)
async def post_goal(customer_id: str, request: Request, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Set a goal; purchases count from its first day on."""
    body = struct_of(read_json(await read_body(request)), ChosenGoalBody)
    wish = goal_wish(body)
    return JsonResponse(goal_item(await set_goal(runtime, caller, _customer_id(customer_id), body.name, wish)))


@router.get("/{customer_id}/goals", response_model=None)
async def get_goals(customer_id: str, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """List all goals of a customer, the latest first, with those that have ended or were cancelled."""
    views = await list_goals(runtime, caller, _customer_id(customer_id))
    return JsonResponse(Page([goal_item(view) for view in views], None))


@router.patch("/{customer_id}/goals/{goal_id}", response_model=None)
async def patch_goal(
    customer_id: str, goal_id: str, request: Request, runtime: RunningRuntime, caller: CurrentCaller
) -> JsonResponse:
    """Change a goal that has not ended; a new value applies to events received from now on."""
    change = goal_change(struct_of(read_json(await read_body(request)), GoalChangeBody))
    view = await change_goal(runtime, caller, _customer_id(customer_id), _goal_id(goal_id), change)
    return JsonResponse(goal_item(view))


@router.delete("/{customer_id}/goals/{goal_id}", response_model=None)
async def delete_goal(customer_id: str, goal_id: str, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Cancel a goal: nothing counts for it any more, and its progress stays."""
    return JsonResponse(goal_item(await cancel_goal(runtime, caller, _customer_id(customer_id), _goal_id(goal_id))))


def _customer_id(text: str) -> int:
    return id_or_refuse(text, UNKNOWN_CUSTOMER)


def _goal_id(text: str) -> int:
    return id_or_refuse(text, UNKNOWN_GOAL)


_GOALS = "/api/v1/customers/{customer_id}/goals"

ROUTES: Mapping[tuple[str, str], Route] = {
    ("post", _GOALS): Route(EVENTS, GoalItem, Body((ChosenGoalBody,))),
    ("get", _GOALS): Route(READ, Page[GoalItem], statuses=READING),
    ("patch", f"{_GOALS}/{{goal_id}}"): Route(EVENTS, GoalItem, Body((GoalChangeBody,))),
    ("delete", f"{_GOALS}/{{goal_id}}"): Route(EVENTS, GoalItem, statuses=READING),
}
