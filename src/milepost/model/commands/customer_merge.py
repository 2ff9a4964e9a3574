"""Events of a merge: two customers become one survivor, and the victim redirects to it (docs/rules.md, merging)."""

from msgspec import UNSET, Struct, UnsetType

from milepost.model.progress.facts import NO_FACTS, Facts, ZoneDays
from milepost.model.progress.streak import Streak
from milepost.model.standing import Enrolment, MergedCustomer, Progress, WaitingReturn
from milepost.model.time import Micros


class AbsorbCustomer(Struct, frozen=True, kw_only=True):
    """The survivor's event of a merge: what the victim `customer_id` had reached at that moment.

    `rows` holds the victim's live and archived progress, with amounts in units. `anchors` are as in a standing, by
    target id. `merged` holds the customers who had been merged into the victim before. `zone_days` and `matched` are
    left out where there are none, so that the text of earlier merges stays as it was.
    """

    customer_id: int
    rows: tuple[Progress, ...] = ()
    enrolments: tuple[Enrolment, ...] = ()
    waiting: tuple[WaitingReturn, ...] = ()
    facts: Facts = NO_FACTS
    anchors: tuple[tuple[int, Micros], ...] = ()
    streaks: tuple[Streak, ...] = ()
    bills: int = 0
    purchases: int = 0
    merged: tuple[MergedCustomer, ...] = ()
    zone_days: tuple[ZoneDays, ...] | UnsetType = UNSET
    matched: tuple[WaitingReturn, ...] | UnsetType = UNSET


class MergeIntoSurvivor(Struct, frozen=True, kw_only=True):
    """The victim's event of a merge, always the victim's last event: the id of the survivor."""

    customer_id: int


class LoseIdentifiers(Struct, frozen=True, kw_only=True):
    """The customer lost identifiers of these kinds. The log does not keep the identifiers themselves."""

    kinds: tuple[str, ...]
