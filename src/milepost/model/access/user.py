"""Users: people who sign in, each with a role in one organisation.

The vendor's API calls customers users; they are no users here.
"""

from collections.abc import Mapping
from enum import Enum

from msgspec import Struct

from milepost.model.access.scope import AccessScope
from milepost.model.time import Micros


class UserRole(Enum):
    """What a person is in an organisation; a role is a set of scopes."""

    OWNER = "OWNER"
    ADMIN = "ADMIN"
    MARKETER = "MARKETER"
    APPROVER = "APPROVER"
    SUPPORT = "SUPPORT"
    DEVELOPER = "DEVELOPER"
    ANALYST = "ANALYST"


class User(Struct, frozen=True, kw_only=True):
    """A person who signs in with an e-mail address; instants are in epoch microseconds."""

    id: int
    org_id: int
    email: str
    name: str
    role: UserRole
    is_disabled: bool
    has_password: bool
    """False until the person has used the one-time link."""
    created_at: Micros


_READING = frozenset(scope for scope in AccessScope if scope.value.endswith(":read"))
_EVERYDAY = _READING - {AccessScope.USERS_READ, AccessScope.REQUESTS_READ}

SCOPES_OF_ROLE: Mapping[UserRole, frozenset[AccessScope]] = {
    UserRole.OWNER: frozenset(AccessScope),
    UserRole.ADMIN: frozenset(AccessScope),
    UserRole.MARKETER: _EVERYDAY | {AccessScope.DEFINITIONS_WRITE, AccessScope.AUDIENCES_WRITE},
    UserRole.APPROVER: _EVERYDAY,
    UserRole.SUPPORT: _EVERYDAY | {AccessScope.CUSTOMERS_WRITE, AccessScope.REQUESTS_READ},
    UserRole.DEVELOPER: _EVERYDAY | {AccessScope.EVENTS_WRITE, AccessScope.WEBHOOKS_WRITE, AccessScope.REQUESTS_READ},
    # An analyst sees nobody's personal data, so customers and their events are out of reach.
    UserRole.ANALYST: frozenset({AccessScope.DEFINITIONS_READ, AccessScope.ORGANISATION_READ}),
}
"""The scopes of each role. What tells owners from admins is who may make, change and disable owners."""
