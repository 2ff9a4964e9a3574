"""A customer's progress as the vendor shows it: one row for each target and period (S4, semantics 2.9, 3.6)."""

from collections.abc import Sequence
from decimal import Decimal
from hashlib import sha256

from milepost.api.vendor.envelope import Json
from milepost.api.vendor.rendering import attribution
from milepost.model.amount import UNITS_PER_ONE, to_decimal, to_units
from milepost.model.customer import Customer, Identifier, IdentifierKind
from milepost.model.standing import Enrolment, Progress, ProgressKey
from milepost.model.target import EnrolmentMethod, Period, Target, TargetGroup, Trigger, TriggerValueKind
from milepost.rules.calendar import Calendar, nearest_second
from milepost.service.reading import CustomerView

SECOND_US = 1_000_000
_MILLI = Decimal("0.001")
_MICRO = Decimal("0.000001")


def customer_shown(view: CustomerView) -> Json:
    """Give who the customer is."""
    customer, calendar = view.customer, view.brand.catalogue.calendar
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
    """Give the customer's groups with their rows; without *every_period* the rows of periods that run at *at*."""
    shown: list[Json] = []
    rows = _Rows(view, at, now, every_period=every_period)
    for group in view.brand.catalogue.groups.values():
        if not (group.active or every_target):
            continue
        targets = [
            target
            for target in group.targets
            if (target.active or every_target) and (rule_ids is None or target.id in rule_ids)
        ]
        found = [row for target in targets for row in rows.of_target(group, target)]
        if found:
            shown.append(_group(view, group, sorted(found, key=lambda row: row["targetId"] is not None)))
    return shown


class _Rows:
    """Makes the rows of one customer, sharing what they have in common."""

    def __init__(self, view: CustomerView, at: int, now: int, *, every_period: bool) -> None:
        self._view = view
        self._at = at
        self._now = now
        self._every_period = every_period
        self._calendar: Calendar = view.brand.catalogue.calendar
        self._enrolments = {enrolment.target_id: enrolment for enrolment in view.standing.enrolments}

    def of_target(self, group: TargetGroup, target: Target) -> list[Json]:
        """Give the rows of one target: real ones, and synthesised ones where every period is asked for."""
        goals = {goal.period_id: goal.value for goal in target.goals}
        enrolment = self._enrolments.get(target.id)
        by_import = target.enrolment is not EnrolmentMethod.TRANSACTION
        first = next((p.opens_at for p in group.periods if enrolment and p.id == enrolment.period_id), None)
        found: list[Json] = []
        for period in group.periods:
            progress = self._view.progress.get(ProgressKey(target.id, period.id))
            covered = first is not None and period.opens_at >= first
            if not self._every_period and not (period.opens_at <= self._at < period.closes_at):
                continue
            if progress is None and not covered and (not self._every_period or by_import):
                continue
            goal = goals.get(period.id, Decimal(0))
            found.append(self._row(target, period, goal, progress, enrolment if covered else None))
        return found

    def _row(
        self, target: Target, period: Period, goal: Decimal, progress: Progress | None, enrolment: Enrolment | None
    ) -> Json:
        calendar = self._calendar
        enrolled_at, updated_at, achieved_at = self._stamps(progress, enrolment)
        opens_at, last_at = period.opens_at, period.closes_at - SECOND_US
        metadata = target.metadata
        exists = progress is not None or enrolment is not None
        return {
            "targetId": row_id(self._view.brand.organisation.id, self._view.customer.id, target.id, period.id)
            if exists
            else None,
            "periodId": period.id,
            "programId": None if metadata is None else metadata.program_id,
            "alternateCurrencyIdentifier": None if metadata is None else metadata.currency,
            "alternateCurrencyName": None if metadata is None else metadata.currency,
            "periodRefCode": period.ref_code,
            "periodStartDate": period.starts_on,
            "periodEndDate": period.ends_on,
            "targetValue": _quantized(goal, _MILLI),
            "targetAchievedValue": thousandths(0 if progress is None else progress.value),
            "targetName": target.name,
            "targetType": target.kpi.value,
            "targetEntity": target.entity.value,
            "targetRuleId": target.id,
            "enrolledOn": calendar.stamp(enrolled_at),
            "eventName": target.event_name,
            "periodStartDateWithTimeStamp": calendar.glued(opens_at),
            "periodEndDateWithTimeStamp": calendar.glued(last_at),
            "lastUpdatedOn": calendar.stamp(updated_at),
            "targetAchievedDateTime": None if achieved_at is None else calendar.stamp(achieved_at),
            "enrolledOnISO": calendar.iso(enrolled_at),
            "periodStartDateWithTimeStampISO": calendar.iso(opens_at),
            "periodEndDateWithTimeStampISO": calendar.iso(last_at),
            "lastUpdatedOnISO": calendar.iso(updated_at),
            "targetAchievedDateTimeISO": None if achieved_at is None else calendar.iso(achieved_at),
            "targetAchievedEventLogId": (progress.achieved_by if progress is not None else 0) or None,
            "currentPeriod": opens_at <= self._now < period.closes_at,
            "unEnrolled": False,
            "milestones": _milestones(target.triggers, goal, progress),
        }

    def _stamps(self, progress: Progress | None, enrolment: Enrolment | None) -> tuple[int, int, int | None]:
        """Give when the row was enrolled, changed and achieved; a synthesised row is of this moment (semantics 2.9)."""
        if progress is None:
            enrolled_at = self._now if enrolment is None else enrolment.enrolled_at * SECOND_US
            return enrolled_at, enrolled_at, None
        achieved_at = progress.achieved_at * SECOND_US if progress.achieved_by else None
        return progress.enrolled_at * SECOND_US, progress.updated_at * SECOND_US, achieved_at


def row_id(org_id: int, customer_id: int, target_id: int, period_id: int) -> int:
    """Give the id of a progress: made from its key, 52 bits, so it needs no keeping and never changes."""
    return int(sha256(f"{org_id}:{customer_id}:{target_id}:{period_id}".encode()).hexdigest()[:13], 16)


def _group(view: CustomerView, group: TargetGroup, rows: list[Json]) -> Json:
    return {
        "id": group.id,
        "attribution": attribution(group.attribution, view.brand.catalogue.calendar),
        "name": group.name,
        "orgId": view.brand.organisation.id,
        "preferredTillId": group.preferred_till_id,
        "targets": rows,
        "targetEvaluationType": group.evaluation.value,
        "trackingType": group.tracking.value,
    }


def _milestones(triggers: Sequence[Trigger], goal: Decimal, progress: Progress | None) -> list[Json] | None:
    """Give the triggers with their absolute values, six decimals (semantics 2.4); None when there are none.

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
    """Give a till of which only the id is told (semantics 2.8)."""
    return {"id": till_id, "code": None, "description": None, "name": None, "type": None}


def thousandths(units: int) -> Decimal:
    """Give an amount in units with three decimals, as user rows have them (semantics 8 #35); more where it has more."""
    if units * 1000 % UNITS_PER_ONE:
        return to_decimal(units)
    return Decimal(units * 1000 // UNITS_PER_ONE).scaleb(-3)


def _quantized(amount: Decimal, least: Decimal) -> Decimal:
    """Give *amount* with at least the decimals of *least*; none are cut."""
    return amount if amount != amount.quantize(least) else amount.quantize(least)
