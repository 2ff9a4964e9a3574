"""What requests about a customer's streak hold."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct, field

from milepost.api.native.events.body import Short

Time = Annotated[datetime, Meta(tz=True)]


class FreezesRequest(Struct, forbid_unknown_fields=True):
    """Freezes to grant; sending the same id again grants no more."""

    id: Short
    count: int


class PauseRequest(Struct, forbid_unknown_fields=True):
    """A pause from one instant up to another."""

    id: Short
    starts: Time = field(name="from")
    ends: Time = field(name="to")
