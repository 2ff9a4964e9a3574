"""All of a customer's progress, in plain words: what the vendor's view has no place for, too."""

from fastapi import APIRouter
from msgspec import Struct, field

from milepost.api.http.authentication import CurrentCaller, RunningRuntime
from milepost.api.http.body import JsonResponse, Number, NumberOrNull, number
from milepost.api.native.awards.routes import CapItem, cap_item
from milepost.api.native.path import iso_or_null, view_of
from milepost.model.standing import ProgressKey
from milepost.model.target import Evaluation, Target, TargetGroup
from milepost.model.time import SECOND_US
from milepost.service.customers.caps import running_caps
from milepost.service.customers.periods import CustomerPeriod, customer_periods, relevance_test, running
from milepost.service.customers.streaks import LevelStanding, StreakStanding, streak_standing
from milepost.service.customers.view import CustomerView
from milepost.service.definitions.participation import latest

router = APIRouter(prefix="/api/v1", tags=["customers"])


class PeriodItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """One period of a target; bounds are null where the customer's own windows have not begun.

    `status` is NOT_BEGUN, UPCOMING, RUNNING or ENDED; `left` is what is missing to the goal.
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
    """One target: since when the customer is enrolled, if it takes that, and each period."""

    id: int
    name: str
    enrolled_at: str | None
    left_from_period_id: int | None
    periods: list[PeriodItem]


class LevelItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """One level of a streak; `count` of `needed` periods, and the event that earned it by its number in the log."""

    id: int
    name: str
    needed: int
    count: int
    earned_at: str | None
    earned_by: int | None
    period_id: int | None


class SpanItem(Struct, forbid_unknown_fields=True):
    """A span, from one instant up to another."""

    starts: str | None = field(name="from")
    ends: str | None = field(name="to")


class StreakItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """A streak: its run, its levels, the freezes left, and which periods were frozen or ended a run."""

    run: int
    freezes_left: int
    levels: list[LevelItem]
    frozen_period_ids: list[int]
    missed_period_ids: list[int]
    pauses: list[SpanItem]


class WholeItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """A unified group taken together in one period: how many of `needed` members are reached, and the sum or count.

    `achievedBy` is the event that achieved it, by its number in the log.
    """

    period_id: int
    needed: int
    reached: int
    value: Number
    threshold: NumberOrNull
    achieved_at: str | None
    achieved_by: int | None


class GroupItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """One target group; `runningPeriodIds` are those of its targets that run now."""

    id: int
    name: str
    tracking: str
    evaluation: str
    running_period_ids: list[int]
    targets: list[TargetItem]
    streak: StreakItem | None
    wholes: list[WholeItem]


class ProgressItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """All of a customer's progress at an instant; `version` is the organisation's."""

    customer_id: int
    at: str | None
    version: int
    lifetime_purchases: Number
    groups: list[GroupItem]
    caps: list[CapItem]


@router.get("/customers/{customer_id}/progress", response_model=None)
async def get_progress(customer_id: str, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Return how far a customer is in every group in force in which the customer takes part or has progress."""
    view, now = await view_of(runtime, caller, customer_id), runtime.clock()
    concerns = relevance_test(view)
    shown = [group for group in view.groups if group.active and any(map(concerns, group.targets))]
    groups = [_group(view, group, now) for group in shown]
    return JsonResponse(
        ProgressItem(
            view.customer.id,
            iso_or_null(now),
            view.snapshot.organisation.version,
            number(view.standing.purchases),
            [group for group in groups if group.targets],
            [cap_item(cap) for cap in running_caps(view, now)],
        )
    )


def _group(view: CustomerView, group: TargetGroup, now: int) -> GroupItem:
    own = {target.id: customer_periods(view, group, target) for target in group.targets if target.active}
    found = [running(group, periods, now) for periods in own.values()]
    streak = streak_standing(view, group, now)
    return GroupItem(
        group.id,
        group.name,
        group.tracking.value,
        group.evaluation.value,
        list(dict.fromkeys(one.period.id for one in found if one is not None)),
        [
            _target(view, group, target, own[target.id], now)
            for target in group.targets
            if target.id in own and any(one.takes_part or one.progress for one in own[target.id])
        ],
        None if streak is None else _streak(streak),
        _wholes(view, group),
    )


def _target(
    view: CustomerView, group: TargetGroup, target: Target, own: tuple[CustomerPeriod, ...], now: int
) -> TargetItem:
    enrolment = latest(view.standing, target.id)
    is_filling = running(group, own, now) if group.evaluation is Evaluation.PERIOD_AGNOSTIC_WINDOW else None
    return TargetItem(
        target.id,
        target.name,
        None if enrolment is None else iso_or_null(enrolment.enrolled_at * SECOND_US),
        None if enrolment is None else enrolment.left_period_id or None,
        [_period(one, now, is_filling) for one in own],
    )


def _period(own: CustomerPeriod, now: int, filling: CustomerPeriod | None) -> PeriodItem:
    value = 0 if own.progress is None else own.progress.value
    achieved = own.progress is not None and bool(own.progress.achieved_by)
    return PeriodItem(
        own.period.id,
        own.period.ref_code,
        iso_or_null(None if own.span is None else own.span.opens_at),
        iso_or_null(None if own.span is None else own.span.closes_at),
        _status(own, now, filling),
        own.takes_part,
        None if own.goal is None else number(own.goal),
        number(value),
        None if own.goal is None else number(0 if achieved else max(own.goal - value, 0)),
        iso_or_null(own.progress.achieved_at * SECOND_US if own.progress is not None and achieved else None),
    )


def _status(own: CustomerPeriod, now: int, filling: CustomerPeriod | None) -> str:
    """Return where *now* lies to a customer's period; until achieved, those after the one being filled are to come."""
    if own.span is None:
        return "NOT_BEGUN"
    if now < own.span.opens_at:
        return "UPCOMING"
    if now >= own.span.closes_at:
        return "ENDED"
    if filling is None or filling.period.id == own.period.id:
        return "RUNNING"
    return "ENDED" if own.progress is not None and own.progress.achieved_by else "UPCOMING"


def _streak(found: StreakStanding) -> StreakItem:
    return StreakItem(
        found.run,
        found.freezes_left,
        [_level(level) for level in found.levels],
        list(found.frozen),
        list(found.missed),
        [SpanItem(iso_or_null(pause.starts_at), iso_or_null(pause.ends_at)) for pause in found.stored.pauses],
    )


def _level(found: LevelStanding) -> LevelItem:
    earned = found.earned
    return LevelItem(
        found.level.id,
        found.level.name,
        found.level.count,
        found.counted,
        iso_or_null(None if earned is None else earned.earned_at * SECOND_US),
        None if earned is None else earned.earned_by,
        None if earned is None else earned.period_id,
    )


def _wholes(view: CustomerView, group: TargetGroup) -> list[WholeItem]:
    """Return the group taken together in each period in which the customer has done something for it."""
    composite = view.snapshot.rule_index.composites.get(group.id)
    found = []
    for period in group.periods if composite is not None else ():
        assert composite is not None
        progress = view.progress.get(composite.key(period.id))
        if progress is None:
            continue
        members = [view.progress.get(ProgressKey(target_id, period.id)) for target_id in composite.members]
        achieved_at = progress.achieved_at * SECOND_US if progress.achieved_by else None
        found.append(
            WholeItem(
                period.id,
                composite.needed,
                sum(1 for member in members if member is not None and member.achieved_by),
                number(progress.value),
                None if composite.threshold is None else number(composite.threshold),
                iso_or_null(achieved_at),
                progress.achieved_by or None,
            )
        )
    return found
