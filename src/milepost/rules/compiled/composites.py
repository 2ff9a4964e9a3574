"""Rules about a whole group: how a streak counts, and when a unified group is achieved (facts 4.9, 4.10)."""

from collections.abc import Sequence
from typing import NamedTuple, assert_never

from milepost.model.amount import to_units
from milepost.model.organisation import Outage, Settings
from milepost.model.standing import ProgressKey
from milepost.model.target import AggregateFunction, FreezeRule, Period, StreakLevel, TargetGroup, Tracking
from milepost.model.time import Micros

STREAKING = frozenset({Tracking.STREAKS, Tracking.NON_CONTINUOUS_STREAKS})
"""The trackings in which achieved periods count."""


def is_group_tracked(tracking: Tracking) -> bool:
    """Return whether a change of one target also changes a streak or a composite of its group."""
    match tracking:
        case Tracking.DEFAULT | Tracking.CAPPING:
            return False
        case Tracking.UNIFIED | Tracking.STREAKS | Tracking.NON_CONTINUOUS_STREAKS:
            return True
        case _ as never:
            assert_never(never)


class StreakRule(NamedTuple):
    """How a group counts achieved periods.

    `breaks` says whether a missed period breaks the streak. `levels` are ascending by count. `period_ids`, `opens` and
    `closes` (epoch microseconds) have one entry for each active period, in the order of opening.
    """

    group_id: int
    target_id: int
    breaks: bool
    levels: tuple[StreakLevel, ...]
    freezes: FreezeRule | None
    outages: tuple[Outage, ...]
    period_ids: tuple[int, ...]
    opens: tuple[Micros, ...]
    closes: tuple[Micros, ...]


class Composite(NamedTuple):
    """When a unified group is achieved as a whole.

    It is achieved when `needed` of the targets in `members` are, and its value is at least `threshold`, if there is
    one. The value, in units, is the sum of the members' values (`sums`) or the number of achieved members. `closes`
    holds the end of each period (epoch microseconds) by its id.
    """

    group_id: int
    members: tuple[int, ...]
    needed: int
    sums: bool
    threshold: int | None
    closes: dict[int, Micros]

    def key(self, period_id: int) -> ProgressKey:
        """Return the key of the composite's own progress in a period."""
        return ProgressKey.of_composite(self.group_id, period_id)


def active_periods(periods: Sequence[Period]) -> list[Period]:
    """Return the active periods in the order of opening; periods that open together keep their order in *periods*."""
    return sorted((period for period in periods if period.active), key=lambda period: period.opens_at)


def streak_rule(group: TargetGroup, settings: Settings) -> StreakRule | None:
    """Return how *group* counts achieved periods, or None if it is no streak group or has no active target."""
    targets = [target for target in group.targets if target.active]
    if group.tracking not in STREAKING or not targets:
        return None
    periods = active_periods(group.periods)
    return StreakRule(
        group_id=group.id,
        target_id=targets[0].id,
        breaks=group.tracking is Tracking.STREAKS,
        levels=tuple(sorted(group.streak_levels, key=lambda level: level.count)),
        freezes=group.freezes,
        outages=settings.outages,
        period_ids=tuple(period.id for period in periods),
        opens=tuple(period.opens_at for period in periods),
        closes=tuple(period.closes_at for period in periods),
    )


def composite_of(group: TargetGroup) -> Composite | None:
    """Return when *group* is achieved as a whole, or None if it is not unified."""
    if group.tracking is not Tracking.UNIFIED:
        return None
    members = tuple(target.id for target in group.targets if target.active)
    combination = group.combination
    any_of = combination is not None and combination.any_of
    least = (combination.least if combination is not None else None) or 1
    return Composite(
        group_id=group.id,
        members=members,
        needed=least if any_of else len(members),
        sums=combination is not None and combination.aggregation is AggregateFunction.SUM,
        threshold=None if combination is None or combination.threshold is None else to_units(combination.threshold),
        closes={period.id: period.closes_at for period in group.periods},
    )
