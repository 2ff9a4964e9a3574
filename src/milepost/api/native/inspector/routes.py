"""`/api/v1/inspector`: a receiver inside the server, to see what a webhook is sent."""

from collections.abc import Mapping
from typing import Any

import msgspec
from fastapi import APIRouter, Request
from msgspec import Raw, Struct

from milepost.api.http.authentication import CurrentCaller, RunningRuntime
from milepost.api.http.body import JsonResponse, read_body
from milepost.api.http.route import READ, Body, Route
from milepost.api.native.answer import Page, iso
from milepost.service.delivery.inspector import Arrival, Inspector

router = APIRouter(prefix="/api/v1/inspector", tags=["inspector"])
SHOWN = ("webhook-id", "webhook-timestamp", "webhook-signature", "milepost-sequence", "content-type")


class InspectedBody(Struct):
    """A message of any style."""


class ArrivalItem(Struct, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """A message that arrived, with the headers of its signature, and whether that is good."""

    webhook_id: int
    at: str
    message_id: str
    verified: bool
    headers: dict[str, str]
    message: Any


class Received(Struct, forbid_unknown_fields=True):
    """Whether the signature of the message is good."""

    verified: bool


def _inspector(request: Request) -> Inspector:
    state = request.app.state
    if not hasattr(state, "inspector"):
        state.inspector = Inspector()
    inspector: Inspector = state.inspector
    return inspector


@router.post("/{inspector_name}", response_model=None)
async def post_message(inspector_name: str, request: Request, runtime: RunningRuntime) -> JsonResponse:
    """Receive a message of a webhook whose address ends so, as any receiver would."""
    body = await read_body(request)
    headers = {key: request.headers[key] for key in SHOWN if key in request.headers}
    arrival = await _inspector(request).receive(runtime, inspector_name, headers, body)
    return JsonResponse(Received(arrival.verified))


@router.get("", response_model=None)
async def get_messages(request: Request, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """List the last messages that arrived here, latest first, each with whether its signature is good."""
    arrivals = _inspector(request).of_organisation(runtime, caller.org_id)
    return JsonResponse(Page([_item(arrival) for arrival in arrivals], None))


def _item(arrival: Arrival) -> ArrivalItem:
    return ArrivalItem(
        webhook_id=arrival.webhook_id,
        at=iso(arrival.at),
        message_id=arrival.message_id,
        verified=arrival.verified,
        headers=dict(arrival.headers),
        message=_message(arrival.body),
    )


def _message(body: str) -> Raw | str:
    """Return the body as JSON, or as text if it is none."""
    try:
        msgspec.json.decode(body)
    except msgspec.DecodeError:
        return body
    return Raw(body.encode())


_OPEN = ("400", "413", "503")

ROUTES: Mapping[tuple[str, str], Route] = {
    ("post", "/api/v1/inspector/{inspector_name}"): Route(
        None, Received, Body((InspectedBody,)), statuses=("400", "413", "503")
    ),
    ("get", "/api/v1/inspector"): Route(READ, Page[ArrivalItem], statuses=("400", "401")),
}
