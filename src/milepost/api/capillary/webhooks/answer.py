"""The answer to an event that came by a webhook (facts 3.8)."""

from collections.abc import Iterable

from milepost.api.capillary.answer import AnswerStruct
from milepost.api.capillary.envelope import WarningAnswer, warning_answers
from milepost.model.problem import Problem


class ReceiptAnswer(AnswerStruct):
    """That an event was received."""

    code: int
    message: str


class WebhookAnswer(AnswerStruct):
    """What became of an event that came by a webhook."""

    status: ReceiptAnswer
    request_id: str
    warnings: list[WarningAnswer]


RECEIVED = ReceiptAnswer(code=1100, message="Event is pushed to transformation state")

FIELDS = {"type": "event_name", "time": "eventDateTime"}
"""The names of the vendor's fields for those of our own events."""


def webhook_answer(request_id: str, warnings: Iterable[Problem]) -> WebhookAnswer:
    """Return that an event was received, with what is odd about it."""
    texts = (f"{FIELDS.get(warning.path, warning.path)}: {warning.reason}" for warning in warnings)
    return WebhookAnswer(status=RECEIVED, request_id=request_id, warnings=warning_answers(texts))
