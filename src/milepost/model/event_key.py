"""The key of an event, in a module of its own because standings refer to it and events refer to standings."""

from hashlib import sha256
from typing import NamedTuple


class EventKey(NamedTuple):
    """The key of an event within one customer: the source that sent it, and the id that the source gave it."""

    source: str
    id: str

    @property
    def log_id(self) -> int:
        """The number of this event in the vendor's answers: 52 bits, so that every JSON client can hold it exactly."""
        return int(sha256(f"{self.source}\0{self.id}".encode()).hexdigest()[:13], 16)
