"""A customer's progress as structs, and how they are made from the customer's view."""

from msgspec import Struct, field

from milepost.api.http.body import Number, NumberOrNull, number
from milepost.api.native.answer import iso_or_null
from milepost.api.native.awards.answer import CapItem, cap_item
from milepost.model.standing import ProgressKey
from milepost.model.target import Evaluation, Target, TargetGroup
from milepost.model.time import Micros, to_micros
from milepost.service.customers.caps import running_caps
from milepost.service.customers.periods import CustomerPeriod, customer_periods, relevance_test, running
from milepost.service.customers.streaks import LevelStanding, StreakStanding, streak_standing
from milepost.service.customers.view import CustomerView
from milepost.service.definitions.participation import latest


class PeriodItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """One period of a target. The bounds are null until the customer's own windows begin.

    `status` is NOT_BEGUN, UPCOMING, RUNNING or ENDED; `left` is how much is missing to the goal.
    """

    id: int
    ref_code: str
    starts_at: str | None
    ends_at: str | None
    status: str
    takes_part: bool
    goal: Number
    value: Number
    left: Number
    achieved_at: str | None


class TargetItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """One target with its periods; `enrolledAt` is null if the customer never enrolled."""

    id: int
    name: str
    enrolled_at: str | None
    left_from_period_id: int | None
    periods: list[PeriodItem]


class LevelItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """One level of a streak: `count` of `needed` periods.

    `earnedBy` is the number in the log of the event that earned it.
    """

    id: int
    name: str
    needed: int
    count: int
    earned_at: str | None
    earned_by: int | None
    period_id: int | None


class SpanItem(Struct, forbid_unknown_fields=True):
    """A span from one instant up to another."""

    starts: str | None = field(name="from")
    ends: str | None = field(name="to")


class StreakItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """A streak: the periods achieved in a row, its levels, the freezes left, and the periods frozen or missed."""

    run: int
    freezes_left: int
    levels: list[LevelItem]
    frozen_period_ids: list[int]
    missed_period_ids: list[int]
    pauses: list[SpanItem]


class CompositeItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """The targets of a unified group together in one period: how many of `needed` are achieved, and their sum or count.

    `achievedBy` is the number in the log of the event that achieved it.
    """

    period_id: int
    needed: int
    reached: int
    value: Number
    threshold: NumberOrNull
    achieved_at: str | None
    achieved_by: int | None


class GroupItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """One target group; `runningPeriodIds` are the periods of its targets that run now."""

    id: int
    name: str
    tracking: str
    evaluation: str
    running_period_ids: list[int]
    targets: list[TargetItem]
    streak: StreakItem | None
    wholes: list[CompositeItem]


class ProgressItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """All of a customer's progress at the instant `at`; `version` is the organisation's version."""

    customer_id: int
    at: str | None
    version: int
    lifetime_purchases: Number
    groups: list[GroupItem]
    caps: list[CapItem]


def progress_item(view: CustomerView, now: Micros) -> ProgressItem:
    """Return the customer's progress at *now* (epoch microseconds), in every active group that concerns them."""
    concerns = relevance_test(view)
    shown = [group for group in view.groups if group.active and any(map(concerns, group.targets))]
    groups = [_group(view, group, now) for group in shown]
    return ProgressItem(
        customer_id=view.customer.id,
        at=iso_or_null(now),
        version=view.snapshot.organisation.version,
        lifetime_purchases=number(view.standing.purchases),
        groups=[group for group in groups if group.targets],
        caps=[cap_item(cap) for cap in running_caps(view, now)],
    )


def _group(view: CustomerView, group: TargetGroup, now: Micros) -> GroupItem:
    periods_of = {target.id: customer_periods(view, group, target) for target in group.targets if target.active}
    running_periods = [running(group, periods, now) for periods in periods_of.values()]
    streak = streak_standing(view, group, now)
    return GroupItem(
        id=group.id,
        name=group.name,
        tracking=group.tracking.value,
        evaluation=group.evaluation.value,
        running_period_ids=list(dict.fromkeys(own.period.id for own in running_periods if own is not None)),
        targets=[
            _target(view, group, target, periods_of[target.id], now)
            for target in group.targets
            if target.id in periods_of and any(own.takes_part or own.progress for own in periods_of[target.id])
        ],
        streak=None if streak is None else _streak(streak),
        wholes=_composites(view, group),
    )


