"""A target as one customer meets it: its periods, whose days they are, where and when an event may count."""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from milepost.model.event import Award, Bill, Event, EventKey, Place
from milepost.model.organisation import Organisation, Settings, TimeZonePolicy
from milepost.model.target import (
    Evaluation,
    Filter,
    FilterKind,
    Kpi,
    Period,
    Target,
    TargetGroup,
    Tracking,
    WindowKind,
)
from tests.oracle.reference_events import local_day

MICROSECONDS = 1_000_000
HOUR = 3_600 * MICROSECONDS
DAY = 24 * HOUR
STREAKS = {Tracking.STREAKS, Tracking.NON_CONTINUOUS_STREAKS}


class Span(NamedTuple):
    """A period as a customer lives it: its name, its first instant and the first one after it."""

    period_id: int
    opens_at: int
    closes_at: int

    def holds(self, instant: int) -> bool:
        """Return whether *instant* lies inside."""
        return self.opens_at <= instant < self.closes_at


class Plan(NamedTuple):
    """A target of a group, under the settings in force.

    The events *before* were received when there was no such group.
    """

    organisation: Organisation
    group: TargetGroup
    target: Target
    before: frozenset[EventKey]

    @property
    def settings(self) -> Settings:
        """Return the organisation's settings."""
        return self.organisation.settings

    @property
    def zone(self) -> str:
        """Return the zone whose calendar rules the group's days."""
        return zone_of(self.organisation, self.group)

    @property
    def periods(self) -> Sequence[Period]:
        """Return the periods that count, in order."""
        return [period for period in in_order(self.group) if period.active]

    @property
    def begins_at(self) -> int:
        """Return the group's first instant."""
        return self.group.cycle_opens_at

    @property
    def ends_at(self) -> int:
        """Return the first instant after the group: the one that follows the last second shown."""
        return (self.group.cycle_closes_at // MICROSECONDS + 1) * MICROSECONDS

    @property
    def is_calendar(self) -> bool:
        """Return whether the periods have dates of the calendar."""
        return self.group.evaluation is Evaluation.FIXED_CALENDAR_WINDOW

    @property
    def is_from_the_first(self) -> bool:
        """Return whether an enrolment is always from the first period on."""
        return not self.is_calendar or self.group.tracking in STREAKS


def in_order(group: TargetGroup) -> Sequence[Period]:
    """Return all periods in the order of time, where they have one."""
    if group.evaluation is Evaluation.FIXED_CALENDAR_WINDOW:
        return sorted(group.periods, key=lambda period: period.opens_at)
    return group.periods


def zone_of(organisation: Organisation, group: TargetGroup) -> str:
    """Return the group's own zone if the organisation lets it rule, else the organisation's."""
    if organisation.settings.time_zone_policy is TimeZonePolicy.GROUP and group.time_zone_name:
        return group.time_zone_name
    return organisation.zone


def is_in_time(plan: Plan, event: Event, span: Span) -> bool:
    """Return whether *event* was received soon enough after the end of *span*."""
    late_days = plan.settings.late_days
    return late_days is None or event.received_at <= span.closes_at + late_days * DAY


def is_let_in(plan: Plan, event: Event) -> bool:
    """Return whether the target counts where *event* happened, and no decision has counted it for a cap."""
    if plan.group.tracking is Tracking.CAPPING and isinstance(event.payload, Bill | Award) and event.payload.decision:
        return False
    filters = [one for one in plan.target.filters or () if one.ids]
    return not filters or any(lies_in(event.place, one) for one in filters)


def lies_in(place: Place, one: Filter) -> bool:
    """Return whether a filter lets a place pass."""
    found = {FilterKind.STORE: place.store_id, FilterKind.ZONE: place.zone_id, FilterKind.CONCEPT: place.concept_id}
    return found[one.kind] in one.ids


def window_of(target: Target) -> WindowKind | None:
    """Return which value of a day counts, if it is not all of them; a visit is the largest of ones."""
    match target.kpi:
        case Kpi.VISIT:
            return WindowKind.MAX
        case Kpi.EXTENDED_FIELD | Kpi.EVENT_ATTRIBUTE:
            return target.metadata.window if target.metadata else None
        case _:
            return None


def is_sum(target: Target) -> bool:
    """Return whether a period's value is the sum of what the events add, not of the days' extremes."""
    return window_of(target) is None


class Weight(NamedTuple):
    """An event that counts, and what it adds."""

    event: Event
    amount: Fraction


def taken_together(plan: Plan, weights: Sequence[Weight]) -> Fraction:
    """Add up all weights, or each day's largest or smallest one."""
    window = window_of(plan.target)
    if window is None:
        return sum((weight.amount for weight in weights), Fraction(0))
    days = dict[date, list[Fraction]]()
    for event, amount in weights:
        days.setdefault(local_day(plan.zone, event.occurred_at), []).append(amount)
    extreme = max if window is WindowKind.MAX else min
    return sum((extreme(amounts) for amounts in days.values()), Fraction(0))
