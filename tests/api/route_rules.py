"""One rule for every route: how it is asked about somebody's things, so that asking as others can be tried in each way.

`<kind>` stands for the id of a thing: of one's own, of another organisation's, or of nothing. Whoever adds a route adds
its rule here; a route that takes no ids has a rule all the same.
"""

from collections.abc import Mapping
from typing import NamedTuple

from milepost.model.access.role import Role
from tests.api import queue_rules
from tests.api.client import Json
from tests.api.route_parameters import PARAMETERS
from tests.api.trial_rules import ASKED as TRIAL_ROUTES
from tests.api.user_rules import ASKED as USER_ROUTES
from tests.api.user_rules import OPEN as SIGN_IN_ROUTES
from tests.api.webhook_rules import ASKED as WEBHOOK_ROUTES
from tests.api.webhook_rules import INSPECTOR


class Rule(NamedTuple):
    """What to ask of a route: a query and a body with `<kind>` for ids, and headers; whether it is open to nobody.

    `free` are ids that are not looked up: anything may stand there.
    """

    query: str = ""
    body: str | None = None
    headers: Mapping[str, str] = {}
    is_open: bool = False
    media: str = "application/json"
    free: frozenset[str] = frozenset()


ENROL = '[{"customerId": <customer>, "periodName": "January"}]'
LEAVE = '[{"customerId": <customer>}]'
_GATEWAY = "/api_gateway/intouch-api-v3"
_TARGET = "targetGroups/{group_id}/targets/{target_id}"
OTHER = {"DATA-SCOPE": "OTHER", "DATA-SCOPE-ORG": "<organisation>"}
LISTED = Rule("limit=2")
ROWS = Rule("includeInactive=true&includeInactiveTargets=true&targetRuleId=<target>")
BOARD = Rule("targetId=<target>&periodId=<period>", headers=OTHER)
RANKS = Rule(
    body='[{"orgId": <organisation>, "targetGroupId": <group>, "targetRuleId": <target>, "periodId": <period>}]',
    headers=OTHER,
)
MERGE = (
    '[{"type": "CHANGE_IDENTIFIER", "baseType": "MERGE", "changeIdentifierRequest": {"changeIdentifiers": '
    '{"add": [{"type": "id", "value": "<customer>"}], "remove": [{"type": "externalId", "value": "<name>"}]}}}]'
)
BOUGHT = '{"type": "REGULAR", "billNumber": "x", "billAmount": 5}'
GROUP = '{"name": "x"}'
PERIOD = '[{"id": <period>, "endDate": "2026-12-31"}]'
TARGET = '[{"id": <target>, "description": "x"}]'
UNIFIED = '{"deactivateTargetIds": [<target>]}'
HAPPENED = '{"id": "x", "source": "s", "type": "Run", "time": "2026-01-20T00:00:00Z", "customer": {"id": <customer>}'

