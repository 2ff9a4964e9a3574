"""`POST /api/v1/events`: one event, an array, or one event on each line; each gets its answer after the commit."""

from collections.abc import Mapping

from fastapi import APIRouter, Request

from milepost.api.http.authentication import CurrentCaller, RunningRuntime
from milepost.api.http.body import BATCH_BYTES_MAX, JsonResponse, read_body
from milepost.api.http.request_log import note_events
from milepost.api.http.route import EVENTS, JSON, Body, Route
from milepost.api.native.events.answer import AnswerItem, Answers, answer_item, refused_item
from milepost.api.native.events.body import EventBody, raw_events
from milepost.api.native.events.incoming_event import read_event
from milepost.model.problem import Problem, Refused
from milepost.service.ingest.incoming_event import IncomingEvent

EVENTS_MAX = 1_000

router = APIRouter(prefix="/api/v1", tags=["events"])


@router.post("/events", response_model=None)
async def receive_events(request: Request, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Receive up to 1,000 events, at most 10 MiB. An event that is refused does not affect the others."""
    raws = raw_events(await read_body(request, BATCH_BYTES_MAX), request.headers.get("content-type", ""))
    if len(raws) > EVENTS_MAX:
        raise Refused(Problem("", f"a request may hold {EVENTS_MAX} events; this one holds {len(raws)}"))
    note_events(request, len(raws))
    now = runtime.clock()
    items: list[AnswerItem | None] = [None] * len(raws)
    incoming_events: list[IncomingEvent] = []
    places: list[int] = []
    for place, event in enumerate(raws):
        read = read_event(event, org_id=caller.org_id, till_id=caller.till_id, now=now)
        if isinstance(read, IncomingEvent):
            incoming_events.append(read)
            places.append(place)
        else:
            items[place] = refused_item(event, read)
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
