"""The period boundaries of a group: periods that open and close, and the ends of customers' own windows.

A boundary that was over when its group was made is left out, because no customer could have taken part (docs/rules.md).
"""

from collections.abc import Iterator
from typing import assert_never

from milepost.model.organisation import Settings
from milepost.model.scheduled.boundary import NO_PERIOD, BoundaryKind, PeriodBoundary
from milepost.model.target import Evaluation, Period, TargetGroup
from milepost.model.time import DAY_US, SECOND_US, Micros

WINDOW_CHECK_EVERY_US = 3_600_000_000
"""The interval between two checks for customers' own windows that have ended, in microseconds."""


def boundaries_of(group: TargetGroup, settings: Settings) -> Iterator[PeriodBoundary]:
    """Yield the boundaries of *group*, in no particular order. An inactive or deleted group has none."""
    if not group.active or group.deleted:
        return
    made_at, offset = group.attribution.created_at, settings.offset_days * DAY_US
    match group.evaluation:
        case Evaluation.FIXED_CALENDAR_WINDOW:
            for period in group.periods:
                if period.active:
                    yield from _of_period(group, period, offset)
        case Evaluation.PERIOD_AGNOSTIC_WINDOW:
            if end_of(group) > made_at:
                yield PeriodBoundary(
                    group_id=group.id,
                    period_id=NO_PERIOD,
                    kind=BoundaryKind.CLOSED,
                    due_at=Micros(end_of(group) + offset),
                    since=made_at,
                )
        case Evaluation.CYCLIC_WINDOW:
            if end_of(group) > made_at:
                yield PeriodBoundary(
                    group_id=group.id,
                    period_id=NO_PERIOD,
                    kind=BoundaryKind.WINDOWS,
                    due_at=next_window_check(made_at),
                    since=made_at,
                )
        case _ as never:
            assert_never(never)


def end_of(group: TargetGroup) -> Micros:
    """Return the first instant after the group's cycle window, of which answers show the last second (facts 2.7)."""
    return Micros(group.cycle_closes_at + SECOND_US)


def next_window_check(after: Micros) -> Micros:
    """Return the instant of the next check of customers' windows: the first full hour after *after*."""
    return Micros((after // WINDOW_CHECK_EVERY_US + 1) * WINDOW_CHECK_EVERY_US)


def last_window_check(group: TargetGroup, settings: Settings) -> Micros:
    """Return the instant from which all windows of customers have ended, with the offset days."""
    return Micros(end_of(group) + settings.offset_days * DAY_US)


def _of_period(group: TargetGroup, period: Period, offset: int) -> Iterator[PeriodBoundary]:
    made_at = (period.attribution or group.attribution).created_at
    if period.opens_at >= made_at:
        yield PeriodBoundary(
            group_id=group.id, period_id=period.id, kind=BoundaryKind.OPENED, due_at=period.opens_at, since=made_at
        )
    if period.closes_at > made_at and period.closes_at > period.opens_at:
        yield PeriodBoundary(
            group_id=group.id,
            period_id=period.id,
            kind=BoundaryKind.CLOSED,
            due_at=Micros(period.closes_at + offset),
            since=made_at,
        )
