"""Outcomes of period boundaries."""

from milepost.model.event import PeriodRollover
from milepost.model.organisation import PeriodEndOutcome
from milepost.model.standing import OutcomeKind
from tests.oracle.reference_course import Course
from tests.oracle.reference_enrolment import stay
from tests.oracle.reference_replay import Story


def record_boundary(course: Course, story: Story, boundary: PeriodRollover) -> None:
    """Record the outcome that a period opened or closed, if it concerns the customer."""
    plan = course.plan
    period = next((one for one in plan.periods if one.id == boundary.period_id), None)
    if boundary.group_id != plan.group.id or period is None or story[-1].event.key in plan.before:
        return
    if is_concerned(course, story, boundary):
        row = course.rows.get(period.id)
        if boundary.closed:
            course.record(OutcomeKind.PERIOD_CLOSED, period.id, int(row is not None and row.achieved_by is not None))
        else:
            course.record(OutcomeKind.PERIOD_STARTED, period.id)


def is_concerned(course: Course, story: Story, boundary: PeriodRollover) -> bool:
    """Return whether a boundary concerns the customer: by progress, by taking part, or never, as the settings say."""
    plan, found = course.plan, stay(course.plan, story)
    takes_part = course.takes_part(story, boundary.period_id)
    if plan.settings.period_end_outcome is not PeriodEndOutcome.ENROLLED_WITH_ACTIVITY:
        return takes_part and plan.settings.period_end_outcome is PeriodEndOutcome.ALL_ENROLLED
    if boundary.closed:
        return boundary.period_id in course.rows
    names = [period.id for period in plan.periods]
    earlier = set(names[: names.index(boundary.period_id)]) & set(course.rows)
    return takes_part and (bool(earlier) or (found is not None and (found.enrolled or found.left) is not None))
