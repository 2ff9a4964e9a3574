"""The names under which outcomes leave Milepost."""

from enum import StrEnum


class OutcomeType(StrEnum):
    """The type of a message: its noun, and what became of it."""

    TARGET_ENROLLED = "target.enrolled"
    TARGET_UNENROLLED = "target.unenrolled"
    TARGET_VALUE_CHANGED = "target.value_changed"
    TARGET_MILESTONE_REACHED = "target.milestone_reached"
    TARGET_ACHIEVED = "target.achieved"
    TARGET_UNACHIEVED = "target.unachieved"
    GROUP_ACHIEVED = "group.achieved"
    GROUP_UNACHIEVED = "group.unachieved"
    STREAK_STARTED = "streak.started"
    STREAK_LEVEL_ACHIEVED = "streak.level_achieved"
    STREAK_LEVEL_UNACHIEVED = "streak.level_unachieved"
    STREAK_BROKEN = "streak.broken"
    STREAK_ENDED = "streak.ended"
    CAP_REACHED = "cap.reached"
    PERIOD_STARTED = "period.started"
    PERIOD_CLOSED = "period.closed"
    GOAL_CREATED = "goal.created"
    GOAL_CHANGED = "goal.changed"
    LEADERBOARD_CLOSED = "leaderboard.closed"
    JOB_FINISHED = "job.finished"
    WEBHOOK_DISABLED = "webhook.disabled"


USUAL_TYPES = tuple(type_ for type_ in OutcomeType if type_ is not OutcomeType.TARGET_VALUE_CHANGED)
"""The types that a webhook gets if it names none: a message for each change of a value has to be asked for."""
