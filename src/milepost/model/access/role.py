"""The role of a login: what it may do."""

from enum import Enum


class Role(Enum):
    """The role of a till's login or of a key. Each role may do what the role before it may (decision 0021).

    READ reads. EVENTS also sends events, changes customers and enrols them. ADMIN also changes the organisation's
    definitions (target groups, audiences, events, places, declarations, settings) and merges customers, which cannot be
    undone.
    """

    READ = "READ"
    EVENTS = "EVENTS"
    ADMIN = "ADMIN"

    def allows(self, needed: "Role") -> bool:
        """Return whether a login with this role may use what requires the role *needed*."""
        order = tuple(Role)
        return order.index(needed) <= order.index(self)
