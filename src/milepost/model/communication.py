"""What a customer is to be told about a target; kept as data, sent by whoever subscribes to outcomes."""

from dataclasses import dataclass
from enum import Enum

from milepost.model.target import Attribution


class CommunicationKind(Enum):
    """What a communication is about."""

    START = "START"
    FINISH = "FINISH"
    CHANGE = "CHANGE"
    REMINDER = "REMINDER"


class Channel(Enum):
    """How a customer is reached; the value is its number outside."""

    SMS = 1
    EMAIL = 2
    MOBILE_PUSH = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Communication:
    """A text about one target; `offset_days` counts from what the communication is about, earlier ones below zero."""

    id: int
    group_id: int
    target_id: int
    kind: CommunicationKind
    channel: Channel
    subject: str | None = None
    message: str
    sender: str | None = None
    offset_days: int | None = None
    active: bool = True
    attribution: Attribution
