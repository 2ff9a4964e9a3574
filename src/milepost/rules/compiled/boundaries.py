"""Which turns of time a group brings: periods that open and close, and the ends of customers' own windows.

A turn that lay in the past when its group was defined is none: nobody could have taken part (docs/rules.md).
"""

from collections.abc import Iterator
from typing import assert_never

from milepost.model.boundary import NO_PERIOD, BoundaryKind, PeriodBoundary
from milepost.model.organisation import Settings
from milepost.model.target import Evaluation, Period, TargetGroup
from milepost.model.time import DAY_US, SECOND_US

WINDOWS_EVERY_US = 3_600_000_000
"""How often the windows of customers are looked through for those that ended."""


def boundaries_of(group: TargetGroup, settings: Settings) -> Iterator[PeriodBoundary]:
    """Return the turns of *group*, in no order; none of one that is not in force."""
    if not group.active or group.deleted:
        return
    made, offset = group.attribution.created_at, settings.offset_days * DAY_US
    match group.evaluation:
        case Evaluation.FIXED_CALENDAR_WINDOW:
            for period in group.periods:
                if period.active:
                    yield from _of_period(group, period, offset)
        case Evaluation.PERIOD_AGNOSTIC_WINDOW:
            if end_of(group) > made:
                yield PeriodBoundary(group.id, NO_PERIOD, BoundaryKind.CLOSED, end_of(group) + offset, made)
        case Evaluation.CYCLIC_WINDOW:
            if end_of(group) > made:
                yield PeriodBoundary(group.id, NO_PERIOD, BoundaryKind.WINDOWS, next_look(made), made)
        case _ as never:
            assert_never(never)


def end_of(group: TargetGroup) -> int:
    """Return the first instant after the group's cycle window, whose last second is what is shown (facts 2.7)."""
    return group.cycle_closes_at + SECOND_US


def next_look(after: int) -> int:
    """Return the first full hour after an instant: when customers' windows are looked through next."""
    return (after // WINDOWS_EVERY_US + 1) * WINDOWS_EVERY_US


def last_look(group: TargetGroup, settings: Settings) -> int:
    """Return when the windows of customers have all ended."""
    return end_of(group) + settings.offset_days * DAY_US


def _of_period(group: TargetGroup, period: Period, offset: int) -> Iterator[PeriodBoundary]:
    made = (period.attribution or group.attribution).created_at
    if period.opens_at >= made:
        yield PeriodBoundary(group.id, period.id, BoundaryKind.OPENED, period.opens_at, made)
    if period.closes_at > made and period.closes_at > period.opens_at:
        yield PeriodBoundary(group.id, period.id, BoundaryKind.CLOSED, period.closes_at + offset, made)
