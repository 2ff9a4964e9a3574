"""A made-up event of each of the vendor's names."""

from collections.abc import Mapping
from typing import Any

from milepost.model.time import Micros

MILLISECOND_US = 1_000

_DETAILS = {
    "id": 3001,
    "name": "Spend 500",
    "targetGroupId": 2001,
    "targetGroupName": "Monthly spend",
    "targetPeriodId": 30001,
    "targetPeriodName": "January",
    "description": "",
}
_MILESTONES = [
    {
        "id": 10001,
        "name": "Half way",
        "valueType": "PERCENTAGE",
        "definedValue": "250.000",
        "achievedDate": "2026-01-10T10:00:00.000+0000",
    }
]
_VALUES = {"achievedTargetValue": "520.000", "definedTargetValue": "500.000"}
_ACHIEVED = {
    "targetDetails": _DETAILS,
    "currentEventTargetValue": "20",
    **_VALUES,
    "transactionId": "1234567890",
    "returnId": "",
}
_LEVELS = {"numberOfLevel": 1, "levelValues": [3]}
_STREAK = {"streakName": "Monthly spend", "descriptionOfTheStreak": ""}
_SPAN = {"startDate": "2026-01-01T00:00:00.000+0000", "endDate": "2026-12-31T23:59:59.000+0000"}
_LEVEL = {
    "streakData": [
        {
            "userCurrentStreakValue": 3,
            "streakLevelName": "Bronze",
            "streakName": "Monthly spend",
            "streakId": 2001,
            "userStreakId": "2001-40000001",
            "streakLevelAchievedDate": "2026-01-20T10:00:00.000+0000",
        }
    ],
    "targetData": [_DETAILS],
}
_UNIFIED = {
    "unifiedTargetGroupDetails": {
        "targetGroupId": 2001,
        "targetGroupName": "Monthly spend",
        "unifiedTargetsAchievementCondition": {
            "combinationType": "ALL",
            "aggregation": "SUM",
            "thresholdValue": "500.000",
            "ruleExpression": "3001",
        },
    },
    "targetData": [
        {
            "targetId": 3001,
            "targetName": "Spend 500",
            "description": "",
            "targetPeriodId": 30001,
            "targetPeriodName": "January",
            **_VALUES,
        }
    ],
    "transactionId": "1234567890",
}

VENDOR_SAMPLES: Mapping[str, Mapping[str, Any]] = {
    "targetAchievedValueUpdated": {**_ACHIEVED, "milestoneDetails": _MILESTONES},
    "targetValueAchieved": _ACHIEVED,
    "targetPeriodCompleted": {"targetDetails": _DETAILS, **_VALUES, "milestoneDetails": _MILESTONES},
    "targetValueUpdated": {"targetDetails": _DETAILS, **_VALUES},
    "targetPeriodStarted": {"targetDetails": _DETAILS, "definedTargetValue": "500.000"},
    "targetCustomerEnrolment": {
        "defaultTargetValue": "500.000",
        "targetId": 3001,
        "targetName": "Spend 500",
        "targetGroupId": 2001,
        "targetGroupName": "Monthly spend",
        "source": "ENROL_VIA_API",
        "targetPeriodId": 30001,
        "targetPeriodName": "January",
        "targetPeriodStartDate": "2026-01-01T00:00:00.000+0000",
        "targetCycleStartDate": "2026-01-01T00:00:00.000+0000",
        "description": "",
        "milestoneDetails": _MILESTONES,
    },
    "unifiedTargetsAchieved": _UNIFIED,
    "unifiedTargetsUnAchieved": _UNIFIED,
    "streakLevelAchieved": _LEVEL,
    "streakLevelUnAchieved": _LEVEL,
    "streakCustomerEnrolment": {
        "streakEnrolmentData": [
            {
                **_STREAK,
                "userStreakId": "2001-40000001",
                **_LEVELS,
                **_SPAN,
                "streakValueWhenEnrolled": 0,
                "enrolledDate": "2026-01-20T10:00:00.000+0000",
            }
        ],
        "targetData": [_DETAILS],
        "transactionId": "1234567890",
    },
    "streakCustomerUnEnrolment": {
        "streakUnEnrolmentData": [
            {
                **_STREAK,
                "userStreakId": "2001-40000001",
                **_LEVELS,
                **_SPAN,
                "streakValueWhenUnEnrolled": 3,
                "unenrolledDate": "2026-01-20T10:00:00.000+0000",
            }
        ],
        "targetData": [_DETAILS],
        "transactionId": "1234567890",
    },
    "streakStart": {
        "targetDetails": _DETAILS,
        "streakStartData": [
            {**_STREAK, **_LEVELS, "userStreakValueAtTheStart": 1, "startDate": "2026-01-20T10:00:00.000+0000"}
        ],
    },
    "streakEnd": {
        "targetDetails": _DETAILS,
        "streakEndData": [
            {
                **_STREAK,
                **_LEVELS,
                "numberOfLevelsAchievedByTheUser": 1,
                "levelsAchievedByTheUser": ["Bronze"],
                "userStreakValueByTheEnd": 3,
                "endDate": "2026-12-31T23:59:59.000+0000",
            }
        ],
    },
}
"""The vendor's `data`, but for what all events share."""

_SHARED = {
    "customerIdentifiers": [{"type": "id", "value": "40000001"}, {"type": "externalId", "value": "anna"}],
    "triggeringActivity": {
        "name": "TransactionAdd",
        "identifiers": [{"type": "transactionNumber", "value": "4711"}],
        "enteredBy": "50002",
        "additionalAttributes": {},
    },
}


def vendor_sample(name: str, message_id: str, org_id: int, now: Micros) -> dict[str, Any]:
    """Return a made-up event of the vendor's, in its flat envelope."""
    return {
        "eventName": name,
        "eventId": message_id,
        "orgId": org_id,
        "refId": f"{org_id}_3f2b8c",
        "apiRequestId": "3f2b8c",
        "createdAt": now // MILLISECOND_US,
        "loyaltyEventId": "1234567890",
        "data": {**_SHARED, **VENDOR_SAMPLES[name]},
    }
