"""Communications about a target, and the channels they go by (facts 3.4)."""

from collections.abc import Mapping

from fastapi import APIRouter, Request

from milepost.api.capillary.definitions.communications.answer import (
    CHANNELS,
    ChannelAnswer,
    CommunicationAnswer,
    communication_answer,
)
from milepost.api.capillary.definitions.communications.body import CommunicationBody
from milepost.api.capillary.document import read_each
from milepost.api.capillary.envelope import Envelope, answer
from milepost.api.capillary.query import group_id_of, target_id_of
from milepost.api.capillary.scope import HEADERS, ReadingFor, WritingFor, first_found
from milepost.api.http.authentication import CurrentCaller, RunningRuntime
from milepost.api.http.body import JsonResponse, read_body, read_json
from milepost.api.http.route import ADMIN, READ, READING, TELLING, Body, Route
from milepost.rules.calendar import calendar_of
from milepost.rules.definition.communications import Subject
from milepost.service.definitions.communications import communications_of, keep_communications

ALL_CHANNELS = "/v3/targetGroups/channels"
COMMUNICATIONS = "/v3/targetGroups/{group_id}/targets/{target_id}/communications"
UPSERT = f"{COMMUNICATIONS}/upsert"

_SOME_COMMUNICATIONS = Body((CommunicationBody,), alone=False, listed=True)

router = APIRouter(tags=["communications"])

ROUTES: Mapping[tuple[str, str], Route] = {
    ("get", ALL_CHANNELS): Route(READ, Envelope[list[ChannelAnswer]], statuses=TELLING),
    ("get", COMMUNICATIONS): Route(READ, Envelope[list[CommunicationAnswer]], headers=HEADERS, statuses=READING),
    ("post", UPSERT): Route(ADMIN, Envelope[list[CommunicationAnswer]], _SOME_COMMUNICATIONS, headers=HEADERS),
}


@router.get(ALL_CHANNELS, response_model=None)
async def get_channels(_asking: CurrentCaller) -> JsonResponse:
    """List the channels by which customers may receive communications."""
    return JsonResponse(answer(CHANNELS))


@router.get(COMMUNICATIONS, response_model=None)
async def get_communications(
    group_id: str, target_id: str, runtime: RunningRuntime, readers: ReadingFor
) -> JsonResponse:
    """List the communications about a target."""
    subject = Subject(group_id_of(group_id), target_id_of(target_id))
    stored = await first_found(readers, lambda reader: communications_of(runtime.database, reader.org_id, subject))
    calendar = calendar_of(stored.organisation.zone)
    shown = [
        communication_answer(communication, calendar, with_configs=True) for communication in stored.communications
    ]
    return JsonResponse(answer(shown))


@router.post(UPSERT)
async def upsert_communications(
    group_id: str, target_id: str, request: Request, runtime: RunningRuntime, asking: WritingFor
) -> JsonResponse:
    """Add communications about a target, or change those whose ids are given; the answer holds those that were sent."""
    subject = Subject(group_id_of(group_id), target_id_of(target_id))
    bodies, problems = read_each(CommunicationBody, read_json(await read_body(request)))
    drafts = [body.draft(path) for path, body in bodies]
    stored = await keep_communications(
        runtime.database, asking.org_id, asking.author, subject, drafts, problems, runtime.clock()
    )
    calendar = calendar_of(stored.organisation.zone)
    shown = [
        communication_answer(communication, calendar, with_configs=False) for communication in stored.communications
    ]
    return JsonResponse(answer(shown))
