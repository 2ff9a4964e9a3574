"""Communications in the body of a request (facts 3.4)."""

from typing import Annotated, ClassVar

from pydantic import BeforeValidator

from milepost.api.capillary.document import Document, choice
from milepost.model.definitions.communication import Channel, CommunicationKind
from milepost.rules.definition.communications import CommunicationDraft


def _channel(value: object) -> object:
    """Read the number of a channel."""
    if value is None:
        return None
    channels = {channel.value: channel for channel in Channel}
    if isinstance(value, bool) or not isinstance(value, int) or value not in channels:
        raise ValueError(f"must be one of {', '.join(map(str, channels))}")
    return channels[value]


class CommunicationBody(Document):
    """A text about a target; a communication without an id is new."""

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
        """Return the communication that stands at *path* in the body."""
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
