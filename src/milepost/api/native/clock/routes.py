"""`/api/v1/clock`: the clock of a sandbox; other organisations have none."""

from collections.abc import Mapping

from fastapi import APIRouter, Request

from milepost.api.http.authentication import CurrentCaller, NoSandbox, RunningRuntime
from milepost.api.http.body import JsonResponse, read_body, read_json
from milepost.api.http.route import ADMIN, READ, Body, Route
from milepost.api.native.clock.answer import ClockAnswer, clock_answer
from milepost.api.native.clock.body import (
    ClockBody,
    NextInstant,
    ResetBody,
    check_single,
    instant_after,
    instant_of,
)
from milepost.api.native.structure import struct_of
from milepost.rules.calendar import Calendar, calendar_of
from milepost.service.runtime.runtime import Runtime, current_snapshot
from milepost.service.sandboxes.emptying import reset
from milepost.service.sandboxes.moving import advance, find_clock, freeze, next_boundary
from milepost.service.snapshot.access import Caller

router = APIRouter(prefix="/api/v1/clock", tags=["sandboxes"])


@router.get("", response_model=None)
async def get_clock(runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Return what the clock of a sandbox shows, and whether it stands."""
    clock = await find_clock(runtime, caller.org_id)
    if clock is None:
        raise NoSandbox
    return JsonResponse(clock_answer(clock.at(runtime.clocks.real()), is_frozen=clock.frozen_at is not None))


@router.post("", response_model=None)
async def post_clock(request: Request, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Move the clock of a sandbox forward, doing all that comes due on the way; or let it stand, or run."""
    await _check(runtime, caller)
    body = struct_of(read_json(await read_body(request)), ClockBody)
    return JsonResponse(await move_clock(runtime, caller, body))


@router.post("/reset", response_model=None)
async def post_reset(request: Request, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Delete all customers and events of a sandbox; its clock stands where the request says. Definitions stay."""
    await _check(runtime, caller)
    body = struct_of(read_json(await read_body(request) or b"{}"), ResetBody)
    calendar = await _calendar(runtime, caller)
    at = None if body.clock is None else instant_of("clock", body.clock, calendar)
    clock = await reset(runtime, caller, at)
    return JsonResponse(clock_answer(clock.at(runtime.clocks.real()), is_frozen=at is not None))


async def move_clock(runtime: Runtime, caller: Caller, body: ClockBody) -> ClockAnswer:
    """Do what *body* says, and return the answer. Raises Refused."""
    check_single(body)
    if body.frozen is not None:
        clock = await freeze(runtime, caller, is_frozen=body.frozen)
        return clock_answer(clock.at(runtime.clocks.real()), is_frozen=body.frozen)
    calendar, now = await _calendar(runtime, caller), runtime.clock()
    if body.to is not None:
        to = instant_of("to", body.to, calendar)
    elif body.by is not None:
        to = instant_after("by", body.by, now, calendar)
    else:
        to = await next_boundary(runtime, caller.org_id, only_closings=body.next is NextInstant.CLOSING)
    moved = await advance(runtime, caller, to)
    return clock_answer(moved.now, is_frozen=moved.is_frozen, fired=moved.fired)


async def _check(runtime: Runtime, caller: Caller) -> None:
    if await find_clock(runtime, caller.org_id) is None:
        raise NoSandbox


async def _calendar(runtime: Runtime, caller: Caller) -> Calendar:
    return calendar_of((await current_snapshot(runtime, caller.org_id)).organisation.zone)


_STATUSES = ("400", "401", "403", "413", "503")
ROUTES: Mapping[tuple[str, str], Route] = {
    ("get", "/api/v1/clock"): Route(READ, ClockAnswer, statuses=("400", "401", "403", "503")),
    ("post", "/api/v1/clock"): Route(ADMIN, ClockAnswer, Body((ClockBody,)), statuses=_STATUSES),
    ("post", "/api/v1/clock/reset"): Route(ADMIN, ClockAnswer, Body((ResetBody,)), statuses=_STATUSES),
}