RULES: Mapping[tuple[str, str], Rule] = {
    ("get", "/healthz"): Rule(is_open=True),
    ("get", "/readyz"): Rule(is_open=True),
    ("get", "/metrics"): Rule(is_open=True),
    ("get", "/api/v1/requests"): LISTED,
    **{route: Rule(query, body) for route, (query, body) in USER_ROUTES.items()},
    **{route: Rule(body=body, is_open=True) for route, body in SIGN_IN_ROUTES.items()},
    ("post", "/v3/oauth/token/generate"): Rule(body='{"key": "k", "secret": "s"}', is_open=True),
    ("post", "/webhooks/{webhook_id}"): Rule(body='{"event_name": "Run", "customerId": <customer>}', is_open=True),
    ("post", "/api/v1/events"): Rule(body=HAPPENED + ', "store": {"id": <store>}}'),
    **{("post", f"/api/v1/{what}"): Rule(body='{"code": ""}') for what in ("zones", "concepts", "stores", "tills")},
    **{("get", f"/api/v1/{what}"): LISTED for what in ("zones", "concepts", "stores", "tills")},
    ("post", "/api/v1/programs"): Rule(body='{"name": ""}'),
    ("get", "/api/v1/programs"): LISTED,
    ("post", "/api/v1/currencies"): Rule(body='{"programId": <program>, "identifier": "x"}'),
    ("get", "/api/v1/currencies"): LISTED,
    **{("post", f"/api/v1/{what}-fields"): Rule(body="{}") for what in ("extended", "custom")},
    **{("get", f"/api/v1/{what}-fields"): LISTED for what in ("extended", "custom")},
    ("get", "/api/v1/clock"): Rule(),
    ("post", "/api/v1/clock"): Rule(body='{"frozen": false}'),
    ("post", "/api/v1/clock/reset"): Rule(body='{"clock": "soon"}'),
    ("get", "/api/v1/organisation"): Rule(),
    ("patch", "/api/v1/organisation"): Rule(body='{"settings": {"x": 1}}'),
    ("get", "/api/v1/organisation/versions"): Rule("cursor=9999"),
    ("post", "/api/v1/audiences"): Rule(body='{"name": ""}'),
    ("get", "/api/v1/audiences"): LISTED,
    ("get", "/api/v1/audiences/{audience_id}"): Rule(),
    ("patch", "/api/v1/audiences/{audience_id}"): Rule(body='{"name": "otherwise"}'),
    ("delete", "/api/v1/audiences/{audience_id}"): Rule(),
    ("post", "/api/v1/audiences/{audience_id}/versions"): Rule(body="{}"),
    ("post", "/api/v1/audiences/{audience_id}/members"): Rule("versionId=<version>", '[{"userId": <customer>}]'),
    ("get", "/api/v1/audiences/{audience_id}/members"): Rule("versionId=<version>"),
    ("put", "/api/v1/audiences/{audience_id}/members/{customer_id}"): Rule("versionId=<version>"),
    ("delete", "/api/v1/audiences/{audience_id}/members/{customer_id}"): Rule("versionId=<version>"),
    ("post", "/api/v1/targetGroups/{group_id}/countStored"): Rule(body='{"x": 1}'),
    ("post", "/api/v1/targetGroups/{group_id}/enrolments"): Rule(
        body="userId,TargetName\n<customer>,x\n", media="text/csv"
    ),
    ("get", "/api/v1/jobs/{job_id}"): Rule(),
    **{route: Rule(body=body, free=frozenset({"group version"})) for route, body in TRIAL_ROUTES.items()},
    ("get", "/api/v1/customers"): Rule("externalId=<name>"),
    ("patch", "/api/v1/customers/{customer_id}"): Rule(body='{"alias": "A."}'),
    ("get", "/api/v1/leaderboards/{target_id}"): Rule("periodId=<period>&customerId=<customer>"),
    ("get", "/api/v1/customers/{customer_id}/progress"): Rule(),
    ("get", "/api/v1/events"): Rule("customer=<customer>&limit=2"),
    ("get", "/api/v1/events/recent"): Rule("limit=2"),
    ("get", "/api/v1/targetGroups/{group_id}/summary"): Rule(),
    ("get", "/api/v1/events/{source}/{event_id}"): Rule(),
    ("get", "/api/v1/customers/{customer_id}/targets/{target_id}/explanation"): Rule("language=de"),
    ("get", "/api/v1/customers/{customer_id}/caps"): Rule(),
    ("post", "/api/v1/customers/{customer_id}/awards"): Rule(body='{"id": "x", "amount": 1}'),
    ("post", "/api/v1/customers/{customer_id}/awards/voids"): Rule(body='{"id": "v", "decision": "x"}'),
    ("get", "/api/v1/customers/{customer_id}/waiting-returns"): Rule(),
    ("post", "/api/v1/customers/{customer_id}/erasure"): Rule(body='{"reference": ""}'),
    ("get", "/api/v1/customers/{customer_id}/export"): Rule(),
    ("post", "/api/v1/customers/{customer_id}/streaks/{group_id}/freezes"): Rule(body='{"id": "x", "count": 1}'),
    ("post", "/api/v1/customers/{customer_id}/streaks/{group_id}/pauses"): Rule(
        body='{"id": "x", "from": "2026-01-21T00:00:00Z", "to": "2026-01-22T00:00:00Z"}'
    ),
    ("post", "/api/v1/customers/{customer_id}/adjustments"): Rule(
        body='{"id": "x", "targetId": <target>, "period": "<period>", "amount": 5, "reason": "x", "endedPeriod": true}'
    ),
    ("post", "/api/v1/customers/{customer_id}/adjustments/{adjustment_id}/reversal"): Rule(body='{"reason": "x"}'),
    ("get", "/api/v1/customers/{customer_id}/goals"): Rule(),
    ("post", "/api/v1/customers/{customer_id}/goals"): Rule(
        body='{"template": <template>, "goal": 9999, "startDate": "2026-01-20", "endDate": "2026-01-31"}'
    ),
    ("patch", "/api/v1/customers/{customer_id}/goals/{goal_id}"): Rule(body='{"goal": 9999}'),
    ("delete", "/api/v1/customers/{customer_id}/goals/{goal_id}"): Rule(),
    **{route: Rule(query, body) for route, (query, body) in {**WEBHOOK_ROUTES, **queue_rules.ASKED}.items()},
    ("post", INSPECTOR): Rule(body='{"x": 1}', is_open=True, free=frozenset({"inspector"})),
    ("get", "/v3/targetGroups/channels"): Rule(),
    ("get", f"/v3/{_TARGET}/communications"): Rule(headers=OTHER),
    ("post", f"/v3/{_TARGET}/communications/upsert"): Rule(body='[{"communicationType": "START", "channelId": 9}]'),
    ("post", "/v3/targetGroups"): Rule(body=GROUP),
    ("get", "/v3/targetGroups"): Rule("includePeriods=true&includeUserCreatedTargetGroups=true", headers=OTHER),
    ("put", "/v3/targetGroups"): Rule(body='{"id": <group>, "description": "x"}'),
    ("post", "/v3/targetGroups/isValidName"): Rule(body='{"type": "targetGroupName", "value": "<group name>"}'),
    ("get", "/v3/targetGroups/{group_id}"): Rule("includePeriods=true", headers=OTHER),
    ("put", "/v3/targetGroups/{group_id}"): Rule(body='{"description": "x"}'),
    ("delete", "/v3/targetGroups/{group_id}"): Rule(),
    ("put", "/v3/targetGroups/editTargetGroup/{group_id}"): Rule(body='{"description": "x"}'),
    ("get", "/v3/milestones"): Rule("require-periods=true&includeUserCreatedTargetGroups=true", headers=OTHER),
    ("get", "/v3/targetGroups/{group_id}/targetPeriods"): Rule(headers=OTHER),
    ("post", "/v3/targetGroups/{group_id}/targetPeriods"): Rule(body="[{}]"),
    ("put", "/v3/targetGroups/{group_id}/targetPeriods"): Rule(body=PERIOD),
    ("get", "/v3/targetGroups/{group_id}/targets"): Rule(headers=OTHER),
    ("post", "/v3/targetGroups/{group_id}/targets"): Rule(body="[{}]"),
    ("put", "/v3/targetGroups/{group_id}/targets"): Rule(body=TARGET),
    ("put", f"/v3/{_TARGET}"): Rule(body='{"description": "x"}'),
    ("delete", f"/v3/{_TARGET}"): Rule(),
    ("post", "/v3/targetGroups/{group_id}/unifiedTargets"): Rule(body=UNIFIED),
    ("put", "/v3/targetGroups/{group_id}/unifiedTargets"): Rule(body=UNIFIED),
    ("post", f"/v3/{_TARGET}/enroll"): Rule(body=ENROL),
    ("post", f"/v3/{_TARGET}/unEnroll"): Rule(body=LEAVE),
    **{("post", f"{at}/v3.1/{_TARGET}/enroll"): Rule(body=ENROL, headers=OTHER) for at in ("", _GATEWAY)},
    **{("post", f"{at}/v3.1/{_TARGET}/unEnroll"): Rule(body=LEAVE, headers=OTHER) for at in ("", _GATEWAY)},
    ("get", "/v3/users/{user_id}/targetGroups"): ROWS,
    **{("get", f"{at}/v3.1/users/{{user_id}}/targetGroups"): ROWS._replace(headers=OTHER) for at in ("", _GATEWAY)},
    ("get", "/v3/users/{user_id}/enrolledTargets"): Rule("targetRuleIds=<target>"),
    **{("get", f"{at}/v3.1/leaderboards/targetGroups/{{group_id}}"): BOARD for at in ("", _GATEWAY)},
    **{("get", f"{at}/v3.1/leaderboards/user/{{user_id}}"): RANKS for at in ("", _GATEWAY)},
    ("get", "/v3/users/{user_id}/trackedTargetEvents/{target_rule_id}"): Rule("periodId=<period>"),
    ("post", "/v2/transactions"): Rule("identifierName=id&identifierValue=<customer>", BOUGHT),
    ("post", "/v2/transactions/bulk"): Rule(
        body='[{"identifierType": "id", "identifierValue": "<customer>", ' + BOUGHT[1:] + "]"
    ),
    ("post", "/v2/customers"): Rule(body="{}", headers={"X-CAP-API-ATTRIBUTION-ENTITY-CODE": "<till code>"}),
    ("get", "/v2/customers"): Rule("identifierName=id&identifierValue=<customer>"),
    ("put", "/v2/customers/{customer_id}"): Rule(body='{"profiles": [{"firstName": "X"}]}'),
    ("get", "/v2/customers/{customer_id}"): Rule(),
    ("get", "/v2/customers/lookup/customerDetails"): Rule("identifierName=externalId&identifierValue=<name>"),
    ("get", "/v2/customers/lookup"): Rule("identifierName=externalId&identifierValue=<name>"),
    ("post", "/v2/customers/{customer_id}/changeIdentifier"): Rule(
        body='{"remove": [{"type": "mobile", "value": "8888888888"}, {"type": "externalId", "value": "<name> x"}]}'
    ),
    ("post", "/v2/requests"): Rule(body=MERGE),
    ("put", "/v2/events"): Rule(body='{"eventName": "<event>", "actions": ["EMFConsumer"]}'),
    ("post", "/v2/events"): Rule(body="{}"),
    ("put", "/v2/events/disable"): Rule("event_name=<event>"),
    ("get", "/v2/events/meta"): Rule("event_name=<event>"),
    ("get", "/v2/events/search"): Rule("userIdentifierType=userId&userIdentifierValue=<customer>"),
}

