"""The answer to an event that came by a webhook (facts 3.8)."""

from msgspec import UNSET, UnsetType

from milepost.api.capillary.answer import AnswerStruct
from milepost.api.capillary.envelope import WarningAnswer


class ReceiptAnswer(AnswerStruct):
    """That an event was received."""

    code: int
    message: str


class WebhookAnswer(AnswerStruct):
    """What became of an event that came by a webhook; `warnings` are there if there are any."""

    status: ReceiptAnswer
    request_id: str
    warnings: list[WarningAnswer] | UnsetType = UNSET


UNIDENTIFIED = (
    "nothing identifies this event, so it counts each time it is sent; give it an external_event_id, a uniqueId, an "
    "eventDateTime, or a field that the event's definition declares unique"
)
RECEIVED = ReceiptAnswer(code=1100, message="Event is pushed to transformation state")
