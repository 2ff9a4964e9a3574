"""The names of the vendor's events, and the outcomes that they are about (delivery in docs/compatibility.md)."""

from collections.abc import Mapping

from milepost.model.delivery.outcome_type import OutcomeType

VENDOR_TYPES: Mapping[str, OutcomeType] = {
    "targetAchievedValueUpdated": OutcomeType.TARGET_VALUE_CHANGED,
    "targetValueAchieved": OutcomeType.TARGET_ACHIEVED,
    "targetPeriodCompleted": OutcomeType.PERIOD_CLOSED,
    "targetValueUpdated": OutcomeType.GOAL_CHANGED,
    "targetPeriodStarted": OutcomeType.PERIOD_STARTED,
    "targetCustomerEnrolment": OutcomeType.TARGET_ENROLLED,
    "unifiedTargetsAchieved": OutcomeType.GROUP_ACHIEVED,
    "unifiedTargetsUnAchieved": OutcomeType.GROUP_UNACHIEVED,
    "streakLevelAchieved": OutcomeType.STREAK_LEVEL_ACHIEVED,
    "streakLevelUnAchieved": OutcomeType.STREAK_LEVEL_UNACHIEVED,
    "streakCustomerEnrolment": OutcomeType.TARGET_ENROLLED,
    "streakCustomerUnEnrolment": OutcomeType.TARGET_UNENROLLED,
    "streakStart": OutcomeType.STREAK_STARTED,
    "streakEnd": OutcomeType.STREAK_ENDED,
}
