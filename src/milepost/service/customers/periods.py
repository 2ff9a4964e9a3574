"""The periods of a target as one customer sees them: with their own windows, goals and progress."""

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

from milepost.engine.progress.windows import WindowSpan, spans
from milepost.model.standing import Enrolment, Progress, ProgressKey, Standing
from milepost.model.target import EnrolmentMethod, Evaluation, Period, Target, TargetGroup
from milepost.model.time import Micros
from milepost.rules.compiled.rule import Rule
from milepost.service.customers.view import CustomerView
from milepost.service.definitions.participation import latest
from milepost.service.snapshot.organisation_snapshot import OrganisationSnapshot

__all__ = [
    "CustomerPeriod",
    "WindowSpan",
    "customer_goal",
    "customer_periods",
    "relevance_test",
    "running",
    "running_period",
]


class CustomerPeriod(NamedTuple):
    """One period of a target for one customer.

    `span` is None while the customer's window has not begun. `goal` is the customer's own, else the target's, in units
    (ten-thousandths). `enrolment` is the one that covers the period. `has_left` is true from the period on in which the
    customer left.
    """

    period: Period
    span: WindowSpan | None
    goal: int | None
    progress: Progress | None
    enrolment: Enrolment | None
    has_left: bool
    takes_part: bool


def relevance_test(view: CustomerView) -> Callable[[Target], bool]:
    """Return a cheap test of whether a target may be relevant to the customer.

    Targets that everybody takes part in are. Of the others only those that the customer was enrolled in or has progress
    on: customers' own goals may be as many as customers, so the rest must be skipped fast.
    """
    target_ids = {target_id for target_id, _ in view.progress}
    target_ids.update(enrolment.target_id for enrolment in view.standing.enrolments)
    return lambda target: target.enrolment is EnrolmentMethod.TRANSACTION or target.id in target_ids


class ProgressHolder(Protocol):
    """What the periods of a customer are found by: a view of the customer is one."""

    @property
    def snapshot(self) -> OrganisationSnapshot:
        """What rules the customer's organisation."""

    @property
    def standing(self) -> Standing:
        """The customer's standing."""

    @property
    def progress(self) -> Mapping[ProgressKey, Progress]:
        """All progress of the customer, ended periods included."""


def customer_periods(view: ProgressHolder, group: TargetGroup, target: Target) -> tuple[CustomerPeriod, ...]:
    """Return the periods of *group*, in its order, as one customer sees them for *target*."""
    rule = view.snapshot.rule_index.rules[target.id]
    window_spans = dict(zip(rule.period_ids, spans(rule, view.standing.anchors), strict=False))
    enrolment = latest(view.standing, target.id)
    return tuple(
        _customer_period(view, group, rule, period, window_spans.get(period.id), enrolment) for period in group.periods
    )


def running_period(view: CustomerView, group: TargetGroup, target: Target, at: Micros) -> CustomerPeriod | None:
    """Return the period of *target* that runs *at* an instant (epoch microseconds) for the customer, or None.

    It is what `running` finds among all `customer_periods`. Periods of the calendar are the same for every customer, so
    the other periods need not be built.
    """
    if group.evaluation is not Evaluation.FIXED_CALENDAR_WINDOW:
        return running(group, customer_periods(view, group, target), at)
    period = next((period for period in group.periods if period.opens_at <= at < period.closes_at), None)
    if period is None:
        return None
    rule = view.snapshot.rule_index.rules[target.id]
    enrolment = latest(view.standing, target.id) if view.standing.enrolments else None
    return _customer_period(view, group, rule, period, None, enrolment)


def _customer_period(
    view: ProgressHolder,
    group: TargetGroup,
    rule: Rule,
    period: Period,
    span: WindowSpan | None,
    enrolment: Enrolment | None,
) -> CustomerPeriod:
    position = rule.position_of(period.id)
    if span is None and group.evaluation is Evaluation.FIXED_CALENDAR_WINDOW:
        span = WindowSpan(period.opens_at, period.closes_at)
    progress = view.progress.get(ProgressKey(rule.target_id, period.id))
    goal = None if position is None else _goal(rule, position, enrolment)
    if enrolment is None:
        takes_part = position is not None and rule.open_to_all
        return CustomerPeriod(
            period=period,
            span=span,
            goal=goal,
            progress=progress,
            enrolment=None,
            has_left=False,
            takes_part=takes_part,
        )
    has_left = _has_left(rule, enrolment, position)
    covers = not has_left and _has_begun(rule, enrolment, position)
    return CustomerPeriod(
        period=period,
        span=span,
        goal=goal,
        progress=progress,
        enrolment=enrolment if covers else None,
        has_left=has_left,
        takes_part=position is not None and covers,
    )


def _has_begun(rule: Rule, enrolment: Enrolment, position: int | None) -> bool:
    first = rule.position_of(enrolment.period_id)
    return first is not None and position is not None and first <= position


def _has_left(rule: Rule, enrolment: Enrolment, position: int | None) -> bool:
    period_id = enrolment.left_at_period
    if period_id is None:
        return False
    left = rule.position_of(period_id)
    if rule.frame.evaluation is Evaluation.PERIOD_AGNOSTIC_WINDOW or left is None:
        return True
    return position is not None and position >= left


def customer_goal(standing: Standing, rule: Rule, period_id: int) -> int | None:
    """Return the goal in a period, in units: the customer's own, else the target's; None if there is none.

    In an until-achieved group all periods have the goal of the first one.
    """
    position = rule.position_of(period_id)
    return None if position is None else _goal(rule, position, latest(standing, rule.target_id))


def _goal(rule: Rule, position: int, enrolment: Enrolment | None) -> int | None:
    if rule.frame.evaluation is Evaluation.PERIOD_AGNOSTIC_WINDOW:
        position = 0
    if enrolment is not None:
        period_id = rule.period_ids[position]
        for own_period_id, own in enrolment.goals:
            if own_period_id == period_id:
                return own
    return rule.goals[position]


def running(group: TargetGroup, periods: tuple[CustomerPeriod, ...], at: Micros) -> CustomerPeriod | None:
    """Return the one of a customer's *periods* that runs *at* an instant (epoch microseconds), or None.

    In an until-achieved group it is the first open period that is not achieved, else the last open one.
    """
    open_now = [
        period for period in periods if period.span is not None and period.span.opens_at <= at < period.span.closes_at
    ]
    if group.evaluation is not Evaluation.PERIOD_AGNOSTIC_WINDOW:
        return open_now[0] if open_now else None
    unachieved = [period for period in open_now if period.progress is None or not period.progress.is_achieved]
    return next(iter(unachieved or open_now[-1:]), None)
