"""A customer's progress as the vendor shows it: one row for each target and period (S4, facts 2.9, 3.6)."""

from collections.abc import Sequence
from decimal import Decimal
from hashlib import sha256
from typing import NamedTuple

from milepost.api.capillary.definitions.target_groups.answer import attribution
from milepost.api.capillary.envelope import Json
from milepost.model.amount import UNITS_PER_ONE, to_decimal, to_units
from milepost.model.customer import Customer, Identifier, IdentifierKind
from milepost.model.standing import Enrolment, Progress
from milepost.model.target import EnrolmentMethod, Evaluation, Target, TargetGroup, Trigger, TriggerValueKind
from milepost.model.time import SECOND_US
from milepost.rules.calendar import Calendar, nearest_second
from milepost.service.customers.periods import CustomerPeriod, WindowSpan, customer_periods, relevance_test, running
from milepost.service.customers.streaks import StreakStanding, streak_standing
from milepost.service.customers.view import CustomerView

_MILLI = Decimal("0.001")
_MICRO = Decimal("0.000001")


def customer_shown(view: CustomerView) -> Json:
    """Return who the customer is."""
    customer, calendar = view.customer, view.snapshot.rule_index.calendar
    channels = [
        _channel(one) for one in customer.identifiers if one.kind in {IdentifierKind.EMAIL, IdentifierKind.MOBILE}
    ]
    profile = {
        "firstName": customer.first_name,
        "lastName": customer.last_name,
        "commChannels": channels,
        "source": "instore",
        "accountId": "",
        "userId": customer.id,
        "orgSourceId": -1,
    }
    loyalty = {
        "attribution": _registered(customer, calendar),
        "loyaltyType": customer.loyalty_type or "loyalty",
        "lifetimePurchases": thousandths(view.standing.purchases),
    }
    return {"id": customer.id, "profiles": [profile], "loyaltyInfo": loyalty, "customFields": dict(customer.fields)}


def groups_shown(
    view: CustomerView, at: int, now: int, *, every_period: bool, every_target: bool, rule_ids: set[int] | None
) -> list[Json]:
    """Return the customer's groups with their rows; without *every_period* the rows of periods that run at *at*."""
    shown: list[Json] = []
    rows, concerns = _Rows(view, at, now, every_period=every_period), relevance_test(view)
    for group in view.groups:
        if not (group.active or every_target):
            continue
        targets = [
            target
            for target in group.targets
            if concerns(target) and (target.active or every_target) and (rule_ids is None or target.id in rule_ids)
        ]
        found = [row for target in targets for row in rows.of_target(group, target)]
        if found:
            shown.append(_group(view, group, sorted(found, key=lambda row: row["targetId"] is not None), now))
    return shown


