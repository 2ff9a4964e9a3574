"""Finds the customers whom a period boundary concerns (setting `periodEndOutcome`).

It may find more customers than the engine then gives an outcome, never fewer.
"""

from collections.abc import Iterator
from typing import NamedTuple

from milepost.engine.progress.windows import spans
from milepost.model.organisation import PeriodEndOutcome
from milepost.model.scheduled.boundary import BoundaryKind, PeriodBoundary
from milepost.model.standing import Progress, ProgressKey
from milepost.model.target import EnrolmentMethod, Evaluation, TargetGroup
from milepost.model.time import DAY_US, Micros
from milepost.rules.compiled.rule import Rule
from milepost.service.snapshot.organisation_snapshot import OrganisationSnapshot
from milepost.store.scheduled.boundaries import DueCustomer

GroupProgress = dict[ProgressKey, Progress]
"""A customer's progress in the group of the boundary."""


class PeriodNotice(NamedTuple):
    """A notice for one customer that a period opened or closed.

    `at` is the instant of the notice in epoch microseconds; for a closing the offset days are included.
    """

    period_id: int
    closed: bool
    at: Micros


def notices_for(
    snapshot: OrganisationSnapshot, group: TargetGroup, boundary: PeriodBoundary, due: DueCustomer
) -> Iterator[PeriodNotice]:
    """Return the notices of *boundary* for one customer; a customer who was merged into another gets none."""
    if due.standing.lineage.survivor is not None:
        return
    progress = _progress(group, due)
    match group.evaluation:
        case Evaluation.FIXED_CALENDAR_WINDOW:
            if _is_concerned(snapshot, group, boundary, due, progress):
                yield PeriodNotice(boundary.period_id, boundary.kind is BoundaryKind.CLOSED, boundary.due_at)
        case Evaluation.PERIOD_AGNOSTIC_WINDOW:
            for target in group.targets:
                for period_id in _open_period(snapshot.rule_index.rules[target.id], progress):
                    if _is_concerned(snapshot, group, boundary._replace(period_id=period_id), due, progress):
                        yield PeriodNotice(period_id, boundary.kind is BoundaryKind.CLOSED, boundary.due_at)
        case Evaluation.CYCLIC_WINDOW:
            yield from _windows(snapshot, group, boundary, due, progress)


def _windows(
    snapshot: OrganisationSnapshot,
    group: TargetGroup,
    boundary: PeriodBoundary,
    due: DueCustomer,
    progress: GroupProgress,
) -> Iterator[PeriodNotice]:
    """Return notices of the customer's own windows that began or ended since the last look.

    The first window begins with an event of the customer, so no notice is due for it. A window that the group's end cut
    to nothing is no window.
    """
    offset = snapshot.organisation.settings.offset_days * DAY_US
    for target in group.targets:
        rule = snapshot.rule_index.rules[target.id]
        for position, (period_id, span) in enumerate(
            zip(rule.period_ids, spans(rule, due.standing.anchors), strict=False)
        ):
            if span.opens_at == span.closes_at:
                continue
            bounds = ((BoundaryKind.OPENED, span.opens_at),) * (position > 0) + (
                (BoundaryKind.CLOSED, Micros(span.closes_at + offset)),
            )
            for kind, at in bounds:
                crossed = boundary._replace(period_id=period_id, kind=kind)
                if boundary.since < at <= boundary.due_at and _is_concerned(snapshot, group, crossed, due, progress):
                    yield PeriodNotice(period_id, kind is BoundaryKind.CLOSED, at)


def _open_period(rule: Rule, progress: GroupProgress) -> tuple[int, ...]:
    """Return the open period of an until-achieved group: the first one not yet achieved, else the last; () if none."""
    for key, period_id in zip(rule.keys, rule.period_ids, strict=True):
        if key not in progress or not progress[key].is_achieved:
            return (period_id,)
    return rule.period_ids[-1:]


def _progress(group: TargetGroup, due: DueCustomer) -> GroupProgress:
    """Return the customer's progress in *group*, including that of ended periods."""
    targets = {target.id for target in group.targets}
    rows = (*due.archived, *due.standing.progress.values())
    return {row.key: row for row in rows if row.target_id in targets}


def _is_concerned(
    snapshot: OrganisationSnapshot,
    group: TargetGroup,
    boundary: PeriodBoundary,
    due: DueCustomer,
    progress: GroupProgress,
) -> bool:
    """Return whether *boundary* concerns the customer; a streak counts as activity in all periods of its group."""
    targets = {target.id for target in group.targets}
    is_enrolled = any(enrolment.target_id in targets for enrolment in due.standing.enrolments)
    match snapshot.organisation.settings.period_end_outcome:
        case PeriodEndOutcome.NONE:
            return False
        case PeriodEndOutcome.ALL_ENROLLED:
            return is_enrolled or any(target.enrolment is EnrolmentMethod.TRANSACTION for target in group.targets)
        case PeriodEndOutcome.ENROLLED_WITH_ACTIVITY if boundary.kind is BoundaryKind.OPENED:
            return is_enrolled or bool(progress)
        case PeriodEndOutcome.ENROLLED_WITH_ACTIVITY:
            streak = due.standing.streaks.get(group.id)
            has_streak = streak is not None and bool(streak.achieved)
            return has_streak or any(row.period_id == boundary.period_id for row in progress.values())
