"""The organisation that routes are asked about: one with one of everything."""

from tests.api import queue_rules
from tests.api.client import Json, OrganisationClient, json_of
from tests.api.client_forms import bill, event, group, target
from tests.api.trial_rules import of_group
from tests.api.user_rules import added_user
from tests.api.webhook_rules import added_webhook


class World:
    """An organisation with one of everything, whose names all hold the organisation's own word."""

    def __init__(self, organisation: OrganisationClient, word: str) -> None:
        """Make everything."""
        self.organisation = organisation
        self.word = word
        post = organisation.post
        zone, store = self._places()
        (program,) = json_of(post("/api/v1/programs", [{"name": f"{word} p"}]))["items"]
        self._declare(program["id"])
        audience = json_of(post("/api/v1/audiences", {"name": f"{word} a"}))
        wanted = target(name=f"{word} target", enrolmentMethod="IMPORT")
        form = group(wanted, name=f"{word} group", leaderboardEnabled=True)
        defined = organisation.define(form)
        organisation.send_events(
            bill(customer=f"{word} anna", source=f"{word} source", id=f"{word} bill"),
            event("Run", customer=f"{word} anna"),
        )
        path = f"/v3/targetGroups/{defined['id']}/targets/{defined['targets'][0]['id']}/enroll"
        assert 200 == post(path, [{"customerId": organisation.customer(f"{word} anna")}]).status_code
        everybody = organisation.define(group(target(name=f"{word} open"), name=f"{word} other"))
        post("/v2/events", {"eventName": f"{word}Run", "actions": ["EMFConsumer"]})
        job = json_of(post(f"/api/v1/targetGroups/{everybody['id']}/countStored", b""))
        self.ids: dict[str, object] = {
            "organisation": organisation.organisation.id,
            "zone": zone["id"],
            "store": store["id"],
            "program": program["id"],
            "audience": audience["id"],
            "version": audience["versions"][0]["id"],
            "group": defined["id"],
            "target": defined["targets"][0]["id"],
            "period": defined["periods"][0]["id"],
            "customer": organisation.customer(f"{word} anna"),
            "job": job["jobId"],
            "template": everybody["targets"][0]["id"],
            "goal": self._goal(everybody["targets"][0]["id"]),
            "webhook": organisation.webhook_id,
            "name": f"{word} anna",
            "adjustment": self._adjustment(everybody["targets"][0]["id"]),
        } | (self._names() | self._others(defined["id"], form))

    def _names(self) -> dict[str, object]:
        """Return what is named rather than numbered."""
        return {
            "event": f"{self.word}Run",
            "till code": f"{self.word} t",
            "group name": f"{self.word} group",
            "event source": f"{self.word} source",
            "event key": f"{self.word} bill",
        }

    def _others(self, group_id: int, form: Json) -> dict[str, object]:
        """Add a person, a webhook, a queue and a draft of the group; return their ids."""
        person = added_user(self.organisation, f"{self.word}@brand.example", f"{self.word} mira")["user"]["id"]
        return {
            "person": person,
            **added_webhook(self.organisation, self.word),
            **queue_rules.queued_things(self.organisation, self.word),
            **of_group(self.organisation, group_id, form),
        }

    def _places(self) -> tuple[Json, Json]:
        """Add a zone, a concept, a store and a till; return zone and store."""
        post, word = self.organisation.post, self.word
        (zone,) = json_of(post("/api/v1/zones", [{"code": f"{word} z"}]))["items"]
        (store,) = json_of(post("/api/v1/stores", [{"code": f"{word} s", "zone": zone["code"]}]))["items"]
        post("/api/v1/tills", [{"code": f"{word} t", "store": store["code"]}])
        return zone, store

    def _goal(self, template: int) -> int:
        """Set a goal for Anna after a target; return its id."""
        settings = {"goalTemplates": [f"{template}:10-500"], "goalDays": 30, "goalsAtOnce": 2, "outcomeFeed": "ON"}
        assert 200 == self.organisation.send("PATCH", "/api/v1/organisation", json={"settings": settings}).status_code
        path = f"/api/v1/customers/{self.organisation.customer(f'{self.word} anna')}/goals"
        body = {"template": template, "goal": 100, "startDate": "2026-01-20", "endDate": "2026-01-31"}
        return int(json_of(self.organisation.post(path, body | {"name": f"{self.word} goal"}))["id"])

    def _adjustment(self, target_id: int) -> str:
        """Correct Anna's progress on a target; return the id."""
        path, id_ = f"/api/v1/customers/{self.organisation.customer(f'{self.word} anna')}/adjustments", f"{self.word} a"
        body = {"id": id_, "targetId": target_id, "amount": 1, "reason": f"{self.word} reason", "author": self.word}
        assert 200 == self.organisation.post(path, body).status_code
        return id_

    def _declare(self, program_id: int) -> None:
        """Declare a concept, a currency and a field of each family."""
        post, word = self.organisation.post, self.word
        post("/api/v1/concepts", [{"code": f"{word} c"}])
        post("/api/v1/currencies", [{"programId": program_id, "identifier": f"{word} stars"}])
        field = {"entity": "CUSTOMER", "name": f"{word} f", "type": "TEXT"}
        for family in ("extended", "custom"):
            post(f"/api/v1/{family}-fields", [field])
