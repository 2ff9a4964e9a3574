"""`POST /webhooks/{id}`: behavioural events in the vendor's flat shape (facts 3.8); the address is the login."""

from collections.abc import Mapping
from dataclasses import replace
from uuid import uuid4

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException

from milepost.api.capillary.webhooks.answer import FIELDS, WebhookAnswer, webhook_answer
from milepost.api.capillary.webhooks.body import WebhookEvent, read_event
from milepost.api.http.authentication import RunningRuntime
from milepost.api.http.body import JsonResponse, read_body, read_json
from milepost.api.http.parameters import check_parameters
from milepost.api.http.route import Body, Route
from milepost.model.event import Activity, Scalar
from milepost.model.problem import Problem, Refused
from milepost.service.definitions.event_definitions import CODE_RECEIVED, defined_events, unique_id
from milepost.service.ingest.admission import TYPE
from milepost.service.ingest.incoming_event import IncomingEvent, Status, raise_faults
from milepost.service.organisations.webhooks import organisation_of_webhook
from milepost.service.runtime.runtime import within
from milepost.service.snapshot.current_request import answer_for

WEBHOOK = "/webhooks/{webhook_id}"

router = APIRouter(tags=["events"])

ROUTES: Mapping[tuple[str, str], Route] = {
    ("post", WEBHOOK): Route(None, WebhookAnswer, Body((WebhookEvent,)), statuses=("400", "404", "413", "503")),
}


@router.post(WEBHOOK, response_model=None)
async def post_event(webhook_id: str, request: Request, runtime: RunningRuntime) -> JsonResponse:
    """Receive one behavioural event: `event_name`, an identifier, attributes, and `eventDateTime` if it was not now.

    An event that nothing identifies counts each time it is sent, with a warning (facts 8 #64).
    """
    check_parameters(request)
    org_id = await organisation_of_webhook(runtime.database, webhook_id)
    if org_id is None:
        raise HTTPException(404, "Not Found")
    answer_for(org_id)
    runtime = await within(runtime, org_id)
    request_id = uuid4().hex
    definitions = await defined_events(runtime, org_id)
    incoming_event = read_event(read_json(await read_body(request)), org_id, runtime.clock(), request_id, definitions)
    (answer,) = await runtime.lanes.receive([incoming_event])
    raise_faults([answer])
    # Where the organisation defines what makes an event unique, another event with the same unique id is a duplicate,
    # even if its other attributes differ.
    is_duplicate = (
        answer.status is Status.CONFLICT
        and unique_id(definitions.get(incoming_event.name), _attributes(incoming_event)) is not None
    )
    if answer.status in {Status.REFUSED, Status.CONFLICT} and not is_duplicate:
        raise Refused(*(_refusal(problem) for problem in answer.problems))
    return JsonResponse(webhook_answer(request_id, answer.warnings, is_identified=incoming_event.key.id != request_id))


def _refusal(problem: Problem) -> Problem:
    """Return *problem* as a webhook answers it: what is wrong with the event's name has a code of its own (facts 6)."""
    path = FIELDS.get(problem.path, problem.path)
    return replace(problem, path=path, code=CODE_RECEIVED if problem.path == TYPE else problem.code)


def _attributes(incoming_event: IncomingEvent) -> Mapping[str, Scalar]:
    return incoming_event.payload.attributes if isinstance(incoming_event.payload, Activity) else {}
