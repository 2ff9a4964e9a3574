"""The event by which a customer's progress follows a changed definition (docs/rules.md, changing a running target)."""

from msgspec import Struct

from milepost.model.standing import Progress
from milepost.model.time import Micros


class ReviseProgress(Struct, frozen=True, kw_only=True):
    """The definition of a group changed: what the customer's progress in it is from now on.

    `change_id` is the change that asks for it. `rows` hold values, days and triggers as the changed definition makes
    them of the customer's log, `achieved_by` not 0 where it achieves; rows that are not named keep their value. With
    `revokes` an achievement is taken back where the changed definition does not achieve. `anchors` are the starts of
    the customer's own windows that change, by target id (epoch microseconds).
    """

    group_id: int
    change_id: int
    rows: tuple[Progress, ...]
    revokes: bool = False
    anchors: tuple[tuple[int, Micros], ...] = ()
