"""Communications about a target, and the channels they go by (facts 3.4)."""

from typing import Annotated, ClassVar

from fastapi import APIRouter, Request
from pydantic import BeforeValidator

from milepost.api.capillary.definitions.target_groups.answer import attribution, given
from milepost.api.capillary.definitions.targets.body import choice
from milepost.api.capillary.document import Document, read_each
from milepost.api.capillary.envelope import Json, answer
from milepost.api.capillary.query import group_id_of, target_id_of
from milepost.api.capillary.scope import ReadingFor, WritingFor, first_found
from milepost.api.http.authentication import CurrentCaller, RunningRuntime
from milepost.api.http.body import JsonResponse, read_body, read_json
from milepost.model.communication import Channel, Communication, CommunicationKind
from milepost.rules.calendar import Calendar, calendar_of
from milepost.rules.definition.communications import CommunicationDraft, Subject
from milepost.service.definitions.communications import communications_of, keep_communications

TARGET = "/v3/targetGroups/{group_id}/targets/{target_id}/communications"

CHANNELS = [{"id": channel.value, "name": channel.name.replace("_", " ")} for channel in Channel]

router = APIRouter(tags=["communications"])


def _channel(value: object) -> object:
    """Read the number of a channel."""
    if value is None:
        return None
    known = {channel.value: channel for channel in Channel}
    if isinstance(value, bool) or not isinstance(value, int) or value not in known:
        raise ValueError(f"must be one of {', '.join(map(str, known))}")
    return known[value]


class CommunicationBody(Document):
    """A text about a target; one without an id is new."""

    shown_only: ClassVar[frozenset[str]] = frozenset({"attribution", "targetId", "targetGroupId", "configs"})

    id: int | None = None
    communication_type: Annotated[CommunicationKind | None, choice(CommunicationKind)] = None
    channel_id: Annotated[Channel | None, BeforeValidator(_channel)] = None
    subject_template: str | None = None
    message_template: str | None = None
    sender: str | None = None
    offset_days: int | None = None
    active: bool | None = None

    def draft(self, path: str) -> CommunicationDraft:
        """Return what was asked for at *path*."""
        return CommunicationDraft(
            path=path,
            id=self.id,
            kind=self.communication_type,
            channel=self.channel_id,
            subject=self.subject_template,
            message=self.message_template,
            sender=self.sender,
            offset_days=self.offset_days,
            active=self.active,
        )


@router.get("/v3/targetGroups/channels", response_model=None)
async def get_channels(_asking: CurrentCaller) -> JsonResponse:
    """List the channels by which customers may be told."""
    return JsonResponse(answer(CHANNELS))


@router.get(TARGET, response_model=None)
async def get_communications(
    group_id: str, target_id: str, runtime: RunningRuntime, readers: ReadingFor
) -> JsonResponse:
    """List what customers are to be told about a target."""
    subject = Subject(group_id_of(group_id), target_id_of(target_id))
    told = await first_found(readers, lambda reader: communications_of(runtime.database, reader.org_id, subject))
    calendar = calendar_of(told.organisation.zone)
    return JsonResponse(answer([_row(one, calendar) | {"configs": []} for one in told.communications]))


@router.post(f"{TARGET}/upsert")
async def upsert_communications(
    group_id: str, target_id: str, request: Request, runtime: RunningRuntime, asking: WritingFor
) -> JsonResponse:
    """Add communications about a target, or change those whose ids are given; the answer holds those that were sent."""
    subject = Subject(group_id_of(group_id), target_id_of(target_id))
    found, problems = read_each(CommunicationBody, read_json(await read_body(request)))
    drafts = [body.draft(path) for path, body in found]
    told = await keep_communications(
        runtime.database, asking.org_id, asking.author, subject, drafts, problems, runtime.clock()
    )
    calendar = calendar_of(told.organisation.zone)
    return JsonResponse(answer([_row(one, calendar) for one in told.communications]))


def _row(one: Communication, calendar: Calendar) -> Json:
    """Return a communication in the vendor's keys, without those that have no value."""
    return given(
        {
            "id": one.id,
            "attribution": attribution(one.attribution, calendar),
            "targetId": one.target_id,
            "targetGroupId": one.group_id,
            "communicationType": one.kind.value,
            "channelId": one.channel.value,
            "subjectTemplate": one.subject,
            "messageTemplate": one.message,
            "sender": one.sender,
            "offsetDays": one.offset_days,
            "active": one.active,
        }
    )
