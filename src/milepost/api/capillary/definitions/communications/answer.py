"""Communications about a target and the channels they go by, as reads and edits answer them (facts 3.4)."""

from msgspec import UNSET, UnsetType

from milepost.api.capillary.answer import AnswerStruct, AttributionAnswer, attribution, given
from milepost.model.definitions.communication import Channel, Communication, CommunicationKind
from milepost.rules.calendar import Calendar


class ChannelAnswer(AnswerStruct):
    """A way to reach a customer."""

    id: int
    name: str


class CommunicationAnswer(AnswerStruct, kw_only=True):
    """A text about a target; keys without a value are left out. Only reads have `configs`, which is always empty."""

    id: int
    attribution: AttributionAnswer
    target_id: int
    target_group_id: int
    communication_type: CommunicationKind
    channel_id: int
    subject_template: str | UnsetType = UNSET
    message_template: str
    sender: str | UnsetType = UNSET
    offset_days: int | UnsetType = UNSET
    active: bool
    configs: list[None] | UnsetType = UNSET


CHANNELS = [ChannelAnswer(id=channel.value, name=channel.name.replace("_", " ")) for channel in Channel]


def communication_answer(
    communication: Communication, calendar: Calendar, *, with_configs: bool
) -> CommunicationAnswer:
    """Return a communication in the vendor's keys."""
    return CommunicationAnswer(
        id=communication.id,
        attribution=attribution(communication.attribution, calendar),
        target_id=communication.target_id,
        target_group_id=communication.group_id,
        communication_type=communication.kind,
        channel_id=communication.channel.value,
        subject_template=given(communication.subject),
        message_template=communication.message,
        sender=given(communication.sender),
        offset_days=given(communication.offset_days),
        active=communication.active,
        configs=[] if with_configs else UNSET,
    )
