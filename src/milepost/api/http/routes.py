"""The modules of all routes, and what each route takes, answers and requires."""

from collections.abc import Mapping
from itertools import chain
from types import ModuleType

from fastapi.routing import APIRoute

from milepost.api.capillary.definitions.communications import routes as communications
from milepost.api.capillary.definitions.milestones import routes as milestones
from milepost.api.capillary.definitions.periods import routes as periods
from milepost.api.capillary.definitions.target_groups import routes as target_groups
from milepost.api.capillary.definitions.targets import routes as targets
from milepost.api.capillary.leaderboards import routes as leaderboards
from milepost.api.capillary.users.enrolments import routes as user_enrolments
from milepost.api.capillary.users.target_groups import routes as user_groups
from milepost.api.capillary.users.tracked_events import routes as tracked_events
from milepost.api.capillary.v2.customers import routes as customers
from milepost.api.capillary.v2.event_definitions import routes as event_definitions
from milepost.api.capillary.v2.login import routes as login
from milepost.api.capillary.v2.transactions import routes as transactions
from milepost.api.capillary.webhooks import routes as webhooks
from milepost.api.http.route import Route
from milepost.api.native.adjustments import routes as adjustments
from milepost.api.native.audiences import routes as audiences
from milepost.api.native.awards import routes as awards
from milepost.api.native.clock import routes as clock
from milepost.api.native.customers import routes as native_customers
from milepost.api.native.declarations import routes as declarations
from milepost.api.native.enrolments import routes as enrolments
from milepost.api.native.event_log import routes as event_log
from milepost.api.native.events import routes as events
from milepost.api.native.explanations import routes as explanations
from milepost.api.native.feed import routes as feed
from milepost.api.native.goals import routes as goals
from milepost.api.native.inspector import routes as inspector
from milepost.api.native.jobs import routes as jobs
from milepost.api.native.leaderboards import routes as native_leaderboards
from milepost.api.native.organisations import routes as organisations
from milepost.api.native.places import routes as places
from milepost.api.native.progress import routes as progress
from milepost.api.native.queues import routes as queues
from milepost.api.native.requests import routes as requests
from milepost.api.native.sessions import routes as sessions
from milepost.api.native.streaks import routes as streaks
from milepost.api.native.target_groups import routes as native_target_groups
from milepost.api.native.users import routes as users
from milepost.api.native.webhooks import deliveries as webhook_deliveries
from milepost.api.native.webhooks import routes as native_webhooks
from milepost.api.trials.backtests import routes as backtests
from milepost.api.trials.changes import routes as changes
from milepost.api.trials.rules import routes as rules
from milepost.model.access.role import Role
from milepost.model.access.scope import AccessScope, Area, scope_of

MODULES: Mapping[ModuleType, Area | None] = {
    events: Area.EVENTS,
    places: Area.DEFINITIONS,
    declarations: Area.DEFINITIONS,
    organisations: Area.ORGANISATION,
    clock: Area.ORGANISATION,
    audiences: Area.AUDIENCES,
    native_target_groups: Area.DEFINITIONS,
    goals: Area.CUSTOMERS,
    enrolments: Area.CUSTOMERS,
    jobs: Area.DEFINITIONS,
    native_customers: Area.CUSTOMERS,
    native_leaderboards: Area.CUSTOMERS,
    login: None,
    communications: Area.DEFINITIONS,
    target_groups: Area.DEFINITIONS,
    milestones: Area.DEFINITIONS,
    periods: Area.DEFINITIONS,
    targets: Area.DEFINITIONS,
    user_enrolments: Area.CUSTOMERS,
    user_groups: Area.CUSTOMERS,
    leaderboards: Area.CUSTOMERS,
    tracked_events: Area.CUSTOMERS,
    transactions: Area.EVENTS,
    customers: Area.CUSTOMERS,
    webhooks: Area.EVENTS,
    event_definitions: Area.EVENTS,
    progress: Area.CUSTOMERS,
    explanations: Area.CUSTOMERS,
    event_log: Area.EVENTS,
    awards: Area.CUSTOMERS,
    streaks: Area.CUSTOMERS,
    adjustments: Area.CUSTOMERS,
    native_webhooks: Area.WEBHOOKS,
    webhook_deliveries: Area.WEBHOOKS,
    feed: Area.WEBHOOKS,
    inspector: Area.WEBHOOKS,
    queues: Area.WEBHOOKS,
    requests: Area.REQUESTS,
    backtests: Area.DEFINITIONS,
    changes: Area.DEFINITIONS,
    rules: Area.DEFINITIONS,
    users: Area.USERS,
    sessions: None,
}
"""The modules of routes, in the order of the document; each exports `router` and `ROUTES`.

Beside each is the area whose scopes its routes need. None needs no scope: to sign in and out.
"""

_HEALTH: Mapping[tuple[str, str], Route] = {
    ("get", "/healthz"): Route(None),
    ("get", "/readyz"): Route(None),
    ("get", "/metrics"): Route(None),
}

ROUTES: Mapping[tuple[str, str], Route] = {
    **_HEALTH,
    **dict(chain.from_iterable(module.ROUTES.items() for module in MODULES)),
}
"""The row of every route of the app; tests hold that no route is missing."""

_AREAS: Mapping[tuple[str, str], Area | None] = {
    address: area for module, area in MODULES.items() for address in module.ROUTES
}


def scope_needed(method: str, path: str) -> AccessScope | None:
    """Return the scope that the route needs: to write, unless it is a GET or a role that only reads is enough."""
    area = _AREAS.get((method, path))
    return None if area is None else scope_of(area, writes=method != "get" and ROUTES[method, path].needs != Role.READ)


def hot_routes() -> list[APIRoute]:
    """Return the routes that are asked most."""
    all_routes = [route for module in MODULES for route in module.router.routes if isinstance(route, APIRoute)]
    return [
        route
        for route in all_routes
        if any(ROUTES[method.lower(), route.path_format].is_hot for method in route.methods or ())
    ]