class _Rows:
    """Makes the rows of one customer, sharing what they have in common."""

    def __init__(self, view: CustomerView, at: int, now: int, *, every_period: bool) -> None:
        self._view = view
        self._at = at
        self._now = now
        self._every_period = every_period
        self._calendar: Calendar = view.snapshot.rule_index.calendar

    def of_target(self, group: TargetGroup, target: Target) -> list[Json]:
        """Return the rows of one target: real ones, and synthesised ones where every period is asked for."""
        own = customer_periods(self._view, group, target)
        if own and all(one.span is None for one in own):
            # Windows of one's own that have not begun are one row, from and to when the group was made (S4).
            own = own[:1] if self._every_period else ()
        elif not self._every_period:
            now_running = running(group, own, self._at)
            own = () if now_running is None else (now_running,)
        return [self._row(group, target, one) for one in own if self._is_shown(target, one)]

    def _is_shown(self, target: Target, own: CustomerPeriod) -> bool:
        if _is_cut_off(own):
            return False
        if own.progress is not None or own.enrolment is not None:
            return True
        return self._every_period and target.enrolment is EnrolmentMethod.TRANSACTION and not own.has_left

    def _row(self, group: TargetGroup, target: Target, own: CustomerPeriod) -> Json:
        calendar = self._calendar
        progress, period, metadata = own.progress, own.period, target.metadata
        goal = Decimal(0) if own.goal is None else to_decimal(own.goal)
        enrolled_at, updated_at, achieved_at = self._stamps(progress, own.enrolment)
        exists = progress is not None or own.enrolment is not None
        bounds = _bounds(group, own, self._view.snapshot.rule_index.rules[target.id].calendar)
        org_id, customer_id = self._view.snapshot.organisation.id, self._view.customer.id
        return {
            "targetId": row_id(org_id, customer_id, target.id, period.id) if exists else None,
            "periodId": period.id,
            "programId": None if metadata is None else metadata.program_id,
            "alternateCurrencyIdentifier": None if metadata is None else metadata.currency,
            "alternateCurrencyName": None if metadata is None else metadata.currency,
            "periodRefCode": period.ref_code,
            "periodStartDate": bounds.starts_on,
            "periodEndDate": bounds.ends_on,
            "targetValue": _quantized(goal, _MILLI),
            "targetAchievedValue": thousandths(0 if progress is None else progress.value),
            "targetName": target.name,
            "targetType": target.kpi.value,
            "targetEntity": target.entity.value,
            "targetRuleId": target.id,
            "enrolledOn": calendar.stamp(enrolled_at),
            "eventName": target.event_name,
            "periodStartDateWithTimeStamp": bounds.calendar.glued(bounds.first),
            "periodEndDateWithTimeStamp": bounds.calendar.glued(bounds.last),
            "lastUpdatedOn": calendar.stamp(updated_at),
            "targetAchievedDateTime": None if achieved_at is None else calendar.stamp(achieved_at),
            "enrolledOnISO": calendar.iso(enrolled_at),
            "periodStartDateWithTimeStampISO": bounds.calendar.iso(bounds.first),
            "periodEndDateWithTimeStampISO": bounds.calendar.iso(bounds.last),
            "lastUpdatedOnISO": calendar.iso(updated_at),
            "targetAchievedDateTimeISO": None if achieved_at is None else calendar.iso(achieved_at),
            "targetAchievedEventLogId": (progress.achieved_by if progress is not None else 0) or None,
            "currentPeriod": _is_current(group, own, self._now),
            "unEnrolled": own.has_left,
            "milestones": _milestones(target.triggers, goal, progress),
        }

    def _stamps(self, progress: Progress | None, enrolment: Enrolment | None) -> tuple[int, int, int | None]:
        """Return when the row was enrolled, changed and achieved; a synthesised row is of this moment (facts 2.9)."""
        if progress is None:
            enrolled_at = self._now if enrolment is None else enrolment.enrolled_at * SECOND_US
            return enrolled_at, enrolled_at, None
        achieved_at = progress.achieved_at * SECOND_US if progress.achieved_by else None
        return progress.enrolled_at * SECOND_US, progress.updated_at * SECOND_US, achieved_at


def _is_cut_off(own: CustomerPeriod) -> bool:
    """Return whether the group's end leaves nothing of a window."""
    return own.progress is None and own.span is not None and own.span.opens_at >= own.span.closes_at


class _Bounds(NamedTuple):
    """From when to when a period is shown to run, both inside (epoch microseconds), and on which days."""

    first: int
    last: int
    starts_on: str
    ends_on: str
    calendar: Calendar


def _bounds(group: TargetGroup, own: CustomerPeriod, calendar: Calendar) -> _Bounds:
    """Return what a row shows of its period (facts 2.9, 4.4): the last second, not the first instant after it.

    Until achieved every stamp is the group's beginning; windows that have not begun show when the group was made.
    """
    span, period = own.span, own.period
    if group.evaluation is Evaluation.FIXED_CALENDAR_WINDOW:
        last = period.closes_at - SECOND_US
        return _Bounds(period.opens_at, last, period.starts_on, period.ends_on, calendar)
    if group.evaluation is Evaluation.PERIOD_AGNOSTIC_WINDOW:
        span = WindowSpan(group.cycle_opens_at, group.cycle_opens_at + SECOND_US)
    if span is None:
        made = nearest_second(group.attribution.created_at)
        span = WindowSpan(made, made + SECOND_US)
    first, last = span.opens_at, span.closes_at - SECOND_US
    return _Bounds(first, last, calendar.date_text(first), calendar.date_text(last), calendar)


def _is_current(group: TargetGroup, own: CustomerPeriod, now: int) -> bool:
    """Return whether a period of the calendar runs; of others the vendor never says so (facts 8 #28)."""
    fixed = group.evaluation is Evaluation.FIXED_CALENDAR_WINDOW
    return fixed and own.period.opens_at <= now < own.period.closes_at


