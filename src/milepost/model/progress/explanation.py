"""Explanations: why an event did not count for a target."""

from collections.abc import Mapping
from enum import Enum

from msgspec import Struct


class NotCountedReason(Enum):
    """Why an event did not count for a target in a period."""

    TARGET_INACTIVE = "TARGET_INACTIVE"
    OTHER_EVENT = "OTHER_EVENT"
    OUT_OF_SCOPE = "OUT_OF_SCOPE"
    OUTSIDE_PERIOD = "OUTSIDE_PERIOD"
    NOT_ENROLLED = "NOT_ENROLLED"
    CONDITION_FALSE = "CONDITION_FALSE"
    FIELD_MISSING = "FIELD_MISSING"
    TOO_LATE = "TOO_LATE"
    CAP_REACHED = "CAP_REACHED"
    ALREADY_COUNTED_TODAY = "ALREADY_COUNTED_TODAY"
    RETURNED = "RETURNED"


class NotCounted(Struct, frozen=True):
    """Why an event did not count; `parameters` are what the sentence of the reason names, by the event's own facts."""

    reason: NotCountedReason
    parameters: Mapping[str, object] = {}
