"""What is answered about webhooks, deliveries and types."""

from typing import Any

from msgspec import Raw, Struct

from milepost.api.native.answer import iso, iso_or_null
from milepost.model.delivery.webhook import Attempt, Delivery, DeliveryState, StoredWebhook
from milepost.service.delivery.delivery_log import DeliveryView
from milepost.service.delivery.payloads.schemas import TypeView
from milepost.service.delivery.webhooks import AddedWebhook, WebhookView

HIDDEN = "***"


class WebhookItem(Struct, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """A webhook and its state. Values of headers are hidden, because they may be credentials."""

    id: int
    url: str
    types: list[str]
    groups: list[int]
    targets: list[int]
    style: str
    envelope: str
    headers: dict[str, str]
    rate: int | None
    schedule: list[int]
    time_limit: int
    description: str
    tell_past: bool
    active: bool
    disabled_reason: str | None
    failures: int
    failing_since: str | None
    circuit_open_until: str | None
    pending: int
    delivered: int
    dead: int
    secrets: list[str | None]
    created_at: str
    changed_at: str


class AddedWebhookItem(Struct, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """A webhook's id and its new secret, which cannot be shown again."""

    id: int
    secret: str
    url: str
    style: str
    types: list[str]


class DeletedItem(Struct, forbid_unknown_fields=True):
    """The id of what was deleted."""

    id: int


class DeliveryItem(Struct, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """One message for a webhook, and how far its delivery is."""

    id: int
    message_id: str
    type: str
    customer_id: int | None
    sequence: int | None
    state: str
    attempts: int
    created_at: str
    next_attempt_at: str | None
    done_at: str | None


class AttemptItem(Struct, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """One request to the receiver and its answer. `tookMs` is in milliseconds; `error` says where it failed."""

    at: str
    took_ms: int
    address: str | None
    request_headers: dict[str, str]
    status: int | None
    response_headers: dict[str, str]
    response: str
    error: str | None
    reason: str | None


class DeliveryDetail(Struct, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """A delivery, the message that is sent, and all attempts."""

    delivery: DeliveryItem
    message: Any
    attempts: list[AttemptItem]


class SentSamples(Struct, forbid_unknown_fields=True, rename="camel"):
    """The ids of the deliveries of samples."""

    delivery_ids: list[int]


class Recovered(Struct, forbid_unknown_fields=True, rename="camel"):
    """How many deliveries are made again, and the job that looks for messages that were missed, if asked for."""

    again: int
    job_id: int | None


class TypeItem(Struct, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """A type of message: the vendor's names for it, whether webhooks get it unasked, its JSON Schema, an example."""

    type: str
    vendor_types: list[str]
    usual: bool
    schema: dict[str, Any]
    example: dict[str, Any]


def webhook_item(view: WebhookView) -> WebhookItem:
    """Return a webhook with its state."""
    stored = view.stored
    webhook, health = stored.webhook, stored.health
    return WebhookItem(
        id=stored.id,
        url=webhook.url,
        types=list(webhook.types),
        groups=list(webhook.groups),
        targets=list(webhook.targets),
        style=webhook.style.value,
        envelope=webhook.envelope.value,
        headers=dict.fromkeys(webhook.headers, HIDDEN),
        rate=webhook.rate,
        schedule=list(webhook.schedule),
        time_limit=webhook.time_limit,
        description=webhook.description,
        tell_past=webhook.tell_past,
        active=stored.active,
        disabled_reason=stored.disabled_reason,
        failures=health.failures,
        failing_since=iso_or_null(health.failing_since),
        circuit_open_until=iso_or_null(health.open_until),
        pending=view.counts.get(DeliveryState.PENDING.value, 0),
        delivered=view.counts.get(DeliveryState.DELIVERED.value, 0),
        dead=view.counts.get(DeliveryState.DEAD.value, 0),
        secrets=[iso_or_null(secret.until) for secret in stored.secrets],
        created_at=iso(stored.created_at),
        changed_at=iso(stored.changed_at),
    )


def added_item(added: AddedWebhook) -> AddedWebhookItem:
    """Return a webhook with its new secret."""
    stored: StoredWebhook = added.stored
    return AddedWebhookItem(
        id=stored.id,
        secret=added.secret,
        url=stored.webhook.url,
        style=stored.webhook.style.value,
        types=list(stored.webhook.types),
    )


def delivery_item(delivery: Delivery) -> DeliveryItem:
    """Return a delivery without its message."""
    return DeliveryItem(
        id=delivery.id,
        message_id=delivery.message_id,
        type=delivery.type,
        customer_id=delivery.customer_id or None,
        sequence=delivery.number or None,
        state=delivery.state.value,
        attempts=delivery.attempts,
        created_at=iso(delivery.created_at),
        next_attempt_at=iso(delivery.next_at) if delivery.state is DeliveryState.PENDING else None,
        done_at=iso_or_null(delivery.done_at),
    )


def delivery_detail(view: DeliveryView) -> DeliveryDetail:
    """Return a delivery with its message and attempts."""
    return DeliveryDetail(
        delivery=delivery_item(view.delivery),
        message=Raw(view.delivery.body.encode()),
        attempts=[_attempt_item(attempt) for attempt in view.attempts],
    )


def _attempt_item(attempt: Attempt) -> AttemptItem:
    shown = {"content-type", "user-agent"}
    headers = {
        name: value if name in shown or name.startswith(("webhook-", "milepost-")) else HIDDEN
        for name, value in attempt.request_headers.items()
    }
    return AttemptItem(
        at=iso(attempt.at),
        took_ms=attempt.took // 1_000,
        address=attempt.address,
        request_headers=headers,
        status=attempt.status,
        response_headers=dict(attempt.headers),
        response=attempt.answer,
        error=None if attempt.error is None else attempt.error.value,
        reason=attempt.reason,
    )


def type_item(view: TypeView) -> TypeItem:
    """Return a type with its schema."""
    return TypeItem(
        type=view.type.value,
        vendor_types=view.vendor_names,
        usual=view.is_usual,
        schema=view.schema,
        example=view.example,
    )
