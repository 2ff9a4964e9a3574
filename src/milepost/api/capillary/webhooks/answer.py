"""The answer to an event that came by a webhook (facts 3.8)."""

from collections.abc import Iterable

from msgspec import UNSET, UnsetType

from milepost.api.capillary.answer import AnswerStruct
from milepost.api.capillary.envelope import WarningAnswer, warning_answers
from milepost.model.problem import Problem


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

FIELDS = {"type": "event_name", "time": "eventDateTime"}
"""The names of the vendor's fields for those of our own events."""


def webhook_answer(request_id: str, warnings: Iterable[Problem], *, is_identified: bool) -> WebhookAnswer:
    """Return that an event was received, with what is odd about it; *is_identified* says that it counts once."""
    texts = [f"{FIELDS.get(warning.path, warning.path)}: {warning.reason}" for warning in warnings]
    shown = warning_answers(texts if is_identified else [UNIDENTIFIED, *texts])
    return WebhookAnswer(status=RECEIVED, request_id=request_id, warnings=shown or UNSET)
