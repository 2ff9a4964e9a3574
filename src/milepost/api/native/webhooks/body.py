"""What requests about webhooks hold."""

from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from milepost.model.delivery.webhook import SCHEDULE_USUAL, TIME_LIMIT_USUAL, DeliveryState, Envelope, Style, Webhook
from milepost.model.problem import Problem, Refused
from milepost.model.time import Micros
from milepost.rules.calendar import Unreadable, calendar_of
from milepost.service.delivery.webhooks import OVERLAP_SECONDS_USUAL, usual_types


class WebhookBody(Struct, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """A webhook to add."""

    url: str
    types: list[str] | None = None
    groups: list[int] = []
    targets: list[int] = []
    style: Style = Style.MILEPOST
    envelope: Envelope = Envelope.PLAIN
    headers: dict[str, str] = {}
    rate: int | None = None
    schedule: list[int] = msgspec.field(default_factory=lambda: list(SCHEDULE_USUAL))
    time_limit: int = TIME_LIMIT_USUAL
    description: str = ""
    tell_past: bool = False
    secret: str | None = None
    active: bool = True


class WebhookChangeBody(Struct, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """The fields of a webhook to change; fields that are left out stay as they are."""

    url: str | UnsetType = UNSET
    types: list[str] | UnsetType = UNSET
    groups: list[int] | UnsetType = UNSET
    targets: list[int] | UnsetType = UNSET
    style: Style | UnsetType = UNSET
    envelope: Envelope | UnsetType = UNSET
    headers: dict[str, str] | UnsetType = UNSET
    rate: int | UnsetType | None = UNSET
    schedule: list[int] | UnsetType = UNSET
    time_limit: int | UnsetType = UNSET
    description: str | UnsetType = UNSET
    tell_past: bool | UnsetType = UNSET
    active: bool | UnsetType = UNSET


class SecretBody(Struct, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """A new secret; without one it is made. Earlier secrets sign beside it for `overlapSeconds`."""

    secret: str | None = None
    overlap_seconds: int = OVERLAP_SECONDS_USUAL


class SampleBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """The types of which samples are sent; without them all types of the webhook."""

    types: list[str] = []


class ResendBody(Struct, forbid_unknown_fields=True):
    """Nothing is to be said: the delivery is named in the address."""


class RecoverBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """Which deliveries are made again: those written from `since` to before `until` that are in one of `states`.

    With `missed` also messages that were never written, because the webhook is younger or did not want them: they are
    found by replaying the log.
    """

    since: str
    until: str | None = None
    states: list[DeliveryState] = msgspec.field(default_factory=lambda: [DeliveryState.DEAD])
    missed: bool = False


def webhook_of(body: WebhookBody) -> Webhook:
    """Return the webhook that *body* asks for."""
    return Webhook(
        url=body.url,
        types=usual_types(body.style) if body.types is None else tuple(dict.fromkeys(body.types)),
        groups=tuple(body.groups),
        targets=tuple(body.targets),
        style=body.style,
        envelope=body.envelope,
        headers=body.headers,
        rate=body.rate,
        schedule=tuple(body.schedule),
        time_limit=body.time_limit,
        description=body.description,
        tell_past=body.tell_past,
    )


def changes_of(body: WebhookChangeBody) -> dict[str, Any]:
    """Return the fields of a webhook that *body* changes."""
    given = {name: getattr(body, name) for name in WebhookChangeBody.__struct_fields__ if name != "active"}
    return {
        name: tuple(value) if isinstance(value, list) else value for name, value in given.items() if value is not UNSET
    }


def instant_or_refuse(path: str, text: str) -> Micros:
    """Return the instant that *text* names (epoch microseconds); raises Refused."""
    try:
        return calendar_of("UTC").read(text).instant
    except Unreadable as error:
        raise Refused(Problem(path, str(error))) from None
