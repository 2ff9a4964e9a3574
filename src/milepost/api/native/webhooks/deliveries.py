"""`/api/v1/webhooks/{id}/deliveries`: what became of each message, and having it sent again."""

from collections.abc import Mapping

from fastapi import APIRouter, Request

from milepost.api.http.authentication import CurrentCaller, RunningRuntime
from milepost.api.http.body import ID_MAX, JsonResponse, holds_nul, id_of, read_body, read_json
from milepost.api.http.route import ADMIN, READ, READING, Body, Route
from milepost.api.native.answer import Page
from milepost.api.native.paging import after_id, page_of
from milepost.api.native.path import id_or_refuse
from milepost.api.native.structure import struct_of
from milepost.api.native.webhooks.answer import (
    DeliveryDetail,
    DeliveryItem,
    Recovered,
    delivery_detail,
    delivery_item,
)
from milepost.api.native.webhooks.body import RecoverBody, ResendBody, instant_or_refuse
from milepost.api.native.webhooks.routes import webhook_id
from milepost.model.delivery.webhook import DeliveryState
from milepost.model.problem import Problem, Refused
from milepost.service.delivery.delivery_log import (
    UNKNOWN_DELIVERY,
    DeliveryFilter,
    find_delivery,
    list_deliveries,
    make_again,
    resend,
)
from milepost.service.delivery.recovery import request_recovery

router = APIRouter(prefix="/api/v1/webhooks/{endpoint_id}", tags=["webhooks"])


@router.get("/deliveries", response_model=None)
async def get_deliveries(
    endpoint_id: str,
    runtime: RunningRuntime,
    caller: CurrentCaller,
    state: str = "",
    messageType: str = "",
    customerId: str = "",
    since: str = "",
    until: str = "",
    cursor: str = "",
    limit: int = 50,
) -> JsonResponse:
    """List the deliveries to a webhook, latest first."""
    before = after_id(cursor, limit, first=ID_MAX)
    customer_id = id_of(customerId) if customerId else None
    problems = []
    if state and state not in {one.value for one in DeliveryState}:
        problems.append(Problem("state", f"must be one of {', '.join(one.value for one in DeliveryState)}"))
    if holds_nul(messageType):
        problems.append(Problem("messageType", "holds the character U+0000"))
    if customerId and customer_id is None:
        problems.append(Problem("customerId", "must be an id"))
    if problems:
        raise Refused(*problems)
    chosen = DeliveryFilter(
        state=state or None,
        type=messageType or None,
        customer_id=customer_id,
        since=instant_or_refuse("since", since) if since else None,
        until=instant_or_refuse("until", until) if until else None,
    )
    rows = await list_deliveries(runtime, caller.org_id, webhook_id(endpoint_id), chosen, before, limit + 1)
    return JsonResponse(page_of(rows, limit, delivery_item, lambda delivery: delivery.id))


@router.get("/deliveries/{delivery_id}", response_model=None)
async def get_delivery(
    endpoint_id: str, delivery_id: str, runtime: RunningRuntime, caller: CurrentCaller
) -> JsonResponse:
    """Return a delivery with its message and all attempts: what was sent, what was answered, how long it took."""
    id_ = id_or_refuse(delivery_id, UNKNOWN_DELIVERY)
    return JsonResponse(delivery_detail(await find_delivery(runtime, caller.org_id, webhook_id(endpoint_id), id_)))


@router.post("/deliveries/{delivery_id}/resend", response_model=None)
async def post_resend(
    endpoint_id: str, delivery_id: str, request: Request, runtime: RunningRuntime, caller: CurrentCaller
) -> JsonResponse:
    """Send a message again under the same id, whatever became of it."""
    struct_of(read_json(await read_body(request) or b"{}"), ResendBody)
    id_ = id_or_refuse(delivery_id, UNKNOWN_DELIVERY)
    return JsonResponse(delivery_detail(await resend(runtime, caller.org_id, webhook_id(endpoint_id), id_)))


@router.post("/recover", response_model=None)
async def post_recover(
    endpoint_id: str, request: Request, runtime: RunningRuntime, caller: CurrentCaller
) -> JsonResponse:
    """Send messages of a span of time again: dead letters, or all; also those that the webhook never got."""
    body = struct_of(read_json(await read_body(request)), RecoverBody)
    since = instant_or_refuse("since", body.since)
    until = runtime.outgoing.now() if body.until is None else instant_or_refuse("until", body.until)
    if since >= until:
        raise Refused(Problem("since", "must be before until"))
    id_ = webhook_id(endpoint_id)
    again = await make_again(runtime, caller.org_id, id_, tuple(body.states), since, until)
    job_id = await request_recovery(runtime, caller.org_id, id_, since, until) if body.missed else None
    return JsonResponse(Recovered(again, job_id))


_ONE = "/api/v1/webhooks/{endpoint_id}"

ROUTES: Mapping[tuple[str, str], Route] = {
    ("get", f"{_ONE}/deliveries"): Route(READ, Page[DeliveryItem], statuses=READING),
    ("get", f"{_ONE}/deliveries/{{delivery_id}}"): Route(READ, DeliveryDetail, statuses=READING),
    ("post", f"{_ONE}/deliveries/{{delivery_id}}/resend"): Route(ADMIN, DeliveryDetail, Body((ResendBody,))),
    ("post", f"{_ONE}/recover"): Route(ADMIN, Recovered, Body((RecoverBody,))),
}
