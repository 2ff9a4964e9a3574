"""What requests hold by which a user signs in."""

from msgspec import Struct


class SignInBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """The address and the password of a user. The organisation is named if the address has users in several."""

    email: str
    password: str
    organisation: str | None = None


class ChosenPasswordBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """A password that a user chooses by a one-time link."""

    link: str
    password: str
