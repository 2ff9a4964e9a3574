"""What a back-test is asked for, as it is kept with its result."""

from decimal import Decimal

import msgspec
from msgspec import Struct

from milepost.model.time import Micros

BUCKETS = 4096
PART_BUCKETS = 8
"""Buckets of a part: the unit in which a back-test is done, kept and resumed."""
PARTS = BUCKETS // PART_BUCKETS
SHARE_MAX = 100


class BacktestRequest(Struct, frozen=True, kw_only=True):
    """The inputs of a back-test; instants are in epoch microseconds.

    `draft` is the stored text of the group that is tried, `live` the id of the group beside it. Events dated in the
    half-open span from `since` to `until` count for the draft, and periods that overlap it are reported. `position` is
    the instant up to which received events are read. `goals` are further goals that are read off, `price` what an
    achievement costs, `share` the percentage of buckets, `customers` the ids of those who are looked at.
    """

    org_id: int
    draft: str | None
    live: int | None
    since: Micros
    until: Micros
    position: Micros
    goals: tuple[Decimal, ...] = ()
    price: Decimal | None = None
    share: int = SHARE_MAX
    customers: tuple[int, ...] = ()


_request = msgspec.json.Decoder(BacktestRequest, float_hook=Decimal)
_encoder = msgspec.json.Encoder(decimal_format="string")


def encode_request(request: BacktestRequest) -> str:
    """Return the stored text of *request*."""
    return _encoder.encode(request).decode()


def decode_request(text: str) -> BacktestRequest:
    """Return the request in *text*."""
    return _request.decode(text)


def parts_of(request: BacktestRequest) -> list[int]:
    """Return the numbers of the parts that *request* reads: all, or every so many for a sample."""
    wanted = max(1, PARTS * request.share // SHARE_MAX)
    return sorted({place * PARTS // wanted for place in range(wanted)})
