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
    EnrolmentMethod,
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
from milepost.service.customers.periods import CustomerPeriod, WindowSpan, customer_periods, running
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

    *at* and *now* are epoch microseconds: rows are of the periods that run at *at*, and `currentPeriod` is as of *now*.
    """

    def __init__(self, view: CustomerView, at: Micros, now: Micros, *, every_period: bool) -> None:
        """Build for the customer of *view*: with *every_period* all periods, else the period that runs at *at*."""
        self._view = view
        self._at = at
        self._now = now
        self._every_period = every_period
        self._calendar: Calendar = view.snapshot.rule_index.calendar

    def of_target(self, group: TargetGroup, target: Target) -> list[UserRowAnswer]:
        """Return the rows of one target: stored ones, and synthesised ones where every period is asked for."""
        periods = customer_periods(self._view, group, target)
        if periods and all(period.span is None for period in periods):
            # Windows of a customer that have not begun are one row, from and to when the group was made (S4).
            periods = periods[:1] if self._every_period else ()
        elif not self._every_period:
            now_running = running(group, periods, self._at)
            periods = () if now_running is None else (now_running,)
        return [self._row(group, target, period) for period in periods if self._is_shown(target, period)]

    def _is_shown(self, target: Target, own: CustomerPeriod) -> bool:
        if _is_cut_off(own):
            return False
        if own.progress is not None or own.enrolment is not None:
            return True
        return self._every_period and target.enrolment is EnrolmentMethod.TRANSACTION and not own.has_left

    def _row(self, group: TargetGroup, target: Target, own: CustomerPeriod) -> UserRowAnswer:
        calendar = self._calendar
        progress, period, metadata = own.progress, own.period, target.metadata
        goal = Decimal(0) if own.goal is None else to_decimal(own.goal)
        enrolled_at, updated_at, achieved_at = self._stamps(progress, own.enrolment)
        bounds = _bounds(group, own, self._view.snapshot.rule_index.rules[target.id].calendar)
        return UserRowAnswer(
            target_id=self._row_id(target, own),
            period_id=period.id,
            program_id=None if metadata is None else metadata.program_id,
            alternate_currency_identifier=None if metadata is None else metadata.currency,
            alternate_currency_name=self._currency_name(target),
            period_ref_code=period.ref_code,
            period_start_date=bounds.starts_on,
            period_end_date=bounds.ends_on,
            target_value=_quantized(goal, _MILLI),
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
            current_period=_is_current(group, own, self._now),
            un_enrolled=own.has_left,
            milestones=_milestones(target.triggers, goal, progress),
        )

    def _currency_name(self, target: Target) -> str | None:
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

    def _stamps(self, progress: Progress | None, enrolment: Enrolment | None) -> tuple[Micros, Micros, Micros | None]:
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


def _is_cut_off(own: CustomerPeriod) -> bool:
    """Return whether the group's end leaves nothing of a window."""
    return own.progress is None and own.span is not None and own.span.opens_at >= own.span.closes_at


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


def _is_current(group: TargetGroup, own: CustomerPeriod, now: Micros) -> bool:
    """Return whether a period of the calendar runs; of other periods the vendor never says so (facts 8 #28)."""
    fixed = group.evaluation is Evaluation.FIXED_CALENDAR_WINDOW
    return fixed and own.period.opens_at <= now < own.period.closes_at


def _milestones(
    triggers: Sequence[Trigger], goal: Decimal, progress: Progress | None
) -> list[UserMilestoneAnswer] | None:
    """Return the triggers with their absolute values, six decimals (facts 2.4); None when there are none.

    A trigger's bit is its place among all of the target's triggers, inactive ones included.
    """
    reached = 0 if progress is None else progress.triggers
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


def _absolute(trigger: Trigger, goal: Decimal) -> Decimal:
    if trigger.value_kind is TriggerValueKind.PERCENTAGE:
        return to_decimal(to_units(goal * trigger.value)) / 100
    return trigger.value


def _quantized(amount: Decimal, least: Decimal) -> Decimal:
    """Return *amount* with at least the decimals of *least*; no digit is cut off."""
    return amount if amount != amount.quantize(least) else amount.quantize(least)