TELLING_OF_CUSTOMERS = (
    "/api/v1/events",
    "/api/v1/customers/",
    "/api/v1/targetGroups/{group_id}/enrolments",
    "/v2/transactions",
    "/v2/customers",
    f"{_TARGET}/enroll",
    f"{_TARGET}/unEnroll",
)
"""What addresses hold by which a client says what customers did, who they are and what they take part in."""


def role_of(method: str, path: str) -> Role | None:
    """Return the role that a route should need: told here a second time, and by another rule than in the code."""
    if RULES[method, path].is_open:
        return None
    if path == "/api/v1/requests" or path.startswith("/api/v1/users") or path.endswith(("/erasure", "/export")):
        return Role.ADMIN
    if "/adjustments" in path:
        return Role.ADMIN
    if path == "/api/v1/session":
        return Role.READ
    if method == "get" or path.endswith(("isValidName", "targetGroups/rules")):
        return Role.READ
    return Role.EVENTS if any(part in path for part in TELLING_OF_CUSTOMERS) else Role.ADMIN


NOTHING = 8_888_888_888
"""An id of nothing; names of nothing are this, too."""


def asked(method: str, path: str, rule: Rule, ids: Mapping[str, object]) -> tuple[str, str, Json]:
    """Return the request that *rule* makes of a route with these ids."""
    address = path
    for parameter, kind in PARAMETERS.items():
        address = address.replace(f"{{{parameter}}}", str(ids[kind]))
    options: Json = {"headers": {name: filled(text, ids) for name, text in rule.headers.items()}}
    if rule.body is not None:
        options["content"] = filled(rule.body, ids).encode()
        options["headers"]["content-type"] = rule.media
    query = filled(rule.query, ids)
    return method.upper(), f"{address}?{query}" if query else address, options


def filled(text: str, ids: Mapping[str, object]) -> str:
    """Return *text* with ids in place of their kinds."""
    for kind, id_ in ids.items():
        text = text.replace(f"<{kind}>", str(id_))
    return text


def kinds_of(path: str, rule: Rule) -> list[str]:
    """Return the kinds of things that a route is asked about."""
    told = " ".join([rule.query, rule.body or "", *rule.headers.values()])
    told += "".join(f"<{kind}>" for parameter, kind in PARAMETERS.items() if f"{{{parameter}}}" in path)
    known = {*PARAMETERS.values(), "organisation", "store", "program", "version", "period", "name", "event", "template"}
    return sorted(kind for kind in known | {"till code", "group name"} if f"<{kind}>" in told and kind not in rule.free)
