"""What is answered about users."""

from msgspec import Struct

from milepost.api.native.answer import iso
from milepost.model.access.user import User, UserRole
from milepost.service.organisations.users import Link


class UserItem(Struct, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """A user."""

    id: int
    email: str
    name: str
    role: UserRole
    disabled: bool
    has_password: bool
    created_at: str


class LinkItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """A one-time link, which cannot be shown again."""

    link: str
    expires_at: str


class AddedUserItem(Struct, forbid_unknown_fields=True):
    """A user who was added, and the link by which the person chooses a password."""

    user: UserItem
    link: LinkItem


def user_item(user: User) -> UserItem:
    """Return a user."""
    return UserItem(
        id=user.id,
        email=user.email,
        name=user.name,
        role=user.role,
        disabled=user.is_disabled,
        has_password=user.has_password,
        created_at=iso(user.created_at),
    )


def link_item(link: Link) -> LinkItem:
    """Return a one-time link."""
    return LinkItem(link.text, iso(link.expires_at))
