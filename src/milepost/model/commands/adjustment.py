"""The event by which a person corrects a customer's progress (docs/explaining.md, correcting a progress)."""

from decimal import Decimal

from msgspec import UNSET, Struct, UnsetType


class AdjustProgress(Struct, frozen=True, kw_only=True):
    """A correction of one progress by `amount`, which may be negative.

    `note` is the reason and `author` who asked for it. `reverses` is the id of the adjustment that this one takes back,
    UNSET for all others.
    """

    target_id: int
    period_id: int
    amount: Decimal
    note: str
    author: str
    reverses: str | UnsetType = UNSET
