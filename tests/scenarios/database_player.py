"""The organisation of a scenario behind the client: what it defined, whom it knows, and how its APIs are asked."""

from collections.abc import Iterator
from typing import Any

from milepost.model.event import EventKey
from milepost.model.standing import Outcome
from milepost.model.time import Micros
from milepost.store.codec import decode_outcomes
from tests.api.client import ApiClient, Json, OrganisationClient, json_of
from tests.scenarios.scenario_story import Definition, Scenario
from tests.scenarios.shown_progress import Names


class ScenarioOrganisation:
    """An organisation of its own; the clock stands where the story is."""

    def __init__(self, client: ApiClient, scenario: Scenario) -> None:
        """Set up the organisation of *scenario*, before it has defined anything."""
        self.client = client
        self.groups: list[Json] = []
        self.audiences: dict[str, int] = {}
        self._scenario = scenario
        self._client: OrganisationClient = client.organisation(scenario.zone, outcomeFeed="ON", **scenario.settings)
        self._customers: dict[str, int] = {}
        self._seen: dict[int, list[Json]] = {}
        ids = scenario.place_ids()
        for kind in ("zone", "concept"):
            names = {name for stage in scenario.stages if (name := getattr(stage, kind)) is not None}
            self._place(f"{kind}s", [{"code": name, "id": ids[name]} for name in sorted(names)])
        stores = [
            {"code": stage.store, "id": ids[stage.store], "zone": stage.zone, "concept": stage.concept}
            for stage in scenario.stages
        ]
        self._place("stores", stores)

    def _place(self, kind: str, places: list[Json]) -> None:
        if places:
            self.post(f"/api/v1/{kind}", places)

    def define(self, definition: Definition) -> None:
        """Post the scenario's groups; all of them can be evaluated, unless the last one is refused."""
        self.at(definition.received_at)
        for name in self._scenario.audiences:
            self.audiences[name] = self.post("/api/v1/audiences", {"name": name})["id"]
        for body in self._scenario.groups:
            answered = self._client.post("/v3/targetGroups", self._with_audiences(body))
            if definition.refused_at is not None and body is self._scenario.groups[-1]:
                assert answered.status_code == 400, answered.text
                assert any(definition.refused_at in error["message"] for error in json_of(answered)["errors"])
                return
            assert answered.status_code == 200, answered.text
            assert json_of(answered)["warnings"] is None, answered.text
            self.groups.append(json_of(answered)["data"])

    def at(self, received_at: Micros) -> None:
        """Set the clock (epoch microseconds) and forget earlier reads."""
        self.client.clock.now = received_at
        self._seen.clear()

    def send_event(self, event: Json) -> Json:
        """Send an event and return its answer."""
        (item,) = self._client.send_events(event)
        return item

    def get(self, path: str, **query: Any) -> Any:
        """Return the body of the answer to a GET; asserts that it succeeded."""
        return self._client.get(path, **query)

    def post(self, path: str, body: Any, **query: Any) -> Any:
        """Post *body*; return the body of the answer and assert that it succeeded."""
        answered = self._client.post(path, body, **query)
        assert answered.status_code == 200, answered.text
        return json_of(answered)

    def send(self, method: str, path: str, **options: Any) -> Any:
        """Send a request; return the body of the answer and assert that it succeeded."""
        answered = self._client.send(method, path, **options)
        assert answered.status_code == 200, answered.text
        return json_of(answered)

    def _with_audiences(self, body: Json) -> Json:
        """Return the body of a group in which targets name audiences by the ids that they got."""
        given = [self.audiences[name] for name in self._scenario.audiences]

        def named(target: Json) -> Json:
            filters = target.get("targetAudienceFilter")
            if filters is None:
                return target
            ids = [{"audienceGroupId": given[one["audienceGroupId"] - 1]} for one in filters]
            return target | {"targetAudienceFilter": ids}

        return body | {"targets": [named(target) for target in body["targets"]]}

    def row(self, customer: str, target: str, period: str) -> Json | None:
        """Return the row of a target and period in the customer's view, if there is one."""
        rows = [row for group in self.shown(customer) for row in group["targets"]]
        return next((row for row in rows if (row["targetName"], row["periodRefCode"]) == (target, period)), None)

    def shown(self, customer: str) -> list[Json]:
        """Return a customer's groups with the rows of every period."""
        known = self.customer(customer)
        if known is None:
            return []
        if known not in self._seen:
            self._seen[known] = self._client.groups(known, includeInactive="true")
        return self._seen[known]

    def customer(self, name: str) -> int | None:
        """Return the id of a customer who is known to the organisation."""
        if name not in self._customers:
            known = self._client.get("/api/v1/customers", externalId=name)["items"]
            if not known:
                return None
            self._customers[name] = known[0]["id"]
        return self._customers[name]

    def forget(self, name: str) -> None:
        """Look a name up again, because it may name another customer by now."""
        self._customers.pop(name, None)

    def registered(self, name: str) -> int:
        """Return the id of a customer; an unknown customer is registered."""
        if name not in self._customers:
            names = [{"type": "externalId", "value": name}]
            kept = self.post("/v2/customers", {"profiles": [{"identifiers": names}]})
            self._customers[name] = int(kept["createdId"])
        return self._customers[name]

    def group_of(self, target: str) -> Json:
        """Return the group of the target of this name."""
        return next(group for group in self.groups for one in group["targets"] if one["name"] == target)

    def path(self, target: str) -> str:
        """Return where calls about a target go."""
        group = self.group_of(target)
        target_id = next(one["id"] for one in group["targets"] if one["name"] == target)
        return f"/v3/targetGroups/{group['id']}/targets/{target_id}"

    def names(self) -> Names:
        """Return what ids stand for."""
        groups = self.groups
        targets = [target for group in groups for target in group["targets"]]
        marks = [mark for target in targets for mark in target.get("targetMilestoneTriggers", ())]
        return Names(
            groups={group["id"]: group["name"] for group in groups},
            targets={target["id"]: target["name"] for target in targets},
            periods={period["id"]: period["refCode"] for group in groups for period in group["periods"]},
            levels={level["id"]: level["name"] for group in groups for level in group.get("streaks", ())},
            triggers={mark["id"]: mark["triggerName"] for mark in marks},
        )

    def outcomes(self, customer: str) -> Iterator[tuple[Outcome, int]]:
        """Return the outcomes that wait to be delivered, oldest first, each with the log id of its event."""
        rows = self.client.connection.execute(
            "select o.body, e.source, e.event_id from outbox o join event e using (bucket, org_id, customer_id, seq)"
            " where org_id = %s and customer_id = %s order by seq",
            (self._client.organisation.id, self.customer(customer) or 0),
        )
        for body, source, event_id in rows.fetchall():
            for outcome in decode_outcomes(body):
                yield outcome, EventKey(source, event_id).log_id
