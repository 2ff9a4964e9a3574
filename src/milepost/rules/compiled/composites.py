"""What the targets of a group mean together: streaks, wholes of unified groups, caps (facts 4.9 to 4.11)."""

from collections.abc import Sequence
from typing import NamedTuple, assert_never

from milepost.model.amount import to_units
from milepost.model.organisation import Outage, Settings
from milepost.model.standing import ProgressKey
from milepost.model.target import AggregateFunction, FreezeRule, Period, StreakLevel, TargetGroup, Tracking

STREAKING = frozenset({Tracking.STREAKS, Tracking.NON_CONTINUOUS_STREAKS})
"""The kinds of groups in which achieved periods are counted."""


def is_group_tracked(tracking: Tracking) -> bool:
    """Return whether what becomes of one target makes something of the whole group: of its streak, or of it as one."""
    match tracking:
        case Tracking.DEFAULT | Tracking.CAPPING:
            return False
        case Tracking.UNIFIED | Tracking.STREAKS | Tracking.NON_CONTINUOUS_STREAKS:
            return True
        case _ as never:
            assert_never(never)


class StreakRule(NamedTuple):
    """How a group counts achieved periods; `levels` are ascending, spans in epoch microseconds."""

    group_id: int
    target_id: int
    breaks: bool
    levels: tuple[StreakLevel, ...]
    freezes: FreezeRule | None
    outages: tuple[Outage, ...]
    period_ids: tuple[int, ...]
    opens: tuple[int, ...]
    closes: tuple[int, ...]


class Composite(NamedTuple):
    """When a unified group is achieved as a whole: `needed` of its members, and the threshold, in units, if any."""

    group_id: int
    members: tuple[int, ...]
    needed: int
    sums: bool
    threshold: int | None
    closes: dict[int, int]

    def key(self, period_id: int) -> ProgressKey:
        """Return the name of the whole's own progress: the negative id of the group stands for a target."""
        return ProgressKey(-self.group_id, period_id)


def active_periods(periods: Sequence[Period]) -> list[Period]:
    """Return the active ones among *periods* in the order of their beginning; those that begin together as listed."""
    return sorted((period for period in periods if period.active), key=lambda period: period.opens_at)


def streak_rule(group: TargetGroup, settings: Settings) -> StreakRule | None:
    """Return how *group* counts achieved periods, if it does."""
    targets = [target for target in group.targets if target.active]
    if group.tracking not in STREAKING or not targets:
        return None
    run = active_periods(group.periods)
    return StreakRule(
        group.id,
        targets[0].id,
        group.tracking is Tracking.STREAKS,
        tuple(sorted(group.streak_levels, key=lambda level: level.count)),
        group.freezes,
        settings.outages,
        tuple(period.id for period in run),
        tuple(period.opens_at for period in run),
        tuple(period.closes_at for period in run),
    )


def composite_of(group: TargetGroup) -> Composite | None:
    """Return when *group* is achieved as a whole, if it is a unified one."""
    if group.tracking is not Tracking.UNIFIED:
        return None
    members = tuple(target.id for target in group.targets if target.active)
    combined = group.combination
    any_of = combined is not None and combined.any_of
    least = (combined.least if combined is not None else None) or 1
    return Composite(
        group.id,
        members,
        least if any_of else len(members),
        combined is not None and combined.aggregation is AggregateFunction.SUM,
        None if combined is None or combined.threshold is None else to_units(combined.threshold),
        {period.id: period.closes_at for period in group.periods},
    )
