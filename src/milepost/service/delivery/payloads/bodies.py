"""The body of a message for one webhook: its style, its envelope, and its number."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from milepost.model.delivery.webhook import Envelope, Style, Webhook
from milepost.model.time import Micros
from milepost.service.delivery.payloads.context import MessageContext
from milepost.service.delivery.payloads.happenings import Happening
from milepost.service.delivery.payloads.native import CustomerOutcome, Message
from milepost.service.delivery.payloads.native_rendering import message_of
from milepost.service.delivery.payloads.vendor import enriched, flat, vendor_data, vendor_name

BODY_BYTES_MAX = 20_000
CLOUDEVENTS_TYPE = "application/cloudevents+json"
JSON_TYPE = "application/json"
_text = msgspec.json.Encoder(decimal_format="string")


def numbered(message: Message, number: int) -> Message:
    """Return *message* with its number, if it is about a customer."""
    data = message.data
    return replace(message, data=replace(data, sequence=number)) if isinstance(data, CustomerOutcome) else message


def native_body(message: Message, envelope: Envelope) -> bytes:
    """Return the body of a message in our own style."""
    return _text.encode(_cloud_event(message) if envelope is Envelope.CLOUDEVENTS else message)


def body_for(
    webhook: Webhook, context: MessageContext, happening: Happening, message_id: str, number: int, now: Micros
) -> bytes | None:
    """Return the body of a message for *webhook*; None if its definition is gone or the style has no such event."""
    if webhook.style is Style.MILEPOST:
        message = message_of(context, happening, message_id)
        return None if message is None else _fitting(numbered(message, number), webhook.envelope)
    name = vendor_name(context, happening)
    data = None if name is None else vendor_data(context, happening, name)
    if name is None or data is None:
        return None
    return _text.encode(vendor_envelope(webhook.envelope, flat(context, name, message_id, data), now))


def vendor_envelope(envelope: Envelope, body: dict[str, Any], now: Micros) -> Mapping[str, Any]:
    """Return a flat body of the vendor's style in the envelope that a webhook asks for."""
    match envelope:
        case Envelope.ENRICHED:
            return enriched(body, now)
        case Envelope.PLAIN | Envelope.CLOUDEVENTS:
            return body


def content_type_of(webhook: Webhook) -> str:
    """Return the media type of the bodies that *webhook* gets."""
    return CLOUDEVENTS_TYPE if webhook.envelope is Envelope.CLOUDEVENTS else JSON_TYPE


def _fitting(message: Message, envelope: Envelope) -> bytes:
    """Return the body, without the customer's identifiers beside the external id if it would be too long."""
    body = native_body(message, envelope)
    if len(body) <= BODY_BYTES_MAX or not isinstance(message.data, CustomerOutcome):
        return body
    customer = replace(message.data.customer, identifiers=())
    return native_body(replace(message, data=replace(message.data, customer=customer)), envelope)


def _cloud_event(message: Message) -> dict[str, Any]:
    """Return *message* as CloudEvents 1.0 in JSON."""
    return {
        "specversion": "1.0",
        "id": message.id,
        "source": f"/organisations/{message.organisation}",
        "type": f"milepost.{message.type}",
        "time": message.time,
        "datacontenttype": JSON_TYPE,
        "data": message.data,
    }
