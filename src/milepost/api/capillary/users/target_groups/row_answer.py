"""A customer's progress as the vendor shows it: one row for each target and period (S4, facts 2.9, 3.6)."""

from collections.abc import Sequence
from decimal import Decimal
from hashlib import sha256
from typing import NamedTuple

from msgspec import field

from milepost.api.capillary.answer import AnswerStruct, thousandths
from milepost.api.http.body import Number
from milepost.model.amount import to_decimal, to_units
from milepost.model.standing import Enrolment, Progress
from milepost.model.target import (
    Entity,
    Evaluation,
    Kpi,
    Target,
    TargetGroup,
    Trigger,
    TriggerValueKind,
)
from milepost.model.time import SECOND_US, Micros, to_micros
from milepost.rules.calendar import Calendar, nearest_second
from milepost.service.customers.periods import CustomerPeriod, WindowSpan
from milepost.service.customers.view import CustomerView

_MILLI = Decimal("0.001")
_MICRO = Decimal("0.000001")


class UserMilestoneAnswer(AnswerStruct):
    """A mark on the way to the goal, at its absolute value."""

    id: int
    trigger_name: str
    trigger_value: Number
    is_achieved: bool


class UserRowAnswer(AnswerStruct):
    """Progress on one target in one period; `targetId` is null where the customer has done nothing yet."""

    target_id: int | None
    period_id: int
    program_id: int | None
    alternate_currency_identifier: str | None
    alternate_currency_name: str | None
    period_ref_code: str
    period_start_date: str
    period_end_date: str
    target_value: Number
    target_achieved_value: Number
    target_name: str
    target_type: Kpi
    target_entity: Entity
    target_rule_id: int
    enrolled_on: str
    event_name: str
    period_start_date_with_time_stamp: str
    period_end_date_with_time_stamp: str
    last_updated_on: str
    target_achieved_date_time: str | None
    enrolled_on_iso: str = field(name="enrolledOnISO")
    period_start_date_with_time_stamp_iso: str = field(name="periodStartDateWithTimeStampISO")
    period_end_date_with_time_stamp_iso: str = field(name="periodEndDateWithTimeStampISO")
    last_updated_on_iso: str = field(name="lastUpdatedOnISO")
    target_achieved_date_time_iso: str | None = field(name="targetAchievedDateTimeISO")
    target_achieved_event_log_id: int | None
    current_period: bool
    un_enrolled: bool
    milestones: list[UserMilestoneAnswer] | None


class RowBuilder:
    """Builds the rows of one customer; holds what they have in common.

    *now* is in epoch microseconds: `currentPeriod` and the stamps of synthesised rows are as of *now*.
    """

    def __init__(self, view: CustomerView, now: Micros) -> None:
        """Build for the customer of *view*."""
        self._view = view
        self._now = now
        self._calendar: Calendar = view.snapshot.rule_index.calendar

    def row(self, group: TargetGroup, target: Target, own: CustomerPeriod) -> UserRowAnswer:
        """Return the row of *target* in one period."""
        calendar = self._calendar
        progress, period, metadata = own.progress, own.period, target.metadata
        enrolled_at, updated_at, achieved_at = self.stamps(progress, own.enrolment)
        bounds = _bounds(group, own, self._view.snapshot.rule_index.rules[target.id].calendar)
        return UserRowAnswer(
            target_id=self._row_id(target, own),
            period_id=period.id,
            program_id=None if metadata is None else metadata.program_id,
            alternate_currency_identifier=None if metadata is None else metadata.currency,
            alternate_currency_name=self.currency_name(target),
            period_ref_code=period.ref_code,
            period_start_date=bounds.starts_on,
            period_end_date=bounds.ends_on,
            target_value=goal_shown(own),
            target_achieved_value=thousandths(0 if progress is None else progress.value),
            target_name=target.name,
            target_type=target.kpi,
            target_entity=target.entity,
            target_rule_id=target.id,
            enrolled_on=calendar.stamp(enrolled_at),
            event_name=target.event_name,
            period_start_date_with_time_stamp=bounds.calendar.glued(bounds.first),
            period_end_date_with_time_stamp=bounds.calendar.glued(bounds.last),
            last_updated_on=calendar.stamp(updated_at),
            target_achieved_date_time=None if achieved_at is None else calendar.stamp(achieved_at),
            enrolled_on_iso=calendar.iso(enrolled_at),
            period_start_date_with_time_stamp_iso=bounds.calendar.iso(bounds.first),
            period_end_date_with_time_stamp_iso=bounds.calendar.iso(bounds.last),
            last_updated_on_iso=calendar.iso(updated_at),
            target_achieved_date_time_iso=None if achieved_at is None else calendar.iso(achieved_at),
            target_achieved_event_log_id=None if achieved_at is None or progress is None else progress.achieved_by,
            current_period=self.is_current(group, own),
            un_enrolled=own.has_left,
            milestones=milestones_of(target.triggers, own),
        )

    def is_current(self, group: TargetGroup, own: CustomerPeriod) -> bool:
        """Whether a period of the calendar runs; of other periods the vendor never says so (facts 8 #28)."""
        fixed = group.evaluation is Evaluation.FIXED_CALENDAR_WINDOW
        return fixed and own.period.opens_at <= self._now < own.period.closes_at

    def currency_name(self, target: Target) -> str | None:
        """Return the declared name of the target's currency; its identifier if the organisation declared none."""
        metadata = target.metadata
        if metadata is None or metadata.currency is None:
            return None
        return self._view.currency_names.get((metadata.program_id or 0, metadata.currency), metadata.currency)

    def _row_id(self, target: Target, own: CustomerPeriod) -> int | None:
        """Return the id of a stored progress; None for a row that is synthesised."""
        if own.progress is None and own.enrolment is None:
            return None
        return row_id(self._view.snapshot.organisation.id, self._view.customer.id, target.id, own.period.id)

    def stamps(self, progress: Progress | None, enrolment: Enrolment | None) -> tuple[Micros, Micros, Micros | None]:
        """Return when the row was enrolled, changed and achieved (epoch microseconds), None if it was not achieved.

        A synthesised row is of this moment (facts 2.9).
        """
        if progress is None:
            enrolled_at = self._now if enrolment is None else to_micros(enrolment.enrolled_at)
            return enrolled_at, enrolled_at, None
        achieved_at = to_micros(progress.achieved_at) if progress.is_achieved else None
        return to_micros(progress.enrolled_at), to_micros(progress.updated_at), achieved_at


