"""An organisation with something of everything, so that requests find what they name."""

from collections.abc import Callable
from copy import deepcopy
from random import Random
from typing import Any

from milepost.service.organisations.provisioning import add_key
from tests.api.client import Json, OrganisationClient, json_of
from tests.api.client_forms import MARCH, RUN, RUN_FIELD, bill, group, line, target
from tests.api.queue_rules import SOUND as QUEUE_BODIES
from tests.api.random_names import known_names
from tests.api.random_stage_groups import definitions
from tests.api.random_trials import KINDS_OF_DRAFTS, prepare, trial_body
from tests.api.user_rules import chosen_password, new_user, sign_in
from tests.api.webhook_rules import SOUND as WEBHOOK_BODIES

ENROL = "/v3/targetGroups/{group_id}/targets/{target_id}/"
CUSTOMERS = "/api/v1/customers/{customer_id}/"
NEXT_VERSIONS = ("", "/v3.1", "/api_gateway/intouch-api-v3/v3.1")


class Stage:
    """An organisation with a group of each kind, five customers of whom four did something, and names of all of it."""

    def __init__(self, organisation: OrganisationClient) -> None:
        """Set the stage."""
        self.organisation = organisation
        declared = [
            ("programs", {"name": "Gold", "id": 46}),
            ("currencies", {"identifier": "stars", "name": "Stars", "programId": 46}),
            ("zones", {"code": "N"}),
            ("concepts", {"code": "C"}),
            ("stores", {"code": "A"}),
            ("extended-fields", {"name": "city", "entity": "TRANSACTION", "type": "STRING"}),
        ]
        for what, item in declared:
            organisation.post(f"/api/v1/{what}", [item])
        organisation.post("/v2/events", RUN)
        self.audience = json_of(organisation.post("/api/v1/audiences", {"name": "Friends"}))
        self.pattern = organisation.define(group(active=False))["targets"][0]["id"]
        self._allow_goals()
        self.groups = [organisation.define(one) for one in definitions()]
        organisation.send_events(
            *(
                bill(net, customer=customer_key, lines=(line(),))
                for customer_key, net in (("anna", 60), ("bob", 250), ("anna", "7.5"))
            ),
            bill("30", customer="cleo", number="B1", id="cleo bill"),
            bill("5", customer="emil"),
        )
        *self.customers, self.leaver = [organisation.customer(name) for name in ("anna", "bob", "cleo", "emil")]
        enrolment, by_list = [{"customerId": self.customers[0], "periodName": "January"}], self.groups[1]
        job = json_of(organisation.post(f"/api/v1/targetGroups/{self.groups[0]['id']}/countStored", {}))
        organisation.post(f"/v3/targetGroups/{by_list['id']}/targets/{by_list['targets'][0]['id']}/enroll", enrolment)
        organisation.work()
        path = f"/api/v1/customers/{self.customers[0]}"
        self.own = json_of(organisation.post(f"{path}/goals", self.goal() | {"endDate": "2026-01-30"}))["id"]
        organisation.post(f"{path}/adjustments", self.correction() | {"id": "corrected"})
        self.tried = prepare(organisation, self.groups, definitions())
        self.known = known_names(self, job["jobId"])
        runtime, name = organisation.client.runtime, organisation.organisation.name
        self.key = organisation.client.run(
            lambda: add_key(runtime.database, name="key", organisation=name, now=runtime.clock())
        )

    def _allow_goals(self) -> None:
        """Let customers set goals after the pattern."""
        goals = {"goalTemplates": [f"{self.pattern}:10-500"], "goalDays": 30, "goalsAtOnce": 20, "outcomeFeed": "ON"}
        self.organisation.send("PATCH", "/api/v1/organisation", json={"settings": goals})

    def somewhere(self, path: str, chance: Random) -> dict[str, Any]:
        """Return names that belong together: a group of the kind of the route, a target and a period of it."""
        kind = next((kind for word, kind in {**KINDS_OF_DRAFTS, **KINDS}.items() if word in path), None)
        group = self.groups[kind] if kind is not None else chance.choice(self.groups)
        target_id, period = chance.choice(group["targets"])["id"], chance.choice(group["periods"])
        found = dict.fromkeys(("group_id", "targetGroupId"), group["id"])
        found |= dict.fromkeys(("target_id", "target_rule_id", "targetId", "targetRuleId"), target_id)
        if path.endswith(("{goal_id}", "/reversal")):
            found["customer_id"] = self.customers[0]
        if path.endswith("/erasure"):
            found["customer_id"] = self.leaver
        return found | {"periodId": period["id"], "identifierName": "id", "userIdentifierType": "externalId"}

    def asked(self, method: str, path: str) -> tuple[str, ...]:
        """Return the parameters without which the route answers nothing."""
        if (method.upper(), path) == ("GET", "/api/v1/events"):
            return ("customer",)
        return next((names for end, names in ASKED.items() if path.endswith(end)), ())

    def sound(self, method: str, path: str) -> Any:
        """Return a body that the route takes; None if it needs none that is known here."""
        make = SOUND.get((method, path.removeprefix(NEXT_VERSIONS[2]).removeprefix("/v3.1")))
        given = {**WEBHOOK_BODIES, **QUEUE_BODIES}.get(
            (method, path), trial_body(method, path, self.groups, definitions(), self.tried.version)
        )
        return deepcopy(given if make is None else make(self))

    def group_body(self) -> Json:
        """Return a definition."""
        return definitions()[self.customers[0] % 6]

    def goal(self) -> Json:
        """Return a goal that a customer may set."""
        return {"template": self.pattern, "goal": 100, "startDate": "2026-01-20", "endDate": "2026-01-31"}

    def correction(self) -> Json:
        """Return a correction of progress."""
        return {
            "id": bill()["id"],
            "targetId": self.groups[0]["targets"][0]["id"],
            "amount": 5,
            "reason": "the till was offline",
        }

    def periods(self) -> list[Json]:
        """Return changed periods."""
        return [{"id": self.groups[0]["periods"][1]["id"], "endDate": "2026-02-27"}]

    def login(self) -> Json:
        """Return what a client asks for a token with."""
        return {"key": self.key.key, "secret": self.key.secret}

    def enrolments(self) -> list[Json]:
        """Return enrolments of those who are known."""
        return [{"customerId": self.customers[1], "periodName": "January"}]

    def edit(self) -> Json:
        """Return what changes the first group."""
        one = self.groups[0]
        return {"id": one["id"], "description": "new", "targets": [self.edited_target()]}

    def edited_target(self) -> Json:
        """Return what changes the first group's target."""
        return {"id": self.groups[0]["targets"][0]["id"], "defaultValues": [{"defaultValue": 5}], "expression": "true"}

    def unified(self) -> Json:
        """Return what changes the unified group."""
        wanted = [{"id": one["id"], "description": "x"} for one in self.groups[2]["targets"]]
        return {"targets": wanted, "unifiedTargetExpression": {"minTargetsToAchieve": 1}}


