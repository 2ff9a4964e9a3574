"""Composites: the targets of a unified group taken together, in each period."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from milepost.model.event import EventKey
from milepost.model.organisation import AfterAchievement, Returns
from milepost.model.standing import OutcomeKind
from milepost.model.target import AggregateFunction, TargetGroup
from tests.oracle.reference_course import Course
from tests.oracle.reference_notices import ReferenceOutcome, Row, Step
from tests.oracle.reference_plan import MICROSECONDS

NOTHING = Row(Fraction(0))


class AchievedComposite(NamedTuple):
    """An achieved composite: by which event, and when."""

    by: EventKey
    at: int


class Union:
    """What one customer does in a unified group, whose active targets run *courses*."""

    def __init__(self, group: TargetGroup, courses: Sequence[Course]) -> None:
        """Begin with nothing."""
        self.group, self.courses = group, courses
        self.composites: dict[int, AchievedComposite] = {}
        self.told: list[ReferenceOutcome] = []

    def look(self, steps: Mapping[int, Step]) -> None:
        """Look at each period in which a target took one of the *steps*; an enrolment alone achieves nothing."""
        mine = [steps[name] for course in self.courses if (name := course.plan.target.id) in steps]
        for period_id in {step.period_id for step in mine if not step.is_enrolment}:
            rows = [course.rows.get(period_id, NOTHING) for course in self.courses]
            self.judge(period_id, rows, next(step for step in mine if step.period_id == period_id))

    def judge(self, period_id: int, rows: Sequence[Row], step: Step) -> None:
        """Achieve the composite once, and take it back if the settings say so."""
        holds = self.holds(rows)
        settings = self.courses[0].plan.settings
        revokes = settings.after_achievement is AfterAchievement.REVOKE and settings.returns is not Returns.CARRY
        if holds and period_id not in self.composites and not step.is_return:
            self.composites[period_id] = AchievedComposite(step.cause.key, step.cause.occurred_at // MICROSECONDS)
            self.told.append(ReferenceOutcome(OutcomeKind.UNIFIED_ACHIEVED, 0, period_id, self.group.id))
        if not holds and period_id in self.composites and step.is_return and revokes:
            del self.composites[period_id]
            self.told.append(ReferenceOutcome(OutcomeKind.UNIFIED_UNACHIEVED, 0, period_id, self.group.id))

    def holds(self, rows: Sequence[Row]) -> bool:
        """Return whether enough targets are reached, and the threshold is."""
        rule = self.group.combination
        assert rule is not None
        reached = [row for row in rows if row.achieved_by is not None]
        if len(reached) < ((rule.least or 1) if rule.any_of else len(rows)):
            return False
        if rule.threshold is None:
            return True
        if rule.aggregation is AggregateFunction.COUNT:
            return len(reached) >= rule.threshold
        return sum((row.value for row in rows), Fraction(0)) >= Fraction(rule.threshold)
