"""The periods of a target as one customer has them: their own windows, goals and progress."""

from collections.abc import Callable
from typing import NamedTuple

from milepost.engine.progress.windows import WindowSpan, spans
from milepost.model.standing import NOT_LEFT, Enrolment, Progress, ProgressKey, Standing
from milepost.model.target import EnrolmentMethod, Evaluation, Period, Target, TargetGroup
from milepost.rules.compiled.rule import Rule
from milepost.service.customers.view import CustomerView
from milepost.service.definitions.participation import latest

__all__ = ["CustomerPeriod", "WindowSpan", "customer_goal", "customer_periods", "may_show", "running"]


class CustomerPeriod(NamedTuple):
    """One period of a target for one customer.

    `span` is None where the customer's windows have not begun; `goal` is in units, the customer's own or the target's;
    `enrolment` is the one that covers the period; `has_left` is true from the period of leaving on.
    """

    period: Period
    span: WindowSpan | None
    goal: int | None
    progress: Progress | None
    enrolment: Enrolment | None
    has_left: bool
    takes_part: bool


def may_show(view: CustomerView) -> Callable[[Target], bool]:
    """Return what tells of a target, at next to no cost, whether it may concern the customer.

    Those that everybody takes part in do; of the others, which may be as many as customers, those that the customer was
    enrolled in or has progress on.
    """
    known = {target_id for target_id, _ in view.progress}
    known.update(enrolment.target_id for enrolment in view.standing.enrolments)
    return lambda target: target.enrolment is EnrolmentMethod.TRANSACTION or target.id in known


def customer_periods(view: CustomerView, group: TargetGroup, target: Target) -> tuple[CustomerPeriod, ...]:
    """Return the periods of *group*, as they are listed, for one customer and *target*."""
    rule = view.snapshot.rule_index.rules[target.id]
    own = dict(zip(rule.period_ids, spans(rule, view.standing.anchors), strict=False))
    enrolment = latest(view.standing, target.id)
    return tuple(_own(view, group, rule, period, own.get(period.id), enrolment) for period in group.periods)


def _own(
    view: CustomerView,
    group: TargetGroup,
    rule: Rule,
    period: Period,
    span: WindowSpan | None,
    enrolment: Enrolment | None,
) -> CustomerPeriod:
    position = rule.position_of(period.id)
    has_left = enrolment is not None and _has_left(rule, enrolment, position)
    covers = enrolment is not None and 0 <= rule.position_of(enrolment.period_id) <= position and not has_left
    if span is None and group.evaluation is Evaluation.FIXED_CALENDAR_WINDOW:
        span = WindowSpan(period.opens_at, period.closes_at)
    return CustomerPeriod(
        period,
        span,
        customer_goal(view.standing, rule, period.id),
        view.progress.get(ProgressKey(rule.target_id, period.id)),
        enrolment if covers else None,
        has_left,
        position >= 0 and (covers if enrolment is not None else rule.open_to_all),
    )


def _has_left(rule: Rule, enrolment: Enrolment, position: int) -> bool:
    if enrolment.left_period_id == NOT_LEFT:
        return False
    return rule.frame.evaluation is Evaluation.PERIOD_AGNOSTIC_WINDOW or position >= rule.position_of(
        enrolment.left_period_id
    )


def customer_goal(standing: Standing, rule: Rule, period_id: int) -> int | None:
    """Return the goal in a period, in units: the customer's own, else the target's, if there is one.

    Until achieved, the goal is that of the first period for all of them.
    """
    position = rule.position_of(period_id)
    if position < 0:
        return None
    if rule.frame.evaluation is Evaluation.PERIOD_AGNOSTIC_WINDOW:
        position = 0
    enrolment = latest(standing, rule.target_id)
    own = {} if enrolment is None else dict(enrolment.goals)
    return own.get(rule.period_ids[position], rule.goals[position])


def running(group: TargetGroup, periods: tuple[CustomerPeriod, ...], at: int) -> CustomerPeriod | None:
    """Return the one of a customer's *periods* that runs *at* an instant (epoch microseconds), if one does.

    Until achieved it is the one that is being filled: the first not achieved, else the last.
    """
    open_now = [own for own in periods if own.span is not None and own.span.opens_at <= at < own.span.closes_at]
    if group.evaluation is not Evaluation.PERIOD_AGNOSTIC_WINDOW:
        return open_now[0] if open_now else None
    unachieved = [own for own in open_now if own.progress is None or not own.progress.achieved_by]
    return next(iter(unachieved or open_now[-1:]), None)
