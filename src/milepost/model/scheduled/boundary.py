"""Period boundaries: work that becomes due because time passes."""

from enum import Enum
from typing import NamedTuple

from milepost.model.time import Micros

NO_PERIOD = 0
"""The period id of a boundary in a group whose customers have their own windows; ids of periods start above it."""


class BoundaryKind(Enum):
    """What happened at the boundary: a period opened, a period closed, or customers' own windows may have ended."""

    OPENED = "opened"
    CLOSED = "closed"
    WINDOWS = "windows"


class PeriodBoundary(NamedTuple):
    """A period boundary of a group. It is due from *due_at* on (epoch microseconds, offset days included).

    A boundary of kind WINDOWS covers the starts and ends of customers' own windows after *since* (epoch microseconds).
    """

    group_id: int
    period_id: int
    kind: BoundaryKind
    due_at: Micros
    since: Micros
