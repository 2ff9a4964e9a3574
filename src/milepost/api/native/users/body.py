"""What requests about users hold."""

from msgspec import UNSET, Struct, UnsetType

from milepost.model.access.user import UserRole


class UserBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """A user to add."""

    email: str
    name: str
    role: UserRole


class LinkBody(Struct, forbid_unknown_fields=True):
    """Nothing is to be said: the user is named in the address."""


class UserChangeBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """What to change of a user; what is left out stays as it is."""

    name: str | UnsetType = UNSET
    role: UserRole | UnsetType = UNSET
    disabled: bool | UnsetType = UNSET
