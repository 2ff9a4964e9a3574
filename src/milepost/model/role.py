"""What a login may do."""

from enum import Enum


class Role(Enum):
    """The role of a till's login or a key: each may do what the one before it may, and more (decision 0021).

    READ reads. EVENTS also says what customers did, who they are and what they take part in. ADMIN also says what the
    brand defines (target groups, audiences, events, places, what is declared, settings), and merges customers, which
    nothing undoes.
    """

    READ = "READ"
    EVENTS = "EVENTS"
    ADMIN = "ADMIN"

    def allows(self, needed: "Role") -> bool:
        """Return whether whoever has this role may do what *needed* is for."""
        order = tuple(Role)
        return order.index(needed) <= order.index(self)
