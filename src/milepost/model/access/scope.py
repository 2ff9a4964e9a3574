"""Access scopes: parts of the API that a caller may read or change."""

from enum import Enum


class Area(Enum):
    """A part of the API that scopes speak of."""

    EVENTS = "events"
    CUSTOMERS = "customers"
    DEFINITIONS = "definitions"
    AUDIENCES = "audiences"
    WEBHOOKS = "webhooks"
    ORGANISATION = "organisation"
    REQUESTS = "requests"
    USERS = "users"


class AccessScope(Enum):
    """What a caller may do in one area. Who may write may not read because of it: both are given by name."""

    EVENTS_READ = "events:read"
    EVENTS_WRITE = "events:write"
    CUSTOMERS_READ = "customers:read"
    CUSTOMERS_WRITE = "customers:write"
    DEFINITIONS_READ = "definitions:read"
    DEFINITIONS_WRITE = "definitions:write"
    AUDIENCES_READ = "audiences:read"
    AUDIENCES_WRITE = "audiences:write"
    WEBHOOKS_READ = "webhooks:read"
    WEBHOOKS_WRITE = "webhooks:write"
    ORGANISATION_READ = "organisation:read"
    ORGANISATION_WRITE = "organisation:write"
    REQUESTS_READ = "requests:read"
    USERS_READ = "users:read"
    USERS_WRITE = "users:write"


def scope_of(area: Area, *, writes: bool) -> AccessScope:
    """Return the scope that a request needs which reads in *area*, or changes something there."""
    return AccessScope(f"{area.value}:{'write' if writes else 'read'}")
