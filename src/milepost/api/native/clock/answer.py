"""What is answered about the clock of a sandbox."""

from msgspec import Struct

from milepost.api.native.answer import iso
from milepost.model.time import Micros
from milepost.service.sandboxes.fired import NOTHING, Fired, Happening


class HappeningItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """Something that came due while a clock moved: a period that opened or closed, or what a customer was told."""

    at: str
    type: str
    target_group: str
    target: str | None
    period: str | None
    customer_id: int | None


class ClockAnswer(Struct, forbid_unknown_fields=True, rename="camel"):
    """What the clock of a sandbox shows, whether it stands, and what came due; `leftOut` counts what is not listed."""

    now: str
    frozen: bool
    fired: list[HappeningItem]
    left_out: int


def clock_answer(now: Micros, *, is_frozen: bool, fired: Fired = NOTHING) -> ClockAnswer:
    """Return a clock as it is answered."""
    return ClockAnswer(iso(now), is_frozen, [_item(one) for one in fired.happenings], fired.left_out)


def _item(happening: Happening) -> HappeningItem:
    return HappeningItem(
        at=iso(happening.at),
        type=happening.type,
        target_group=happening.group,
        target=happening.target,
        period=happening.period,
        customer_id=happening.customer_id,
    )