def _target(
    view: CustomerView, group: TargetGroup, target: Target, periods: tuple[CustomerPeriod, ...], now: Micros
) -> TargetItem:
    enrolment = latest(view.standing, target.id)
    filling = running(group, periods, now) if group.evaluation is Evaluation.PERIOD_AGNOSTIC_WINDOW else None
    return TargetItem(
        id=target.id,
        name=target.name,
        enrolled_at=None if enrolment is None else iso_or_null(to_micros(enrolment.enrolled_at)),
        left_from_period_id=None if enrolment is None else enrolment.left_at_period,
        periods=[_period(own, now, filling) for own in periods],
    )


def _period(own: CustomerPeriod, now: Micros, filling: CustomerPeriod | None) -> PeriodItem:
    value = 0 if own.progress is None else own.progress.value
    achieved = own.progress is not None and own.progress.is_achieved
    return PeriodItem(
        id=own.period.id,
        ref_code=own.period.ref_code,
        starts_at=iso_or_null(None if own.span is None else own.span.opens_at),
        ends_at=iso_or_null(None if own.span is None else own.span.closes_at),
        status=_status(own, now, filling),
        takes_part=own.takes_part,
        goal=None if own.goal is None else number(own.goal),
        value=number(value),
        left=None if own.goal is None else number(0 if achieved else max(own.goal - value, 0)),
        achieved_at=iso_or_null(to_micros(own.progress.achieved_at) if own.progress is not None and achieved else None),
    )


def _status(own: CustomerPeriod, now: Micros, filling: CustomerPeriod | None) -> str:
    """Return whether a customer's period is to come, runs or has ended.

    In an until-achieved group all periods are open at once, and *filling* is the one that counts now: periods after it
    are to come, and achieved ones have ended.
    """
    if own.span is None:
        return "NOT_BEGUN"
    if now < own.span.opens_at:
        return "UPCOMING"
    if now >= own.span.closes_at:
        return "ENDED"
    if filling is None or filling.period.id == own.period.id:
        return "RUNNING"
    return "ENDED" if own.progress is not None and own.progress.is_achieved else "UPCOMING"


def _streak(streak: StreakStanding) -> StreakItem:
    return StreakItem(
        run=streak.run,
        freezes_left=streak.freezes_left,
        levels=[_level(level) for level in streak.levels],
        frozen_period_ids=list(streak.frozen),
        missed_period_ids=list(streak.missed),
        pauses=[SpanItem(iso_or_null(pause.starts_at), iso_or_null(pause.ends_at)) for pause in streak.stored.pauses],
    )


def _level(level: LevelStanding) -> LevelItem:
    earned = level.earned
    return LevelItem(
        id=level.level.id,
        name=level.level.name,
        needed=level.level.count,
        count=level.counted,
        earned_at=iso_or_null(None if earned is None else to_micros(earned.earned_at)),
        earned_by=None if earned is None else earned.earned_by,
        period_id=None if earned is None else earned.period_id,
    )


def _composites(view: CustomerView, group: TargetGroup) -> list[CompositeItem]:
    """Return a unified group's own progress in each period in which the customer has any."""
    composite = view.snapshot.rule_index.composites.get(group.id)
    if composite is None:
        return []
    items = []
    for period in group.periods:
        progress = view.progress.get(composite.key(period.id))
        if progress is None:
            continue
        members = [view.progress.get(ProgressKey(target_id, period.id)) for target_id in composite.members]
        achieved_at = to_micros(progress.achieved_at) if progress.is_achieved else None
        items.append(
            CompositeItem(
                period_id=period.id,
                needed=composite.needed,
                reached=sum(1 for member in members if member is not None and member.is_achieved),
                value=number(progress.value),
                threshold=None if composite.threshold is None else number(composite.threshold),
                achieved_at=iso_or_null(achieved_at),
                achieved_by=progress.achieved_by if progress.is_achieved else None,
            )
        )
    return items
