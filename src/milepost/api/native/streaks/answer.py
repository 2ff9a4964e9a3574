"""What is answered about freezes and pauses."""

from msgspec import Struct, field


class FreezesItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """Freezes that were granted: by this request (applied), or by an earlier one with its id (duplicate)."""

    id: str
    status: str
    group_id: int
    count: int


class PauseItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """A pause that was made: by this request (applied), or by an earlier one with its id (duplicate)."""

    id: str
    status: str
    group_id: int
    starts: str | None = field(name="from")
    ends: str | None = field(name="to")
