"""The caps that bound what a customer may be given now, and what they leave."""

from typing import NamedTuple

from milepost.engine.progress.windows import WindowSpan
from milepost.model.target import CapScope, Period, Target, TargetGroup, Tracking
from milepost.service.customers.periods import CustomerPeriod, customer_periods, may_show, running
from milepost.service.customers.view import CustomerView


class RunningCap(NamedTuple):
    """One cap in the period that runs; amounts in units. `span` is None until the customer's window begins."""

    group: TargetGroup
    target: Target
    period: Period
    span: WindowSpan | None
    limit: int
    used: int

    @property
    def left(self) -> int:
        """Return what may still be given; of a cap on each award by itself, to each."""
        return max(self.limit - self.used, 0)


def running_caps(view: CustomerView, at: int) -> list[RunningCap]:
    """Return the caps that concern a customer and that run *at* an instant (epoch microseconds)."""
    found, concerns = [], may_show(view)
    for group in view.groups:
        if group.tracking is not Tracking.CAPPING or not group.active:
            continue
        for target in group.targets:
            cap = _running(view, group, target, at) if target.active and concerns(target) else None
            if cap is not None:
                found.append(cap)
    return found


def _running(view: CustomerView, group: TargetGroup, target: Target, at: int) -> RunningCap | None:
    periods = customer_periods(view, group, target)
    own = running(group, periods, at) or _first(group, periods, at)
    if own is None or own.goal is None or not own.takes_part:
        return None
    each = group.cap_scope is CapScope.TRANSACTION
    used = 0 if own.progress is None or each else own.progress.value
    return RunningCap(group, target, own.period, own.span, own.goal, used)


def _first(group: TargetGroup, periods: tuple[CustomerPeriod, ...], at: int) -> CustomerPeriod | None:
    """Return the period that the customer's next award would begin, while the group runs."""
    is_open = group.cycle_opens_at <= at <= group.cycle_closes_at
    return next((own for own in periods if own.span is None and own.takes_part), None) if is_open else None
