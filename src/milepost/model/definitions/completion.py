"""The event TargetCompleted and its attributes. Promotions react to achievements through this event."""

from enum import Enum

TARGET_COMPLETED = "TargetCompleted"


class Completion(Enum):
    """The attributes of the event TargetCompleted (facts 4.16, 5.4).

    Names are texts and amounts are numbers. The `is…Event` attributes are truth values; exactly one of them is true.
    Attributes that do not apply are left out. An event about a trigger, a streak level or a composite also names the
    target, if there is one.
    """

    TARGET_NAME = "targetName"
    """The target that was achieved, or whose period ended."""
    TARGET_GROUP = "targetGroup"
    """Its group."""
    TARGET_PERIOD = "targetPeriod"
    """The refCode of the period."""
    ACHIEVED = "achieved"
    """The customer's value at the achievement."""
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
