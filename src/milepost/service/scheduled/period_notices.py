"""Whom a boundary of time concerns: at least those whom the engine then tells something (setting periodEndOutcome)."""

from collections.abc import Iterator
from typing import NamedTuple

from milepost.engine.progress.windows import spans
from milepost.model.boundary import BoundaryKind, PeriodBoundary
from milepost.model.organisation import PeriodEndOutcome
from milepost.model.standing import Progress, ProgressKey
from milepost.model.target import EnrolmentMethod, Evaluation, TargetGroup
from milepost.model.time import DAY_US
from milepost.rules.compiled.rule import Rule
from milepost.service.snapshot.organisation_snapshot import OrganisationSnapshot
from milepost.store.boundaries import DueCustomer

Known = dict[ProgressKey, Progress]
"""A customer's progress in the group that turns."""


class PeriodNotice(NamedTuple):
    """What one customer is due of a boundary: of which period, whether it closed, and dated when (epoch microseconds).

    Offset days are included.
    """

    period_id: int
    closed: bool
    at: int


def notices_for(
    snapshot: OrganisationSnapshot, group: TargetGroup, boundary: PeriodBoundary, due: DueCustomer
) -> Iterator[PeriodNotice]:
    """Return what a customer is due of *boundary* of *group*; who was merged into another is due nothing more."""
    if due.standing.lineage.merged_into:
        return
    known = _progress(group, due)
    match group.evaluation:
        case Evaluation.FIXED_CALENDAR_WINDOW:
            if _is_concerned(snapshot, group, boundary, due, known):
                yield PeriodNotice(boundary.period_id, boundary.kind is BoundaryKind.CLOSED, boundary.due_at)
        case Evaluation.PERIOD_AGNOSTIC_WINDOW:
            for target in group.targets:
                for period_id in _running(snapshot.rule_index.rules[target.id], known):
                    if _is_concerned(snapshot, group, boundary._replace(period_id=period_id), due, known):
                        yield PeriodNotice(period_id, boundary.kind is BoundaryKind.CLOSED, boundary.due_at)
        case Evaluation.CYCLIC_WINDOW:
            yield from _windows(snapshot, group, boundary, due, known)


def _windows(
    snapshot: OrganisationSnapshot, group: TargetGroup, boundary: PeriodBoundary, due: DueCustomer, known: Known
) -> Iterator[PeriodNotice]:
    """Return the windows of a customer that began or ended since the last look.

    The first one begins with what the customer does, not because time passes; what the group's end left empty is none.
    """
    offset = snapshot.organisation.settings.offset_days * DAY_US
    for target in group.targets:
        rule = snapshot.rule_index.rules[target.id]
        for place, (period_id, span) in enumerate(
            zip(rule.period_ids, spans(rule, due.standing.anchors), strict=False)
        ):
            if span.opens_at == span.closes_at:
                continue
            bounds = ((BoundaryKind.OPENED, span.opens_at),) * (place > 0) + (
                (BoundaryKind.CLOSED, span.closes_at + offset),
            )
            for kind, at in bounds:
                crossed = boundary._replace(period_id=period_id, kind=kind)
                if boundary.since < at <= boundary.due_at and _is_concerned(snapshot, group, crossed, due, known):
                    yield PeriodNotice(period_id, kind is BoundaryKind.CLOSED, at)


def _running(rule: Rule, known: Known) -> tuple[int, ...]:
    """Return period that is being filled until achieved: the first one not achieved, else the last; none of none."""
    for key, period_id in zip(rule.keys, rule.period_ids, strict=True):
        if key not in known or not known[key].achieved_by:
            return (period_id,)
    return rule.period_ids[-1:]


def _progress(group: TargetGroup, due: DueCustomer) -> Known:
    """Return the customer's progress in *group*, that of ended periods too."""
    targets = {target.id for target in group.targets}
    found = (*due.archived, *due.standing.progress.values())
    return {ProgressKey(one.target_id, one.period_id): one for one in found if one.target_id in targets}


def _is_concerned(
    snapshot: OrganisationSnapshot, group: TargetGroup, boundary: PeriodBoundary, due: DueCustomer, known: Known
) -> bool:
    """Return whether the customer is among those who are due; a streak is activity in all of its group's periods."""
    targets = {target.id for target in group.targets}
    is_enrolled = any(enrolment.target_id in targets for enrolment in due.standing.enrolments)
    match snapshot.organisation.settings.period_end_outcome:
        case PeriodEndOutcome.NONE:
            return False
        case PeriodEndOutcome.ALL_ENROLLED:
            return is_enrolled or any(target.enrolment is EnrolmentMethod.TRANSACTION for target in group.targets)
        case PeriodEndOutcome.ENROLLED_WITH_ACTIVITY if boundary.kind is BoundaryKind.OPENED:
            return is_enrolled or bool(known)
        case PeriodEndOutcome.ENROLLED_WITH_ACTIVITY:
            streak = due.standing.streaks.get(group.id)
            has_streak = streak is not None and bool(streak.achieved)
            return has_streak or any(progress.period_id == boundary.period_id for progress in known.values())
