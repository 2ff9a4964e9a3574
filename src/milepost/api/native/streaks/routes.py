"""Freezes and pauses of a customer's streak (docs/rules.md)."""

from collections.abc import Mapping

from fastapi import APIRouter, HTTPException, Request

from milepost.api.http.authentication import CurrentCaller, RunningRuntime
from milepost.api.http.body import JsonResponse, read_body
from milepost.api.http.route import CHANGING_ONE, EVENTS, Body, Route
from milepost.api.native.answer import iso
from milepost.api.native.events.incoming_event import instant_of
from milepost.api.native.path import path_id
from milepost.api.native.streaks.answer import FreezesItem, PauseItem
from milepost.api.native.streaks.body import FreezesRequest, PauseRequest
from milepost.api.native.structure import read_struct
from milepost.model.problem import Problem, Refused
from milepost.service.customers.streak_protection import NotFound, grant_freezes, pause_streak
from milepost.service.ingest.incoming_event import Answer, Status

router = APIRouter(prefix="/api/v1", tags=["streaks"])


@router.post("/customers/{customer_id}/streaks/{group_id}/freezes", response_model=None)
async def grant_streak_freezes(
    customer_id: str, group_id: str, request: Request, runtime: RunningRuntime, caller: CurrentCaller
) -> JsonResponse:
    """Grant a customer freezes of a streak. A freeze protects a missed period and never counts as an achieved one."""
    customer, group = path_id(customer_id, "customer"), path_id(group_id, "target group")
    body = read_struct(await read_body(request), FreezesRequest)
    try:
        answer = await grant_freezes(runtime, caller, customer, group, body.id, body.count)
    except NotFound as absent:
        raise HTTPException(404, str(absent)) from None
    return JsonResponse(FreezesItem(body.id, _status(answer), group, body.count))


@router.post("/customers/{customer_id}/streaks/{group_id}/pauses", response_model=None)
async def pause_customer_streak(
    customer_id: str, group_id: str, request: Request, runtime: RunningRuntime, caller: CurrentCaller
) -> JsonResponse:
    """Pause a customer's streak. A period that overlaps the pause cannot be missed."""
    customer, group = path_id(customer_id, "customer"), path_id(group_id, "target group")
    body = read_struct(await read_body(request), PauseRequest)
    problems: list[Problem] = []
    starts_at, ends_at = instant_of("from", body.starts, problems), instant_of("to", body.ends, problems)
    if problems:
        raise Refused(*problems)
    try:
        answer = await pause_streak(runtime, caller, customer, group, body.id, starts_at, ends_at)
    except NotFound as absent:
        raise HTTPException(404, str(absent)) from None
    return JsonResponse(
        PauseItem(id=body.id, status=_status(answer), group_id=group, starts=iso(starts_at), ends=iso(ends_at))
    )


def _status(answer: Answer) -> str:
    """Return the status of a request that has effect, now or by an earlier one; raises Refused or a 409."""
    if answer.status is Status.CONFLICT:
        raise HTTPException(409, "a request with this id was made before, with other content")
    if answer.status is Status.REFUSED:
        raise Refused(*answer.problems)
    return str(answer.status.value)


_STREAK = "/api/v1/customers/{customer_id}/streaks/{group_id}"

ROUTES: Mapping[tuple[str, str], Route] = {
    ("post", f"{_STREAK}/freezes"): Route(EVENTS, FreezesItem, Body((FreezesRequest,)), statuses=CHANGING_ONE),
    ("post", f"{_STREAK}/pauses"): Route(EVENTS, PauseItem, Body((PauseRequest,)), statuses=CHANGING_ONE),
}
