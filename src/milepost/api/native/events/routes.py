"""`POST /api/v1/events`: one event, an array, or one event on each line; each gets its answer after the commit."""

from collections.abc import Mapping

from fastapi import APIRouter, Request

from milepost.api.http.authentication import CurrentCaller, RunningRuntime
from milepost.api.http.body import BATCH_BYTES_MAX, JsonResponse, read_body
from milepost.api.http.request_log import note_events
from milepost.api.http.route import EVENTS, JSON, Body, Route
from milepost.api.native.events.answer import AnswerItem, Answers, answer_item, refused_item
from milepost.api.native.events.batch import Receipt, read_events
from milepost.api.native.events.body import EventBody
from milepost.service.ingest.incoming_event import IncomingEvent

router = APIRouter(prefix="/api/v1", tags=["events"])


@router.post("/events", response_model=None)
async def receive_events(request: Request, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Receive up to 1,000 events, at most 10 MiB. An event that is refused does not affect the others."""
    body = await read_body(request, BATCH_BYTES_MAX)
    receipt = Receipt(caller.org_id, caller.till_id, runtime.clock())
    content_type = request.headers.get("content-type", "")
    events = read_events(body, content_type, receipt, as_batch=runtime.decodes_batches)
    note_events(request, len(events))
    items: list[AnswerItem | None] = [None] * len(events)
    incoming_events: list[IncomingEvent] = []
    places: list[int] = []
    for place, event in enumerate(events):
        if isinstance(event, IncomingEvent):
            incoming_events.append(event)
            places.append(place)
        else:
            items[place] = refused_item(event.raw, event.problems)
    answers = await runtime.lanes.receive(incoming_events) if incoming_events else ()
    for place, answer in zip(places, answers, strict=True):
        items[place] = answer_item(answer)
    return JsonResponse(Answers([item for item in items if item is not None]))


_BODY = Body(
    (EventBody,),
    listed=True,
    types=(JSON, "application/cloudevents+json", "application/cloudevents-batch+json"),
    by_line="application/x-ndjson",
)

ROUTES: Mapping[tuple[str, str], Route] = {("post", "/api/v1/events"): Route(EVENTS, Answers, _BODY, is_hot=True)}
