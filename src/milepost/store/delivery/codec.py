"""Stored texts of the outbox, webhooks and attempts."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from milepost.model.delivery.webhook import Attempt, SealedSecret, Webhook
from milepost.model.event import EventKey
from milepost.model.standing import Outcome
from milepost.model.time import Micros
from milepost.store.codec import FIRST_FORM, encode_outcomes

_text = msgspec.json.Encoder(order="deterministic", decimal_format="number")
_webhooks = msgspec.json.Decoder(Webhook)
_secrets = msgspec.json.Decoder(tuple[SealedSecret, ...])
_attempts = msgspec.json.Decoder(Attempt)


class OutboxBody(NamedTuple):
    """A row of the outbox in the second form: the event's key, the request that brought it, and its outcomes."""

    form: int
    source: str
    event_id: str
    request_id: str
    outcomes: tuple[Outcome, ...]


_outbox = msgspec.json.Decoder(OutboxBody)


def encode_outbox(key: EventKey, request_id: str, outcomes: Sequence[Outcome]) -> bytes:
    """Return the stored text of an event's row of the outbox."""
    return _text.encode((2, key.source, key.id, request_id, msgspec.Raw(encode_outcomes(outcomes))))


class Announcement(NamedTuple):
    """A row of the outbox in the third form: what became of something of the organisation, ready to be told."""

    form: int
    type: str
    name: str
    at: Micros
    request_id: str
    data: msgspec.Raw


_announcement = msgspec.json.Decoder(Announcement)


def encode_announcement(type_: str, name: str, at: Micros, request_id: str, data: object) -> str:
    """Return the stored text of an announcement; *name* distinguishes it from others of its type."""
    return _text.encode((3, type_, name, at, request_id, data)).decode()


def decode_outbox(body: str) -> OutboxBody | Announcement | None:
    """Return the row in *body*; None for one of the first form, which is older than webhooks: nobody waits for it."""
    if body.startswith(FIRST_FORM):
        return None
    return _announcement.decode(body) if body.startswith("[3,") else _outbox.decode(body)


def encode_webhook(webhook: Webhook) -> str:
    """Return the stored text of what was asked for of a webhook."""
    return _text.encode(webhook).decode()


def decode_webhook(body: str) -> Webhook:
    """Return the webhook in *body*."""
    return _webhooks.decode(body)


def encode_secrets(secrets: tuple[SealedSecret, ...]) -> str:
    """Return the stored text of a webhook's encrypted secrets."""
    return _text.encode(secrets).decode()


def decode_secrets(body: str) -> tuple[SealedSecret, ...]:
    """Return the encrypted secrets in *body*."""
    return _secrets.decode(body)


def encode_attempt(attempt: Attempt) -> str:
    """Return the stored text of an attempt; PostgreSQL cannot store U+0000, which answers may hold."""
    return _text.encode(attempt).decode().replace("\\u0000", "\\ufffd")


def decode_attempt(body: str) -> Attempt:
    """Return the attempt in *body*."""
    return _attempts.decode(body)