ASKED = {
    "/v2/customers": ("identifierName", "identifierValue"),
    "/lookup": ("identifierName", "identifierValue"),
    "/customerDetails": ("identifierName", "identifierValue"),
    "/v2/transactions": ("identifierName", "identifierValue"),
    "/events/search": ("userIdentifierType", "userIdentifierValue"),
    "/events/meta": ("event_name",),
    "/events/disable": ("event_name",),
    "/leaderboards/targetGroups/{group_id}": ("targetId",),
    "/api/v1/customers": ("externalId",),
}

KINDS = {
    "nroll": 1,
    "enrolments": 1,
    "unifiedTargets": 2,
    "streaks": 3,
    "{group_id}/targets/{target_id}": 0,
    "{group_id}/targets": 2,
    **dict.fromkeys(("leaderboards", "{group_id}/targetPeriods", "editTargetGroup"), 0),
    "/v3/targetGroups/{group_id}": 0,
}
"""Which of the groups a route is about, by a word of its address; the first that fits."""


def _person(_: Stage) -> Json:
    return {
        "profiles": [{"identifiers": [{"type": "externalId", "value": "dora"}], "firstName": "Dora", "fields": {}}],
        "extendedFields": {},
    }


def _void(stage: Stage) -> Json:
    for customer in stage.customers:
        stage.organisation.post(f"/api/v1/customers/{customer}/awards", {"id": "decided", "amount": 50})
    return {"id": bill()["id"], "decision": "decided", "amount": 5}


