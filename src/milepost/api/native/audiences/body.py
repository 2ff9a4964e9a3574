"""What requests about audiences hold."""

from msgspec import UNSET, Struct, UnsetType


class AudienceBody(Struct, forbid_unknown_fields=True):
    """The name of an audience, to create or to rename it."""

    name: str


class VersionBody(Struct, forbid_unknown_fields=True):
    """A new version of an audience; it has no fields."""


class MemberBody(Struct, forbid_unknown_fields=True, rename="camel"):
    """A customer to add to an audience, by exactly one of these identifiers."""

    user_id: int | str | UnsetType = UNSET
    external_id: str | UnsetType = UNSET
    mobile: str | UnsetType = UNSET
    email: str | UnsetType = UNSET
    cardnumber: str | UnsetType = UNSET
