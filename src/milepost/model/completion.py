"""The activity by which promotions follow targets: TargetCompleted and what it carries."""

from enum import Enum

TARGET_COMPLETED = "TargetCompleted"


class Completion(Enum):
    """The attributes of the activity TargetCompleted (facts 4.16, 5.4), by which promotions follow targets.

    Names are texts, amounts numbers, the `is…Event` attributes truth values of which one is true; what does not apply
    is left out. An event about a trigger, a streak level or a whole group names its target too, if it has one.
    """

    TARGET_NAME = "targetName"
    """The target that was achieved, or whose period ended."""
    TARGET_GROUP = "targetGroup"
    """Its group."""
    TARGET_PERIOD = "targetPeriod"
    """The refCode of the period."""
    ACHIEVED = "achieved"
    """The value that the customer had then."""
    DEFINED = "defined"
    """The goal of the period."""
    TRIGGER_NAME = "targetMilestoneTrigger"
    """The trigger that was reached."""
    TRIGGER_VALUE = "milestoneValueDefined"
    """The value at which that trigger is reached."""
    STREAK_LEVEL = "streakName"
    """The streak level that was achieved."""
    IS_TARGET = "isTargetAchievedEvent"
    IS_TRIGGER = "isSubTargetAchievedEvent"
    IS_UNIFIED = "isUnifiedTargetAchievedEvent"
    IS_STREAK = "isStreakAchievedEvent"