def row_id(org_id: int, customer_id: int, target_id: int, period_id: int) -> int:
    """Return the id of a progress: made from its key, 52 bits, so it needs no keeping and never changes."""
    return int(sha256(f"{org_id}:{customer_id}:{target_id}:{period_id}".encode()).hexdigest()[:13], 16)


class _Bounds(NamedTuple):
    """The first and the last instant that a row shows of its period (epoch microseconds), and their days."""

    first: Micros
    last: Micros
    starts_on: str
    ends_on: str
    calendar: Calendar


def _bounds(group: TargetGroup, own: CustomerPeriod, calendar: Calendar) -> _Bounds:
    """Return what a row shows of its period (facts 2.9, 4.4): the last second, not the first instant after it.

    Until achieved every stamp is the group's beginning; windows that have not begun show when the group was made. A
    customer's own window shows the instant at which the next one begins, the last one the group's end (facts 8 #93).
    """
    span, period = own.span, own.period
    if group.evaluation is Evaluation.FIXED_CALENDAR_WINDOW:
        last = Micros(period.closes_at - SECOND_US)
        return _Bounds(
            first=period.opens_at, last=last, starts_on=period.starts_on, ends_on=period.ends_on, calendar=calendar
        )
    if group.evaluation is Evaluation.PERIOD_AGNOSTIC_WINDOW:
        span = WindowSpan(group.cycle_opens_at, Micros(group.cycle_opens_at + SECOND_US))
    if span is None:
        made = nearest_second(group.attribution.created_at)
        span = WindowSpan(made, Micros(made + SECOND_US))
    first, last = span.opens_at, Micros(span.closes_at - SECOND_US)
    if group.evaluation is Evaluation.CYCLIC_WINDOW and own.span is not None:
        last = min(span.closes_at, group.cycle_closes_at)
    return _Bounds(
        first=first, last=last, starts_on=calendar.date_text(first), ends_on=calendar.date_text(last), calendar=calendar
    )


def goal_shown(own: CustomerPeriod) -> Decimal:
    """Return the goal in a period with at least three decimals (facts 8 #35), 0 if there is none."""
    return _quantized(_goal(own), _MILLI)


def milestones_of(triggers: Sequence[Trigger], own: CustomerPeriod) -> list[UserMilestoneAnswer] | None:
    """Return the triggers with their absolute values, six decimals (facts 2.4); None when there are none.

    A trigger's bit is its place among all of the target's triggers, inactive ones included.
    """
    reached = 0 if own.progress is None else own.progress.triggers
    goal = _goal(own)
    return [
        UserMilestoneAnswer(
            id=trigger.id,
            trigger_name=trigger.name,
            trigger_value=_quantized(_absolute(trigger, goal), _MICRO),
            is_achieved=bool(reached & 1 << place),
        )
        for place, trigger in enumerate(triggers)
        if trigger.active
    ] or None


def _goal(own: CustomerPeriod) -> Decimal:
    return Decimal(0) if own.goal is None else to_decimal(own.goal)


def _absolute(trigger: Trigger, goal: Decimal) -> Decimal:
    if trigger.value_kind is TriggerValueKind.PERCENTAGE:
        return to_decimal(to_units(goal * trigger.value)) / 100
    return trigger.value


def _quantized(amount: Decimal, least: Decimal) -> Decimal:
    """Return *amount* with at least the decimals of *least*; no digit is cut off."""
    return amount if amount != amount.quantize(least) else amount.quantize(least)
