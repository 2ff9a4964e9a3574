"""Two customers who become one: the survivor goes on, the victim leads there (docs/rules.md, merging)."""

from msgspec import Struct

from milepost.model.facts import NO_FACTS, Facts
from milepost.model.standing import Enrolment, MergedCustomer, Progress, Streak, WaitingReturn


class AbsorbCustomer(Struct, frozen=True, kw_only=True):
    """What the survivor hears: all that the victim, whose id it names, had reached at that moment.

    `rows` are hot and settled progress; amounts in units, `anchors` as in a standing, by target id; `merged` are those
    who had been merged into the victim before.
    """

    customer_id: int
    rows: tuple[Progress, ...] = ()
    enrolments: tuple[Enrolment, ...] = ()
    waiting: tuple[WaitingReturn, ...] = ()
    facts: Facts = NO_FACTS
    anchors: tuple[tuple[int, int], ...] = ()
    streaks: tuple[Streak, ...] = ()
    bills: int = 0
    purchases: int = 0
    merged: tuple[MergedCustomer, ...] = ()


class MergeIntoSurvivor(Struct, frozen=True, kw_only=True):
    """What the victim hears, last of all: the id of the survivor."""

    customer_id: int


class LoseIdentifiers(Struct, frozen=True, kw_only=True):
    """A customer is not known by some names any more, of these kinds; the log does not say which."""

    kinds: tuple[str, ...]
