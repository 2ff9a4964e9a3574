"""Which rows of a customer a request asks for, whatever form they are answered in (facts 3.6)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from milepost.model.target import EnrolmentMethod, Target, TargetGroup
from milepost.model.time import Micros
from milepost.service.customers.periods import CustomerPeriod, customer_periods, relevance_test, running_period
from milepost.service.customers.view import CustomerView


@dataclass(frozen=True, slots=True, kw_only=True)
class RowQuery:
    """Which of a customer's rows a request asks for; `at` in epoch microseconds, None for now.

    The rows are those of all periods or, without `every_period`, of the periods that run at `at`. Without
    `every_target` inactive groups and targets are left out; `rule_ids` picks targets.
    """

    every_period: bool = False
    every_target: bool = False
    rule_ids: set[int] | None = None
    at: Micros | None = None


SelectedRows = list[tuple[Target, CustomerPeriod]]
"""The rows of a group, in the order of its targets and periods."""


def selected_groups(view: CustomerView, query: RowQuery, now: Micros) -> Iterator[tuple[TargetGroup, SelectedRows]]:
    """Return the groups that have rows to show, with these rows; *now* is in epoch microseconds."""
    concerns = relevance_test(view)
    for group in view.groups:
        rows = selected_rows(view, group, query, now, concerns)
        if rows:
            yield group, rows


def selected_rows(
    view: CustomerView, group: TargetGroup, query: RowQuery, now: Micros, concerns: Callable[[Target], bool]
) -> SelectedRows:
    """Return the rows of *group* to show, synthesised ones first; *concerns* is the customer's `relevance_test`."""
    if not (group.active or query.every_target):
        return []
    rows: SelectedRows = []
    at = now if query.at is None else query.at
    for target in group.targets:
        if not (target.active or query.every_target) or not concerns(target):
            continue
        if query.rule_ids is None or target.id in query.rule_ids:
            rows += [(target, period) for period in _periods(view, group, target, query, at)]
    # Sorting is stable, so the others keep their order.
    return rows if len(rows) < 2 else sorted(rows, key=lambda row: is_stored(row[1]))


def is_stored(period: CustomerPeriod) -> bool:
    """Whether the row of *period* is stored; else it is synthesised for the answer (facts 2.9)."""
    return period.progress is not None or period.enrolment is not None


def _periods(
    view: CustomerView, group: TargetGroup, target: Target, query: RowQuery, at: Micros
) -> Sequence[CustomerPeriod]:
    """Return the periods of one target to show: stored ones, and synthesised ones where every period is asked for."""
    if query.every_period:
        periods = customer_periods(view, group, target)
        if periods and all(period.span is None for period in periods):
            # Windows of a customer that have not begun are one row, from and to when the group was made (S4).
            periods = periods[:1]
        return [period for period in periods if _is_shown(target, period, every_period=True)]
    now_running = running_period(view, group, target, at)
    return (now_running,) if now_running and _is_shown(target, now_running, every_period=False) else ()


def _is_shown(target: Target, period: CustomerPeriod, *, every_period: bool) -> bool:
    if _is_cut_off(period):
        return False
    if is_stored(period):
        return True
    return every_period and target.enrolment is EnrolmentMethod.TRANSACTION and not period.has_left


def _is_cut_off(period: CustomerPeriod) -> bool:
    """Whether the group's end leaves nothing of a window."""
    return period.progress is None and period.span is not None and period.span.opens_at >= period.span.closes_at
