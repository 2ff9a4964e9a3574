"""What is answered to whoever signs in and out."""

from msgspec import Struct

from milepost.api.native.answer import iso_or_null
from milepost.model.access.role import Role
from milepost.model.access.scope import AccessScope
from milepost.service.snapshot.access import Caller


class CallerItem(Struct, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """Who sends requests with this session or login, and what they may do."""

    organisation_id: int
    kind: str
    login: str
    name: str
    user_id: int | None
    role: Role
    scopes: list[AccessScope]
    csrf_token: str | None
    expires_at: str | None


class SignedOutItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """Whether there was a session that ended."""

    signed_out: bool


class PasswordItem(Struct, forbid_unknown_fields=True):
    """That a password was set."""

    changed: bool


def caller_item(caller: Caller, csrf_token: str | None) -> CallerItem:
    """Return a caller; *csrf_token* is that of a session, None for other logins."""
    return CallerItem(
        organisation_id=caller.org_id,
        kind=caller.author.kind,
        login=caller.author.code,
        name=caller.author.name,
        user_id=caller.user_id,
        role=caller.role,
        scopes=[scope for scope in AccessScope if caller.may(scope)],
        csrf_token=csrf_token,
        expires_at=iso_or_null(caller.ends_at),
    )
