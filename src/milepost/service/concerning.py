"""Whom a turn of time concerns: at least those whom the engine then tells something (setting periodEndOutcome)."""

from collections.abc import Iterator
from typing import NamedTuple

from milepost.engine.windows import spans
from milepost.model.organisation import PeriodEndOutcome
from milepost.model.standing import Progress, ProgressKey
from milepost.model.target import EnrolmentMethod, Evaluation, TargetGroup
from milepost.model.turn import Turn, TurnKind
from milepost.rules.calendar import DAY_US
from milepost.rules.rule import Rule
from milepost.service.brand import Brand
from milepost.store.turns import Told

Known = dict[ProgressKey, Progress]
"""A customer's progress in the group that turns."""


class Happening(NamedTuple):
    """What one customer is told of a turn: of which period, whether it closed, and dated when (epoch microseconds).

    Offset days are included.
    """

    period_id: int
    closed: bool
    at: int


def happenings(brand: Brand, group: TargetGroup, turn: Turn, told: Told) -> Iterator[Happening]:
    """Give what a customer is told of *turn* of *group*; who was merged into another is told nothing more."""
    if told.standing.lineage.merged_into:
        return
    known = _progress(group, told)
    match group.evaluation:
        case Evaluation.FIXED_CALENDAR_WINDOW:
            if _is_concerned(brand, group, turn, told, known):
                yield Happening(turn.period_id, turn.kind is TurnKind.CLOSED, turn.due_at)
        case Evaluation.PERIOD_AGNOSTIC_WINDOW:
            for target in group.targets:
                for period_id in _running(brand.catalogue.rules[target.id], known):
                    if _is_concerned(brand, group, turn._replace(period_id=period_id), told, known):
                        yield Happening(period_id, turn.kind is TurnKind.CLOSED, turn.due_at)
        case Evaluation.CYCLIC_WINDOW:
            yield from _windows(brand, group, turn, told, known)


def _windows(brand: Brand, group: TargetGroup, turn: Turn, told: Told, known: Known) -> Iterator[Happening]:
    """Give the windows of a customer that began or ended since the last look.

    The first one begins with what the customer does, not because time passes; what the group's end left empty is none.
    """
    offset = brand.organisation.settings.offset_days * DAY_US
    for target in group.targets:
        rule = brand.catalogue.rules[target.id]
        for place, (period_id, span) in enumerate(
            zip(rule.period_ids, spans(rule, told.standing.anchors), strict=False)
        ):
            if span.opens_at == span.closes_at:
                continue
            bounds = ((TurnKind.OPENED, span.opens_at),) * (place > 0) + ((TurnKind.CLOSED, span.closes_at + offset),)
            for kind, at in bounds:
                turned = turn._replace(period_id=period_id, kind=kind)
                if turn.since < at <= turn.due_at and _is_concerned(brand, group, turned, told, known):
                    yield Happening(period_id, kind is TurnKind.CLOSED, at)


def _running(rule: Rule, known: Known) -> tuple[int, ...]:
    """Give the period that is being filled until achieved: the first one not achieved, else the last; none of none."""
    for key, period_id in zip(rule.keys, rule.period_ids, strict=True):
        if key not in known or not known[key].achieved_by:
            return (period_id,)
    return rule.period_ids[-1:]


def _progress(group: TargetGroup, told: Told) -> Known:
    """Give the customer's progress in *group*, that of ended periods too."""
    targets = {target.id for target in group.targets}
    found = (*told.settled, *told.standing.progress.values())
    return {ProgressKey(one.target_id, one.period_id): one for one in found if one.target_id in targets}


def _is_concerned(brand: Brand, group: TargetGroup, turn: Turn, told: Told, known: Known) -> bool:
    """Tell whether the customer is among those who are told; a streak is activity in all of its group's periods."""
    targets = {target.id for target in group.targets}
    is_enrolled = any(enrolment.target_id in targets for enrolment in told.standing.enrolments)
    match brand.organisation.settings.period_end_outcome:
        case PeriodEndOutcome.NONE:
            return False
        case PeriodEndOutcome.ALL_ENROLLED:
            return is_enrolled or any(target.enrolment is EnrolmentMethod.TRANSACTION for target in group.targets)
        case PeriodEndOutcome.ENROLLED_WITH_ACTIVITY if turn.kind is TurnKind.OPENED:
            return is_enrolled or bool(known)
        case PeriodEndOutcome.ENROLLED_WITH_ACTIVITY:
            streak = told.standing.streaks.get(group.id)
            has_streak = streak is not None and bool(streak.achieved)
            return has_streak or any(progress.period_id == turn.period_id for progress in known.values())
