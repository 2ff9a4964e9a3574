"""The spans of a customer's periods: dates of the calendar, or windows that begin with the customer's first event."""

from calendar import monthrange
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from milepost.model.organisation import CyclicMonths
from milepost.model.target import Evaluation, Frequency
from tests.oracle.reference_events import EPOCH
from tests.oracle.reference_plan import DAY, Plan, Span
from tests.oracle.reference_zones import zone_of as zone_named

MONTHS = {Frequency.MONTHLY: 1, Frequency.QUARTERLY: 3, Frequency.HALF_YEARLY: 6, Frequency.YEARLY: 12}
DAYS_OF_A_MONTH = 30


def spans(plan: Plan, anchor: int | None) -> Sequence[Span]:
    """Return the spans of all periods that count; own windows only once an *anchor* says when the first one begins."""
    match plan.group.evaluation:
        case Evaluation.FIXED_CALENDAR_WINDOW:
            return [Span(period.id, period.opens_at, period.closes_at) for period in plan.periods]
        case Evaluation.PERIOD_AGNOSTIC_WINDOW:
            return [Span(0, plan.begins_at, plan.ends_at)]
        case Evaluation.CYCLIC_WINDOW:
            if anchor is None:
                return []
            bounds = [min(bound(plan, anchor, place), plan.ends_at) for place in range(len(plan.periods) + 1)]
            return [Span(one.id, *bounds[place : place + 2]) for place, one in enumerate(plan.periods)]


def bound(plan: Plan, anchor: int, place: int) -> int:
    """Return the first instant of the window at *place* of a customer whose windows begin at *anchor*."""
    kind, frequency = plan.group.frequency_kind, (plan.group.frequency or 1) * place
    assert kind is not None
    match kind:
        case Frequency.DAILY | Frequency.CUSTOM:
            return anchor + frequency * DAY
        case Frequency.WEEKLY:
            return anchor + frequency * 7 * DAY
        case _:
            months = frequency * MONTHS[kind]
            if plan.settings.cyclic_months is CyclicMonths.DAYS_30:
                return anchor + months * DAYS_OF_A_MONTH * DAY
            return months_later(anchor, months, plan.zone) if months else anchor


def months_later(instant: int, months: int, zone: str) -> int:
    """Return the instant of the same local time so many months later; on the last day of a month that is too short.

    A local time that comes twice is the first of the two; one that clocks skip is later by what they skip.
    """
    local = (EPOCH + timedelta(microseconds=instant)).astimezone(zone_named(zone))
    year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
    day = min(local.day, monthrange(year, month + 1)[1])
    moved = datetime(
        year,
        month + 1,
        day,
        local.hour,
        local.minute,
        local.second,
        local.microsecond,
        tzinfo=zone_named(zone),
        fold=0,
    )
    return (moved.astimezone(UTC) - EPOCH) // timedelta(microseconds=1)
