"""Corrections of a customer's progress by hand (docs/explaining.md)."""

from collections.abc import Awaitable, Mapping

from fastapi import APIRouter, HTTPException, Request

from milepost.api.http.authentication import CurrentCaller, RunningRuntime
from milepost.api.http.body import JsonResponse, read_body
from milepost.api.http.route import ADMIN, CHANGING_ONE, Body, Route
from milepost.api.native.adjustments.answer import AdjustmentItem, adjustment_item
from milepost.api.native.adjustments.body import AdjustmentRequest, ReversalRequest, adjustment_of, wish_of
from milepost.api.native.path import path_id
from milepost.api.native.structure import read_struct
from milepost.service.customers.adjustments import Adjusted, NotFound, adjust_progress, reverse_adjustment
from milepost.service.ingest.incoming_event import Status

router = APIRouter(prefix="/api/v1", tags=["adjustments"])


@router.post("/customers/{customer_id}/adjustments", response_model=None)
async def adjust(customer_id: str, request: Request, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Correct a customer's progress by an amount, with a reason; with dryRun only show what that would do.

    The correction is an event like any other: explanations show it, and a reversal takes it back.
    """
    customer = path_id(customer_id, "customer")
    body = read_struct(await read_body(request), AdjustmentRequest)
    return await _answered(adjust_progress(runtime, caller, customer, adjustment_of(body), wish_of(body, caller)))


@router.post("/customers/{customer_id}/adjustments/{adjustment_id}/reversal", response_model=None)
async def reverse(
    customer_id: str, adjustment_id: str, request: Request, runtime: RunningRuntime, caller: CurrentCaller
) -> JsonResponse:
    """Take an adjustment back by a second one; with dryRun only show what that would do."""
    customer = path_id(customer_id, "customer")
    body = read_struct(await read_body(request), ReversalRequest)
    return await _answered(reverse_adjustment(runtime, caller, customer, adjustment_id, wish_of(body, caller)))


async def _answered(adjusting: Awaitable[Adjusted]) -> JsonResponse:
    try:
        adjusted = await adjusting
    except NotFound as absent:
        raise HTTPException(404, str(absent)) from None
    if adjusted.status is Status.CONFLICT:
        raise HTTPException(409, "an adjustment with this id was made before, with other content")
    return JsonResponse(adjustment_item(adjusted))


_ADJUSTMENTS = "/api/v1/customers/{customer_id}/adjustments"

ROUTES: Mapping[tuple[str, str], Route] = {
    ("post", _ADJUSTMENTS): Route(ADMIN, AdjustmentItem, Body((AdjustmentRequest,)), statuses=CHANGING_ONE),
    ("post", f"{_ADJUSTMENTS}/{{adjustment_id}}/reversal"): Route(
        ADMIN, AdjustmentItem, Body((ReversalRequest,)), statuses=CHANGING_ONE
    ),
}
