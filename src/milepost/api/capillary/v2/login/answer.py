"""The answer to a client that shows its key and secret (facts 3.8, 7)."""

from milepost.api.capillary.answer import AnswerStruct


class TokenAnswer(AnswerStruct):
    """An access token, and how many seconds it is valid."""

    access_token: str
    ttl_seconds: int
