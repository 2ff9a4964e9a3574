"""Freezes and pauses of a customer's streak (docs/rules.md)."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, HTTPException, Request
from msgspec import Meta, Struct, field

from milepost.api.http.authentication import CurrentCaller, RunningRuntime
from milepost.api.http.body import JsonResponse, read_body
from milepost.api.native.events.body import Short
from milepost.api.native.events.incoming_event import instant_of
from milepost.api.native.path import iso_or_null, path_id
from milepost.api.native.structure import read_struct
from milepost.model.problem import Problem, Refused
from milepost.service.customers.streak_protection import NotFound, grant_freezes, pause_streak
from milepost.service.ingest.incoming_event import Answer, Status

router = APIRouter(prefix="/api/v1", tags=["streaks"])

Time = Annotated[datetime, Meta(tz=True)]


class FreezesRequest(Struct, forbid_unknown_fields=True):
    """Freezes to grant; who sends the same id again grants nothing more."""

    id: Short
    count: int


class PauseRequest(Struct, forbid_unknown_fields=True):
    """A pause, from one instant up to another."""

    id: Short
    starts: Time = field(name="from")
    ends: Time = field(name="to")


class FreezesItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """Freezes that were granted (applied), now or before (duplicate)."""

    id: str
    status: str
    group_id: int
    count: int


class PauseItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """A pause that was taken (applied), now or before (duplicate)."""

    id: str
    status: str
    group_id: int
    starts: str | None = field(name="from")
    ends: str | None = field(name="to")


@router.post("/customers/{customer_id}/streaks/{group_id}/freezes", response_model=None)
async def grant_streak_freezes(
    customer_id: str, group_id: str, request: Request, runtime: RunningRuntime, caller: CurrentCaller
) -> JsonResponse:
    """Grant a customer freezes of a streak: each protects a period that is missed, and never counts as one."""
    customer, group = path_id(customer_id, "customer"), path_id(group_id, "target group")
    body = read_struct(await read_body(request), FreezesRequest)
    try:
        answer = await grant_freezes(runtime, caller, customer, group, body.id, body.count)
    except NotFound as error:
        raise HTTPException(404, str(error)) from None
    return JsonResponse(FreezesItem(body.id, _status(answer), group, body.count))


@router.post("/customers/{customer_id}/streaks/{group_id}/pauses", response_model=None)
async def pause_customer_streak(
    customer_id: str, group_id: str, request: Request, runtime: RunningRuntime, caller: CurrentCaller
) -> JsonResponse:
    """Pause a customer's streak: a period that the pause touches cannot be missed."""
    customer, group = path_id(customer_id, "customer"), path_id(group_id, "target group")
    body = read_struct(await read_body(request), PauseRequest)
    problems: list[Problem] = []
    starts_at, ends_at = instant_of("from", body.starts, problems), instant_of("to", body.ends, problems)
    if problems:
        raise Refused(*problems)
    try:
        answer = await pause_streak(runtime, caller, customer, group, body.id, starts_at, ends_at)
    except NotFound as error:
        raise HTTPException(404, str(error)) from None
    return JsonResponse(PauseItem(body.id, _status(answer), group, iso_or_null(starts_at), iso_or_null(ends_at)))


def _status(answer: Answer) -> str:
    if answer.status is Status.CONFLICT:
        raise HTTPException(409, "a call with this id was made before, with other content")
    if answer.status is Status.REFUSED:
        raise Refused(*answer.problems)
    return str(answer.status.value)
