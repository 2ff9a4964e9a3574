"""Stored events whose body is not what their name says."""

from typing import Any, cast

import msgspec

from milepost.model.event import BILL, CURRENCY, POINTS, RETURN, REVERSAL, Payload

WITH_ATTRIBUTES_ONCE = frozenset({BILL, RETURN, POINTS, CURRENCY, REVERSAL})
"""The names under which older databases may hold behavioural events."""


class UnreadableEvent(Exception):
    """A stored event is not what its name says; the message names the event."""


def read_payload(
    name: str,
    body: msgspec.Raw,
    decoder: "msgspec.json.Decoder[Any]",
    behavioural: "msgspec.json.Decoder[Any]",
) -> Payload:
    """Return the payload in *body*, that of an event called *name*, as *decoder* reads it.

    Webhooks once took events with names of ours and any attributes. They were judged as behavioural events, so that is
    what they are when they are replayed: *behavioural* reads those. Raises msgspec.ValidationError.
    """
    try:
        return cast("Payload", decoder.decode(body))
    except msgspec.ValidationError:
        if name not in WITH_ATTRIBUTES_ONCE:
            raise
        return cast("Payload", behavioural.decode(body))
