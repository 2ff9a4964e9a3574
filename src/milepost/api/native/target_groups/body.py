"""What requests about a target group hold."""

from typing import Annotated

from msgspec import Meta, Struct

from milepost.api.http.body import ID_MAX


class CountingBody(Struct, forbid_unknown_fields=True):
    """The customers, by id, whose stored events are to be counted; all of them if it is left out or null."""

    customers: list[Annotated[int, Meta(ge=1, le=ID_MAX)]] | None = None
