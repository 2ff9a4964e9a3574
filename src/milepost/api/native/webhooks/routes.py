"""`/api/v1/webhooks`: addresses that are told of outcomes."""

from collections.abc import Mapping

from fastapi import APIRouter, Request

from milepost.api.http.authentication import CurrentCaller, RunningRuntime
from milepost.api.http.body import JsonResponse, read_body, read_json
from milepost.api.http.route import ADMIN, READ, READING, Body, Route
from milepost.api.native.answer import Page
from milepost.api.native.path import id_or_refuse
from milepost.api.native.structure import struct_of
from milepost.api.native.webhooks.answer import (
    AddedWebhookItem,
    DeletedItem,
    SentSamples,
    TypeItem,
    WebhookItem,
    added_item,
    type_item,
    webhook_item,
)
from milepost.api.native.webhooks.body import (
    SampleBody,
    SecretBody,
    WebhookBody,
    WebhookChangeBody,
    changes_of,
    webhook_of,
)
from milepost.service.delivery.delivery_log import send_samples
from milepost.service.delivery.payloads.schemas import all_types
from milepost.service.delivery.webhooks import (
    UNKNOWN_WEBHOOK,
    add_webhook,
    change_webhook,
    delete_webhook,
    find_webhook,
    list_webhooks,
    replace_secret,
)

router = APIRouter(prefix="/api/v1/webhooks", tags=["webhooks"])


@router.get("/types", response_model=None)
async def get_types(_caller: CurrentCaller) -> JsonResponse:
    """List the types of messages with their JSON Schemas and the vendor's names for them."""
    return JsonResponse(Page([type_item(view) for view in all_types()], None))


@router.post("", response_model=None)
async def post_webhook(request: Request, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Add a webhook. From this answer on it misses nothing; the secret in it cannot be shown again."""
    body = struct_of(read_json(await read_body(request)), WebhookBody)
    added = await add_webhook(runtime, caller.org_id, webhook_of(body), secret=body.secret, active=body.active)
    return JsonResponse(added_item(added))


@router.get("", response_model=None)
async def get_webhooks(runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """List all webhooks with their states."""
    return JsonResponse(Page([webhook_item(view) for view in await list_webhooks(runtime, caller.org_id)], None))


@router.get("/{endpoint_id}", response_model=None)
async def get_webhook(endpoint_id: str, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Return a webhook with its state."""
    return JsonResponse(webhook_item(await find_webhook(runtime, caller.org_id, webhook_id(endpoint_id))))


@router.patch("/{endpoint_id}", response_model=None)
async def patch_webhook(
    endpoint_id: str, request: Request, runtime: RunningRuntime, caller: CurrentCaller
) -> JsonResponse:
    """Change a webhook. Making it active again closes its circuit."""
    body = struct_of(read_json(await read_body(request)), WebhookChangeBody)
    active = body.active if isinstance(body.active, bool) else None
    view = await change_webhook(runtime, caller.org_id, webhook_id(endpoint_id), changes_of(body), active=active)
    return JsonResponse(webhook_item(view))


@router.delete("/{endpoint_id}", response_model=None)
async def remove_webhook(endpoint_id: str, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Delete a webhook with its deliveries."""
    id_ = webhook_id(endpoint_id)
    await delete_webhook(runtime, caller.org_id, id_)
    return JsonResponse(DeletedItem(id_))


@router.post("/{endpoint_id}/secret", response_model=None)
async def post_secret(
    endpoint_id: str, request: Request, runtime: RunningRuntime, caller: CurrentCaller
) -> JsonResponse:
    """Replace the secret of a webhook; for a while the earlier one signs as well."""
    body = struct_of(read_json(await read_body(request)), SecretBody)
    added = await replace_secret(
        runtime, caller.org_id, webhook_id(endpoint_id), secret=body.secret, overlap=body.overlap_seconds
    )
    return JsonResponse(added_item(added))


@router.post("/{endpoint_id}/test", response_model=None)
async def post_samples(
    endpoint_id: str, request: Request, runtime: RunningRuntime, caller: CurrentCaller
) -> JsonResponse:
    """Send a sample of each type that the webhook wants; the ids of samples begin with `test_`."""
    body = struct_of(read_json(await read_body(request) or b"{}"), SampleBody)
    return JsonResponse(
        SentSamples(await send_samples(runtime, caller.org_id, webhook_id(endpoint_id), tuple(body.types)))
    )


def webhook_id(text: str) -> int:
    """Return the id of a webhook that *text* is; raises Refused."""
    return id_or_refuse(text, UNKNOWN_WEBHOOK)


_ONE = "/api/v1/webhooks/{endpoint_id}"

ROUTES: Mapping[tuple[str, str], Route] = {
    ("get", "/api/v1/webhooks/types"): Route(READ, Page[TypeItem], statuses=("400", "401")),
    ("post", "/api/v1/webhooks"): Route(ADMIN, AddedWebhookItem, Body((WebhookBody,))),
    ("get", "/api/v1/webhooks"): Route(READ, Page[WebhookItem], statuses=READING),
    ("get", _ONE): Route(READ, WebhookItem, statuses=READING),
    ("patch", _ONE): Route(ADMIN, WebhookItem, Body((WebhookChangeBody,))),
    ("delete", _ONE): Route(ADMIN, DeletedItem, statuses=READING),
    ("post", f"{_ONE}/secret"): Route(ADMIN, AddedWebhookItem, Body((SecretBody,))),
    ("post", f"{_ONE}/test"): Route(ADMIN, SentSamples, Body((SampleBody,))),
}
