"""What requests to adjust progress hold."""

from decimal import Decimal

from msgspec import UNSET, Struct, UnsetType

from milepost.api.native.events.body import Short
from milepost.model.amount import WHAT_FITS, is_counted_exactly, to_units
from milepost.model.problem import Problem, Refused
from milepost.service.customers.adjustments import Adjustment, Wish
from milepost.service.snapshot.access import Caller


class AdjustmentRequest(Struct, forbid_unknown_fields=True, rename="camel"):
    """A correction of a customer's progress by an amount, which may be below 0; the same `id` counts once."""

    id: Short
    target_id: int
    amount: Decimal
    reason: str
    period: str | UnsetType = UNSET
    author: str | UnsetType = UNSET
    ended_period: bool = False
    dry_run: bool = False


class ReversalRequest(Struct, forbid_unknown_fields=True, rename="camel"):
    """That an adjustment is taken back."""

    reason: str
    author: str | UnsetType = UNSET
    ended_period: bool = False
    dry_run: bool = False


def wish_of(body: AdjustmentRequest | ReversalRequest, caller: Caller) -> Wish:
    """Return why and by whom progress is adjusted; without an author it is the login, key or person that asks."""
    author = caller.author.code if body.author is UNSET else body.author
    return Wish(note=body.reason, author=author, into_ended=body.ended_period, dry=body.dry_run)


def adjustment_of(body: AdjustmentRequest) -> Adjustment:
    """Return the correction that *body* asks for. Raises Refused if its amount cannot be counted exactly."""
    if not is_counted_exactly(body.amount):
        raise Refused(Problem("amount", f"must be {WHAT_FITS}"))
    period = None if body.period is UNSET else body.period
    return Adjustment(id=body.id, target_id=body.target_id, period=period, units=to_units(body.amount))
