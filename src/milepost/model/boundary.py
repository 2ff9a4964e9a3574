"""What is due because time passes."""

from enum import Enum
from typing import NamedTuple

NO_PERIOD = 0
"""In place of a period where each customer has a period of their own."""


class BoundaryKind(Enum):
    """What turned."""

    OPENED = "opened"
    CLOSED = "closed"
    WINDOWS = "windows"


class PeriodBoundary(NamedTuple):
    """Something that is due because time passes: from *due_at* on (epoch microseconds, offset days included).

    WINDOWS stands for the beginnings and ends of customers' own windows after *since*.
    """

    group_id: int
    period_id: int
    kind: BoundaryKind
    due_at: int
    since: int