def row_id(org_id: int, customer_id: int, target_id: int, period_id: int) -> int:
    """Return the id of a progress: made from its key, 52 bits, so it needs no keeping and never changes."""
    return int(sha256(f"{org_id}:{customer_id}:{target_id}:{period_id}".encode()).hexdigest()[:13], 16)


def _group(view: CustomerView, group: TargetGroup, rows: list[Json], now: int) -> Json:
    streak = streak_standing(view, group, now)
    shown = {} if streak is None else {"streaks": streaks_shown(view, group, streak)}
    return {
        "id": group.id,
        "attribution": attribution(group.attribution, view.snapshot.rule_index.calendar),
        "name": group.name,
        "orgId": view.snapshot.organisation.id,
        "preferredTillId": group.preferred_till_id,
        "targets": rows,
        **shown,
        "targetEvaluationType": group.evaluation.value,
        "trackingType": group.tracking.value,
    }


def streaks_shown(view: CustomerView, group: TargetGroup, streak: StreakStanding) -> list[Json]:
    """Return the levels of a streak group as the vendor shows them, key for key (S4, facts 2.5)."""
    org_id, customer_id, calendar = view.snapshot.organisation.id, view.customer.id, view.snapshot.rule_index.calendar
    rule = view.snapshot.rule_index.streaks[group.id]
    shown = []
    for one in streak.levels:
        started = bool(streak.stored.achieved) or one.earned is not None
        level: Json = {
            "userStreakId": row_id(org_id, customer_id, -group.id, one.level.id) if started else None,
            "streakId": one.level.id,
            "streakName": one.level.name,
            "status": "ACHIEVED" if one.earned is not None else "IN_PROGRESS" if one.counted else "NOT_STARTED",
            "currentCount": one.counted,
            "totalTargetCountOfSequence": one.level.count,
        }
        if one.earned is not None:
            earned_at = one.earned.earned_at * SECOND_US
            level["streakAchievedUserTargetId"] = row_id(org_id, customer_id, rule.target_id, one.earned.period_id)
            level["streakAchievedDateTime"] = calendar.stamp(earned_at)
            level["streakAchievedDateTimeISO"] = calendar.iso(earned_at)
        shown.append(level)
    return shown


def _milestones(triggers: Sequence[Trigger], goal: Decimal, progress: Progress | None) -> list[Json] | None:
    """Return the triggers with their absolute values, six decimals (facts 2.4); None when there are none.

    A trigger's bit is its place among all of the target's, also where those before it are inactive.
    """
    reached = 0 if progress is None else progress.triggers
    return [
        {
            "id": trigger.id,
            "triggerName": trigger.name,
            "triggerValue": _quantized(_absolute(trigger, goal), _MICRO),
            "isAchieved": bool(reached & 1 << place),
        }
        for place, trigger in enumerate(triggers)
        if trigger.active
    ] or None


def _absolute(trigger: Trigger, goal: Decimal) -> Decimal:
    if trigger.value_kind is TriggerValueKind.PERCENTAGE:
        return to_decimal(to_units(goal * trigger.value)) / 100
    return trigger.value


def _channel(identifier: Identifier) -> Json:
    return {
        "type": identifier.kind.value,
        "accountId": None,
        "value": identifier.value,
        "primary": False,
        "verified": False,
        "subscribed": None,
        "attributes": None,
    }


def _registered(customer: Customer, calendar: Calendar) -> Json:
    created, updated = nearest_second(customer.registered_at), nearest_second(customer.updated_at)
    return {
        "createdOn": calendar.stamp(created),
        "createdOnISO": calendar.iso(created),
        "lastUpdatedOn": calendar.stamp(updated),
        "lastUpdatedOnISO": calendar.iso(updated),
        "lastUpdatedBy": _someone(customer.updated_by),
        "createdBy": _someone(customer.registered_by),
    }


def _someone(till_id: int | None) -> Json:
    """Return a till of which only the id is told (facts 2.8)."""
    return {"id": till_id, "code": None, "description": None, "name": None, "type": None}


def thousandths(units: int) -> Decimal:
    """Return an amount in units with three decimals, as user rows have them (facts 8 #35); more where it has more."""
    if units * 1000 % UNITS_PER_ONE:
        return to_decimal(units)
    return Decimal(units * 1000 // UNITS_PER_ONE).scaleb(-3)


def _quantized(amount: Decimal, least: Decimal) -> Decimal:
    """Return *amount* with at least the decimals of *least*; none are cut."""
    return amount if amount != amount.quantize(least) else amount.quantize(least)
