"""Texts to customers about targets. Milepost stores them; subscribers to outcomes send them."""

from dataclasses import dataclass
from enum import Enum

from milepost.model.target import Attribution


class CommunicationKind(Enum):
    """The moment that a communication is about: the start or end of a target, a change, a reminder."""

    START = "START"
    FINISH = "FINISH"
    CHANGE = "CHANGE"
    REMINDER = "REMINDER"


class Channel(Enum):
    """How a customer is reached. The value is the channel's number in the vendor's API."""

    SMS = 1
    EMAIL = 2
    MOBILE_PUSH = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Communication:
    """A text to customers about one target.

    `offset_days` says how many days after the moment in `kind` the text is due; a negative number means days before it.
    """

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
