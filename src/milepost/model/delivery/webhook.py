"""Webhooks: who is to be told of outcomes, and what became of each message."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from milepost.model.time import Micros

SCHEDULE_USUAL = (5, 300, 1_800, 7_200, 18_000, 36_000, 36_000)
"""Seconds between the attempts of a delivery: eight attempts in about 27.6 hours."""

TIME_LIMIT_USUAL = 15
"""Seconds that an attempt may take."""


class Style(Enum):
    """Whose payloads a webhook gets: our own, or those of the vendor."""

    MILEPOST = "milepost"
    CAPILLARY = "capillary"


class Envelope(Enum):
    """What is around a payload: the fields of the style, CloudEvents 1.0, or the vendor's enriched fields."""

    PLAIN = "plain"
    CLOUDEVENTS = "cloudevents"
    ENRICHED = "enriched"


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """What was asked for when a webhook was added or changed.

    `types` are names of the style. No `groups` and no `targets` mean all. `rate` is in attempts a second, None for no
    limit. `schedule` holds the seconds between attempts, `time_limit` the seconds of one attempt. With `tell_past` also
    periods are told of that had ended when their group was defined.
    """

    url: str
    types: tuple[str, ...]
    groups: tuple[int, ...] = ()
    targets: tuple[int, ...] = ()
    style: Style = Style.MILEPOST
    envelope: Envelope = Envelope.PLAIN
    headers: Mapping[str, str] = field(default_factory=dict)
    rate: int | None = None
    schedule: tuple[int, ...] = SCHEDULE_USUAL
    time_limit: int = TIME_LIMIT_USUAL
    description: str = ""
    tell_past: bool = False


class SealedSecret(NamedTuple):
    """A secret of a webhook, encrypted; it signs up to `until` (epoch microseconds), None for as long as it stands."""

    sealed: str
    until: Micros | None = None


class WebhookHealth(NamedTuple):
    """How attempts went lately: failures since the last success, since when, and until when the circuit is open."""

    failures: int = 0
    failing_since: Micros | None = None
    open_until: Micros | None = None


HEALTHY = WebhookHealth()


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredWebhook:
    """A webhook with its id, secrets and state; `since_version` is the organisation version from which it is told."""

    org_id: int
    id: int
    webhook: Webhook
    secrets: tuple[SealedSecret, ...]
    since_version: int
    active: bool = True
    disabled_reason: str | None = None
    health: WebhookHealth = HEALTHY
    created_at: Micros
    changed_at: Micros


class DeliveryState(Enum):
    """Whether a delivery is still to be made, was made, or is given up."""

    PENDING = "PENDING"
    DELIVERED = "DELIVERED"
    DEAD = "DEAD"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message for one webhook. `number` counts a customer's messages to it from 1; `epoch` names the claim."""

    id: int
    bucket: int
    org_id: int
    webhook_id: int
    customer_id: int
    message_id: str
    type: str
    number: int
    body: str
    state: DeliveryState = DeliveryState.PENDING
    attempts: int = 0
    epoch: int = 0
    created_at: Micros
    next_at: Micros
    done_at: Micros | None = None


class ErrorClass(Enum):
    """Where an attempt failed."""

    ADDRESS = "ADDRESS"
    DNS = "DNS"
    CONNECT = "CONNECT"
    TLS = "TLS"
    TIME = "TIME"
    STATUS = "STATUS"
    PROTOCOL = "PROTOCOL"
    BROKER = "BROKER"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One request to a receiver and its answer; without an answer `status` is None.

    `took` is in microseconds. `answer` is the beginning of the answer's body.
    """

    at: Micros
    took: int
    address: str | None = None
    request_headers: Mapping[str, str]
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    answer: str = ""
    error: ErrorClass | None = None
    reason: str | None = None
