"""What is published of the vendor's events: their keys and types."""

from typing import Any

from tests.api.client import Json

ENVELOPE = ["eventName", "eventId", "orgId", "refId", "apiRequestId", "createdAt", "loyaltyEventId", "data"]
SHARED = ["customerIdentifiers", "triggeringActivity"]
DETAILS = [
    "id",
    "name",
    "targetGroupId",
    "targetGroupName",
    "targetPeriodId",
    "targetPeriodName",
    "description",
]
MILESTONE = ["id", "name", "valueType", "definedValue", "achievedDate"]
ENROLLED = [
    "streakName",
    "descriptionOfTheStreak",
    "userStreakId",
    "numberOfLevel",
    "levelValues",
    "startDate",
    "endDate",
]
UNIFIED: dict[str, Any] = {
    "unifiedTargetGroupDetails": ["targetGroupId", "targetGroupName", "unifiedTargetsAchievementCondition"],
    "targetData": [
        "targetId",
        "targetName",
        "description",
        "targetPeriodId",
        "targetPeriodName",
        "achievedTargetValue",
        "definedTargetValue",
    ],
    "transactionId": str,
}
LEVEL: dict[str, Any] = {
    "streakData": [
        "userCurrentStreakValue",
        "streakLevelName",
        "streakName",
        "streakId",
        "userStreakId",
        "streakLevelAchievedDate",
    ],
    "targetData": DETAILS,
}
PUBLISHED: dict[str, dict[str, Any]] = {
    "targetAchievedValueUpdated": {
        "targetDetails": DETAILS,
        "currentEventTargetValue": str,
        "achievedTargetValue": str,
        "definedTargetValue": str,
        "milestoneDetails": MILESTONE,
        "transactionId": str,
        "returnId": str,
    },
    "targetValueAchieved": {
        "targetDetails": DETAILS,
        "currentEventTargetValue": str,
        "achievedTargetValue": str,
        "definedTargetValue": str,
        "transactionId": str,
        "returnId": str,
    },
    "targetPeriodCompleted": {
        "targetDetails": DETAILS,
        "achievedTargetValue": str,
        "definedTargetValue": str,
        "milestoneDetails": MILESTONE,
    },
    "targetValueUpdated": {"targetDetails": DETAILS, "achievedTargetValue": str, "definedTargetValue": str},
    "targetPeriodStarted": {"targetDetails": DETAILS, "definedTargetValue": str},
    "targetCustomerEnrolment": {
        "defaultTargetValue": str,
        "targetId": int,
        "targetName": str,
        "targetGroupId": int,
        "targetGroupName": str,
        "source": str,
        "targetPeriodId": int,
        "targetPeriodName": str,
        "targetPeriodStartDate": str,
        "targetCycleStartDate": str,
        "description": str,
        "milestoneDetails": MILESTONE,
    },
    "unifiedTargetsAchieved": UNIFIED,
    "unifiedTargetsUnAchieved": UNIFIED,
    "streakLevelAchieved": LEVEL,
    "streakLevelUnAchieved": LEVEL,
    "streakCustomerEnrolment": {
        "streakEnrolmentData": [*ENROLLED, "streakValueWhenEnrolled", "enrolledDate"],
        "targetData": DETAILS,
        "transactionId": str,
    },
    "streakCustomerUnEnrolment": {
        "streakUnEnrolmentData": [*ENROLLED, "streakValueWhenUnEnrolled", "unenrolledDate"],
        "targetData": DETAILS,
        "transactionId": str,
    },
    "streakStart": {
        "targetDetails": DETAILS,
        "streakStartData": [
            "streakName",
            "descriptionOfTheStreak",
            "numberOfLevel",
            "levelValues",
            "userStreakValueAtTheStart",
            "startDate",
        ],
    },
    "streakEnd": {
        "targetDetails": DETAILS,
        "streakEndData": [
            "streakName",
            "descriptionOfTheStreak",
            "numberOfLevel",
            "levelValues",
            "numberOfLevelsAchievedByTheUser",
            "levelsAchievedByTheUser",
            "userStreakValueByTheEnd",
            "endDate",
        ],
    },
}
"""What is published of `data`, but for what all events share: keys of an object or of a list's objects, or a type."""


def differences(name: str, data: Json) -> list[str]:
    """Return where *data* is not as published."""
    expected = PUBLISHED[name]
    found = [] if {*data} == {*expected, *SHARED} else [f"{name}: {sorted(data)}"]
    for key, form in expected.items():
        value = data[key]
        if isinstance(form, type):
            found += [] if type(value) is form else [f"{key}: {value!r}"]
        else:
            parts = value if isinstance(value, list) else [value]
            found += [f"{key}: {part}" for part in parts if [*part] != form]
    return found
