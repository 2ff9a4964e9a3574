"""What is answered when stored events are counted, and when a group is summarised."""

from msgspec import Struct

from milepost.api.http.body import Number, number
from milepost.api.native.answer import iso
from milepost.model.target import Period, Target, Tracking
from milepost.service.explanations.group_summary import GroupSummary


class CountingItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """How many of the named customers an event counted for; for all customers, the job `/api/v1/jobs/{jobId}`."""

    job_id: int | None
    concerned: int | None


class PeriodSummaryItem(Struct, rename="camel"):
    """How far the customers are with a target in one period.

    `bins` count those below their goal, by the share of the goal that they have: each is a twentieth of it.
    """

    period_id: int
    ref_code: str
    enrolled: int
    started: int
    half: int
    achieved: int
    sum: Number
    bins: list[int]
    over: int
    without_goal: int


class TargetSummaryItem(Struct, rename="camel"):
    """How far the customers are with a target, by period."""

    target_id: int
    name: str
    periods: list[PeriodSummaryItem]


class WholeSummaryItem(Struct, rename="camel"):
    """How many customers have achieved a unified group in a period."""

    period_id: int
    ref_code: str
    achieved: int


class GroupSummaryItem(Struct, rename="camel"):
    """How far all customers are with a group of targets; `whole` is of unified groups only."""

    target_group_id: int
    made_at: str
    customers: int
    targets: list[TargetSummaryItem]
    whole: list[WholeSummaryItem] | None


def summary_item(summary: GroupSummary, periods: list[Period]) -> GroupSummaryItem:
    """Return a summary of *periods*."""
    group = summary.group
    whole = [WholeSummaryItem(one.id, one.ref_code, summary.whole.get(one.id, 0)) for one in periods]
    return GroupSummaryItem(
        target_group_id=group.id,
        made_at=iso(summary.made_at),
        customers=summary.customers,
        targets=[
            TargetSummaryItem(target.id, target.name, [_period(summary, target, period) for period in periods])
            for target in group.targets
        ],
        whole=whole if group.tracking is Tracking.UNIFIED else None,
    )


def _period(summary: GroupSummary, target: Target, period: Period) -> PeriodSummaryItem:
    count = summary.of(target, period)
    return PeriodSummaryItem(
        period_id=period.id,
        ref_code=period.ref_code,
        enrolled=count.enrolled,
        started=count.started,
        half=count.half,
        achieved=count.achieved,
        sum=number(count.total),
        bins=count.bins,
        over=count.over,
        without_goal=count.without_goal,
    )