def _bill(_: Stage) -> Json:
    lines = [{"itemCode": "milk", "qty": 1, "rate": 5, "amount": 5}]
    return {
        "type": "REGULAR",
        "billNumber": bill()["data"]["number"],
        "billAmount": 60,
        "billingDate": "2026-01-20T10:00:00Z",
        "lineItemsV2": lines,
    }


SOUND: dict[tuple[str, str], Callable[[Stage], Any]] = {
    ("POST", "/api/v1/users"): lambda stage: new_user(stage.organisation),
    ("PATCH", "/api/v1/users/{person_id}"): lambda _: {"name": "Mira Berg"},
    ("POST", "/api/v1/users/{person_id}/link"): lambda _: {},
    ("POST", "/api/v1/session"): lambda stage: sign_in(stage.organisation),
    ("POST", "/api/v1/password"): lambda stage: chosen_password(stage.organisation),
    ("POST", "/v3/targetGroups"): Stage.group_body,
    ("PUT", "/v3/targetGroups"): Stage.edit,
    ("PUT", "/v3/targetGroups/{group_id}"): Stage.edit,
    ("PUT", "/v3/targetGroups/editTargetGroup/{group_id}"): Stage.edit,
    ("POST", "/v3/targetGroups/{group_id}/targets"): lambda _: [target()],
    ("PUT", "/v3/targetGroups/{group_id}/targets"): lambda stage: stage.unified()["targets"],
    ("PUT", "/v3/targetGroups/{group_id}/targets/{target_id}"): Stage.edited_target,
    ("POST", "/v3/targetGroups/{group_id}/targetPeriods"): lambda _: [MARCH],
    ("PUT", "/v3/targetGroups/{group_id}/targetPeriods"): Stage.periods,
    ("POST", "/v3/targetGroups/{group_id}/unifiedTargets"): Stage.unified,
    ("PUT", "/v3/targetGroups/{group_id}/unifiedTargets"): Stage.unified,
    ("POST", f"{ENROL}enroll"): Stage.enrolments,
    ("POST", f"{ENROL}unEnroll"): Stage.enrolments,
    ("POST", "/targetGroups/{group_id}/targets/{target_id}/enroll"): Stage.enrolments,
    ("POST", "/targetGroups/{group_id}/targets/{target_id}/unEnroll"): Stage.enrolments,
    ("POST", f"{ENROL}communications/upsert"): lambda _: [
        {"communicationType": "START", "channelId": 1, "messageTemplate": "Off you go"}
    ],
    ("POST", "/v3/oauth/token/generate"): Stage.login,
    ("POST", "/v2/transactions"): _bill,
    ("POST", "/v2/transactions/bulk"): lambda stage: [
        _bill(stage) | {"identifierType": "externalId", "identifierValue": "anna"}
    ],
    ("POST", "/v2/customers"): _person,
    ("PUT", "/v2/customers/{customer_id}"): _person,
    ("POST", "/v2/customers/{customer_id}/changeIdentifier"): lambda _: {"add": [{"type": "wechat", "value": "anna"}]},
    ("POST", "/v2/requests"): lambda stage: [
        {
            "type": "CHANGE_IDENTIFIER",
            "baseType": "MERGE",
            "changeIdentifierRequest": {
                "changeIdentifiers": {
                    "add": [{"type": "id", "value": str(stage.customers[1])}],
                    "remove": [{"type": "externalId", "value": "dora"}],
                }
            },
        }
    ],
    ("POST", "/v2/events"): lambda _: {"eventName": "Walk", "actions": ["EMFConsumer"], "fields": [RUN_FIELD]},
    ("PUT", "/v2/events"): lambda _: RUN,
    ("POST", "/webhooks/{webhook_id}"): lambda _: {
        "event_name": "Run",
        "runner": "491510000001",
        "km": 5,
        "shoe": "red",
        "eventDateTime": "2026-01-20 10:00:00",
    },
    ("GET", "/leaderboards/user/{user_id}"): lambda stage: [
        {"targetGroupId": one["id"], "targetRuleId": one["targets"][0]["id"]} for one in stage.groups
    ],
    ("POST", "/api/v1/events"): lambda _: [bill(lines=(line(),))],
    ("POST", "/api/v1/zones"): lambda _: [{"code": "S"}],
    ("POST", "/api/v1/concepts"): lambda _: [{"code": "D"}],
    ("POST", "/api/v1/stores"): lambda _: [{"code": "B", "zone": "N"}],
    ("POST", "/api/v1/tills"): lambda _: [{"code": "T", "store": "A"}],
    ("POST", "/api/v1/audiences/{audience_id}/members"): lambda _: [{"externalId": "anna"}],
    **dict.fromkeys(
        (("POST", "/api/v1/audiences"), ("PATCH", "/api/v1/audiences/{audience_id}")), lambda _: {"name": bill()["id"]}
    ),
    ("POST", "/api/v1/targetGroups/{group_id}/countStored"): lambda _: {},
    ("POST", "/api/v1/targetGroups/{group_id}/enrolments"): lambda stage: "\n".join(
        ["externalId,TargetName,CreatedBy,UpdatedBy,January"]
        + [f"{name},{stage.groups[1]['targets'][0]['name']},me,me,50" for name in ("anna", "cleo", "nobody")]
    ),
    ("POST", "/v3/targetGroups/isValidName"): lambda _: {"type": "targetName", "value": "new"},
    ("POST", f"{CUSTOMERS}goals"): Stage.goal,
    ("PATCH", f"{CUSTOMERS}goals/{{goal_id}}"): lambda _: {"goal": 120, "name": "Mine"},
    ("PATCH", "/api/v1/organisation"): lambda _: {"settings": {"lateDays": 3}},
    ("POST", "/api/v1/programs"): lambda _: [{"name": "Silver"}],
    ("POST", "/api/v1/currencies"): lambda _: [{"identifier": "miles", "name": "Miles", "programId": 46}],
    ("POST", "/api/v1/extended-fields"): lambda _: [{"name": "tip", "entity": "TRANSACTION", "type": "NUMBER"}],
    ("POST", "/api/v1/custom-fields"): lambda _: [{"name": "tip", "entity": "TRANSACTION", "type": "NUMBER"}],
    ("PATCH", CUSTOMERS.rstrip("/")): lambda _: {"alias": "Lucky Duck", "hidden": False},
    ("POST", f"{CUSTOMERS}erasure"): lambda _: {"reference": "ticket 1"},
    ("POST", f"{CUSTOMERS}awards"): lambda _: {"id": bill()["id"], "amount": 5, "kind": "REGULAR"},
    ("POST", f"{CUSTOMERS}awards/voids"): _void,
    ("POST", f"{CUSTOMERS}streaks/{{group_id}}/freezes"): lambda _: {"id": bill()["id"], "count": 1},
    ("POST", f"{CUSTOMERS}adjustments"): Stage.correction,
    ("POST", "/api/v1/clock"): lambda _: {"next": "closing"},
    ("POST", f"{CUSTOMERS}adjustments/{{adjustment_id}}/reversal"): lambda _: {"reason": "a mistake"},
    ("POST", f"{CUSTOMERS}streaks/{{group_id}}/pauses"): lambda _: {
        "id": bill()["id"],
        "from": "2026-02-01T00:00:00Z",
        "to": "2026-02-20T00:00:00Z",
    },
}
