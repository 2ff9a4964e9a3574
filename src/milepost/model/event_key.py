"""The name of an event, by which customers' standings know it as well."""

from hashlib import sha256
from typing import NamedTuple


class EventKey(NamedTuple):
    """The name of an event within one customer: who says so, and under which id."""

    source: str
    id: str

    @property
    def log_id(self) -> int:
        """Return the number by which the vendor's answers name this event: 52 bits, so that any client can hold it."""
        return int(sha256(f"{self.source}\0{self.id}".encode()).hexdigest()[:13], 16)
