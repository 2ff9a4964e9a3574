"""`/api/v1/queues`: queues that events are read from. Whoever runs the server adds them: `milepost queues add`."""

from collections.abc import Mapping

from fastapi import APIRouter, Request

from milepost.api.http.authentication import CurrentCaller, RunningRuntime
from milepost.api.http.body import JsonResponse, read_body, read_json
from milepost.api.http.route import ADMIN, READ, READING, Body, Route
from milepost.api.native.answer import Page
from milepost.api.native.paging import after_id, page_of
from milepost.api.native.path import id_or_refuse
from milepost.api.native.queues.answer import (
    DeadLetterItem,
    QueueItem,
    RetriedItem,
    dead_letter_item,
    queue_item,
    retried_item,
)
from milepost.api.native.queues.body import QueueChangeBody, RetryBody, read_queued_event
from milepost.api.native.structure import struct_of
from milepost.service.queues.queues import (
    UNKNOWN_DEAD_LETTER,
    UNKNOWN_QUEUE,
    activate_queue,
    find_queue,
    list_dead_letters,
    list_queues,
    retry_dead_letter,
)

router = APIRouter(prefix="/api/v1/queues", tags=["queues"])


@router.get("", response_model=None)
async def get_queues(runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """List all queues with their states."""
    return JsonResponse(Page([queue_item(queue) for queue in await list_queues(runtime, caller.org_id)], None))


@router.get("/{queue_id}", response_model=None)
async def get_queue(queue_id: str, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Return a queue with its state: how many messages wait, when it was read, and why it cannot be read."""
    return JsonResponse(queue_item(await find_queue(runtime, caller.org_id, id_or_refuse(queue_id, UNKNOWN_QUEUE))))


@router.patch("/{queue_id}", response_model=None)
async def patch_queue(queue_id: str, request: Request, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Have a queue read, or no longer. It is read on from where it was left."""
    body = struct_of(read_json(await read_body(request)), QueueChangeBody)
    id_ = id_or_refuse(queue_id, UNKNOWN_QUEUE)
    return JsonResponse(queue_item(await activate_queue(runtime, caller.org_id, id_, active=body.active)))


@router.get("/{queue_id}/deadLetters", response_model=None)
async def get_dead_letters(
    queue_id: str, runtime: RunningRuntime, caller: CurrentCaller, cursor: str = "", limit: int = 50
) -> JsonResponse:
    """List messages that could not be received as events, in the order in which they were read."""
    after = after_id(cursor, limit)
    id_ = id_or_refuse(queue_id, UNKNOWN_QUEUE)
    rows = await list_dead_letters(runtime, caller.org_id, id_, after, limit + 1)
    return JsonResponse(page_of(rows, limit, dead_letter_item, lambda letter: letter.id))


@router.post("/{queue_id}/deadLetters/{dead_letter_id}/retry", response_model=None)
async def post_retry(
    queue_id: str, dead_letter_id: str, request: Request, runtime: RunningRuntime, caller: CurrentCaller
) -> JsonResponse:
    """Receive a dead letter as an event again, now that what kept it out is mended."""
    struct_of(read_json(await read_body(request) or b"{}"), RetryBody)
    queue, letter = id_or_refuse(queue_id, UNKNOWN_QUEUE), id_or_refuse(dead_letter_id, UNKNOWN_DEAD_LETTER)
    retried = await retry_dead_letter(runtime, caller.org_id, queue, letter, read_queued_event)
    return JsonResponse(retried_item(retried))


_ONE = "/api/v1/queues/{queue_id}"

ROUTES: Mapping[tuple[str, str], Route] = {
    ("get", "/api/v1/queues"): Route(READ, Page[QueueItem], statuses=READING),
    ("get", _ONE): Route(READ, QueueItem, statuses=READING),
    ("patch", _ONE): Route(ADMIN, QueueItem, Body((QueueChangeBody,))),
    ("get", f"{_ONE}/deadLetters"): Route(READ, Page[DeadLetterItem], statuses=READING),
    ("post", f"{_ONE}/deadLetters/{{dead_letter_id}}/retry"): Route(ADMIN, RetriedItem, Body((RetryBody,))),
}
