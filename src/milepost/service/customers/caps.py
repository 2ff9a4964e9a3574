"""The caps that limit a customer's awards at present, and what they leave to give."""

from typing import NamedTuple

from milepost.engine.progress.windows import WindowSpan
from milepost.model.target import CapScope, Period, Target, TargetGroup, Tracking
from milepost.model.time import Micros
from milepost.service.customers.periods import CustomerPeriod, customer_periods, relevance_test, running
from milepost.service.customers.view import CustomerView


class RunningCap(NamedTuple):
    """A cap in its running period; amounts in units (ten-thousandths). `span` is None until the window begins."""

    group: TargetGroup
    target: Target
    period: Period
    span: WindowSpan | None
    limit: int
    used: int

    @property
    def left(self) -> int:
        """Return how much may still be given; for a cap on single awards, how much to each."""
        return max(self.limit - self.used, 0)


def running_caps(view: CustomerView, at: Micros) -> list[RunningCap]:
    """Return the caps that apply to a customer *at* an instant (epoch microseconds)."""
    caps, is_relevant = [], relevance_test(view)
    for group in view.groups:
        if group.tracking is not Tracking.CAPPING or not group.active:
            continue
        for target in group.targets:
            cap = _running(view, group, target, at) if target.active and is_relevant(target) else None
            if cap is not None:
                caps.append(cap)
    return caps


def _running(view: CustomerView, group: TargetGroup, target: Target, at: Micros) -> RunningCap | None:
    periods = customer_periods(view, group, target)
    customer_period = running(group, periods, at) or _first(group, periods, at)
    if customer_period is None or customer_period.goal is None or not customer_period.takes_part:
        return None
    is_per_award = group.cap_scope is CapScope.TRANSACTION
    used = 0 if customer_period.progress is None or is_per_award else customer_period.progress.value
    return RunningCap(
        group=group,
        target=target,
        period=customer_period.period,
        span=customer_period.span,
        limit=customer_period.goal,
        used=used,
    )


def _first(group: TargetGroup, periods: tuple[CustomerPeriod, ...], at: Micros) -> CustomerPeriod | None:
    """Return the window that the customer's next award would begin, if the group is open *at* that instant."""
    is_open = group.cycle_opens_at <= at <= group.cycle_closes_at
    return next((period for period in periods if period.span is None and period.takes_part), None) if is_open else None
