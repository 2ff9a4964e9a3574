"""Gives a message without an id that of its place in the queue, so that reading it twice is one event."""

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from milepost.model.delivery.queue import QueueMessage


class _Named(Struct):
    id: object | UnsetType = UNSET
    source: object | UnsetType = UNSET


_named = msgspec.json.Decoder(_Named)
_fields = msgspec.json.Decoder(dict[str, Raw])


def with_identity(message: QueueMessage, url: str) -> bytes:
    """Return the JSON of *message* with an id and a source; unchanged if it has both or is no JSON object."""
    try:
        named = _named.decode(message.body)
        if named.id is not UNSET and named.source is not UNSET:
            return message.body
        fields: dict[str, object] = {**_fields.decode(message.body)}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return message.body
    if named.source is UNSET:
        # Within 200 characters, the limit of a source: the end of an address is what tells queues apart.
        fields["source"] = url[-200:]
    if named.id is UNSET:
        fields["id"] = f"{message.partition}-{message.position}"
    return msgspec.json.encode(fields)
