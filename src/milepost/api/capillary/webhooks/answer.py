"""The answer to an event that came by a webhook (facts 3.8)."""

from milepost.api.capillary.answer import AnswerStruct


class ReceiptAnswer(AnswerStruct):
    """That an event was received."""

    code: int
    message: str


class WebhookAnswer(AnswerStruct):
    """What became of an event that came by a webhook."""

    status: ReceiptAnswer
    request_id: str


RECEIVED = ReceiptAnswer(code=1100, message="Event is pushed to transformation state")
