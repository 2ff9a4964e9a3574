"""The event by which a customer's progress follows a changed definition (docs/rules.md, changing a running target)."""

from msgspec import UNSET, Struct, UnsetType

from milepost.model.standing import Progress
from milepost.model.time import Micros


class RevisedAmount(Struct, frozen=True, array_like=True, gc=False):
    """What an earlier event adds to a revised row from now on, in units; None if it counts there no more.

    `place` is the place of the event among all events of the customer and of customers who were merged into that one.
    """

    place: tuple[int, ...]
    target_id: int
    period_id: int
    amount: int | None


class ReviseProgress(Struct, frozen=True, kw_only=True):
    """The definition of a group changed: what the customer's progress in it is from now on.

    `change_id` is the change that asks for it. `rows` hold values, days and triggers as the changed definition makes
    them of the customer's log, `achieved_by` not 0 where it achieves; rows that are not named keep their value. With
    `revokes` an achievement is taken back where the changed definition does not achieve. `anchors` are the starts of
    the customer's own windows that change, by target id (epoch microseconds). `amounts` say what earlier events add to
    these rows where that differs from what their entries say, for corrections that come later; UNSET if nothing does.
    """

    group_id: int
    change_id: int
    rows: tuple[Progress, ...]
    revokes: bool = False
    anchors: tuple[tuple[int, Micros], ...] = ()
    amounts: tuple[RevisedAmount, ...] | UnsetType = UNSET
