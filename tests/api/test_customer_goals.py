"""`/api/v1/customers/{id}/goals`.

What customers set out to reach, within the limits of the organisation (facts 4.12).
"""

import asyncio
from typing import Any

import httpx2
import pytest

from tests.api.client import PASSWORD, Json, OrganisationClient, json_of
from tests.api.client_forms import bill, group, target

DATES = {"startDate": "2026-01-20", "endDate": "2026-01-31"}


class Stage:
    """An organisation with a template for goals from 10 to 500 over 30 days, and its customers Anna and Bob."""

    def __init__(self, organisation: OrganisationClient, **settings: Any) -> None:
        """Set the stage."""
        self.organisation = organisation
        organisation.send_events(bill("50", time="2026-01-20T09:00:00Z"), bill("1", customer="bob"))
        pattern = target(name="Shop", expression="currentTxn.value>2")
        self.pattern = organisation.define(group(pattern, active=False))
        self.template = self.pattern["targets"][0]["id"]
        allowed = {"goalTemplates": [f"{self.template}:10-500"], "goalDays": 30, "goalsAtOnce": 2}
        answered = organisation.send("PATCH", "/api/v1/organisation", json={"settings": allowed | settings})
        assert answered.status_code == 200, answered.text
        self.anna = organisation.customer("anna")

    def path(self, *rest: object, customer: object = None) -> str:
        """Return the address of a customer's goals, by default Anna's."""
        return "/".join(map(str, ("/api/v1/customers", customer or self.anna, "goals", *rest)))

    def asked(self, **changes: Any) -> Json:
        """Return a goal of 100 till the end of January."""
        return {"template": self.template, "goal": 100} | DATES | changes

    def set(self, customer: object = None, **changes: Any) -> Json:
        """Set a goal; return it as answered."""
        return self._sent("POST", self.path(customer=customer), self.asked(**changes))

    def change(self, which: Json, **changes: Any) -> Json:
        """Change a goal of Anna's; return it as answered."""
        return self._sent("PATCH", self.path(which["id"]), changes)

    def cancel(self, goal: Json) -> Json:
        """Cancel a goal of Anna's; return it as answered."""
        return self._sent("DELETE", self.path(goal["id"]), None)

    def goals(self) -> list[Json]:
        """Return Anna's goals."""
        found: list[Json] = self.organisation.get(self.path())["items"]
        return found

    def refused(self, method: str, path: str, body: Any) -> list[str]:
        """Send a request that is refused; return the paths of what is wrong. Nothing is stored."""
        before = self.organisation.stored()
        answered = self.organisation.send(method, path, json=body)
        assert (400, before) == (answered.status_code, self.organisation.stored()), answered.text
        return [problem["path"] for problem in json_of(answered)["problems"]]

    def _sent(self, method: str, path: str, body: Any) -> Json:
        answered = self.organisation.send(method, path, json=body)
        assert answered.status_code == 200, answered.text
        told: Json = json_of(answered)
        return told


@pytest.fixture
def stage(organisation: OrganisationClient) -> Stage:
    """Return a stage of the test's own."""
    return Stage(organisation)


def test_a_goal_is_set(stage: Stage) -> None:
    """The answer is complete; a bill of its first day counts, by the template's rule."""
    goal = stage.set(name="Treat")
    assert ("Treat", stage.template, 100, 50, "RUNNING", None) == (
        goal["name"],
        goal["template"],
        goal["goal"],
        goal["reached"],
        goal["status"],
        goal["achievedAt"],
    )
    assert DATES.items() <= goal.items()
    assert ("2026-01-20T12:00:00Z", None) == (goal["madeAt"], goal["cancelledAt"])
    assert [goal] == stage.goals()


def test_a_goal_is_reached(stage: Stage) -> None:
    """By the bill that meets it; bills that the template does not count add nothing."""
    stage.set()
    stage.organisation.send_events(bill("2"), bill("50", time="2026-01-20T11:00:00Z"))
    (goal,) = stage.goals()
    assert (100, "2026-01-20T11:00:00Z", "Shop") == (goal["reached"], goal["achievedAt"], goal["name"])


def test_a_goal_is_only_for_the_customer_who_set_it(stage: Stage) -> None:
    """With a value of one's own, also where another chose the same dates."""
    bob = stage.organisation.customer("bob")
    mine, others = stage.set(goal=60), stage.set(customer=bob, goal=500)
    assert (mine["targetGroupId"], mine["id"]) == (others["targetGroupId"], mine["id"])
    stage.organisation.send_events(bill("10"), bill("10", customer="bob"))
    (found,) = stage.organisation.get(stage.path(customer=bob))["items"]
    assert (10, None, 60) == (found["reached"], found["achievedAt"], stage.goals()[0]["reached"])
    assert stage.goals()[0]["achievedAt"] is not None
    stage.organisation.send_events(bill("10", customer="carl"))
    assert [] == stage.organisation.get(stage.path(customer=stage.organisation.customer("carl")))["items"]


def test_goals_are_hidden_from_lists_unless_requested(stage: Stage) -> None:
    """As the vendor hides what customers made; the customer's own view shows it with the own goal."""
    goal = stage.set()
    shown = [
        {one["id"] for one in stage.organisation.get("/v3/targetGroups", includeUserCreatedTargetGroups=asked)["data"]}
        for asked in ("false", "true")
    ]
    assert [False, True] == [goal["targetGroupId"] in ids for ids in shown]
    rules = stage.organisation.get(f"/v3/users/{stage.anna}/enrolledTargets", includeOnlyUserCreated="true")["data"]
    assert [goal["targetId"]] == [rule["id"] for rule in rules]
    rows = [row for row in stage.organisation.rows(stage.anna) if row["targetRuleId"] == goal["targetId"]]
    assert [(50, 100)] == [(row["targetAchievedValue"], row["targetValue"]) for row in rows]


def test_a_value_can_be_changed(stage: Stage) -> None:
    """It applies to events received from then on."""
    goal = stage.set()
    changed = stage.change(goal, goal="55.5", name="Less")
    assert ("Less", "55.5", 50, None) == (
        changed["name"],
        str(changed["goal"]),
        changed["reached"],
        changed["achievedAt"],
    )
    stage.organisation.send_events(bill("10"))
    assert (60, True) == (stage.goals()[0]["reached"], stage.goals()[0]["achievedAt"] is not None)


def test_dates_can_be_changed(stage: Stage) -> None:
    """The goal keeps its id; what was bought in its dates counts."""
    goal = stage.set()
    stage.organisation.send_events(bill("5"))
    changed = stage.change(goal, endDate="2026-02-10")
    assert (goal["id"], "2026-02-10", 55) == (changed["id"], changed["endDate"], changed["reached"])
    stage.organisation.send_events(bill("45"))
    (found,) = stage.goals()
    assert (100, True) == (found["reached"], found["achievedAt"] is not None)


def test_a_goal_that_runs_keeps_its_start(stage: Stage) -> None:
    """Its start may lie in the past; another one may not."""
    goal = stage.set()
    stage.organisation.client.clock.set("2026-01-25T00:00:00Z")
    assert "2026-01-28" == stage.change(goal, endDate="2026-01-28")["endDate"]
    assert ["startDate"] == stage.refused("PATCH", stage.path(goal["id"]), {"startDate": "2026-01-24"})


def test_a_goal_can_be_cancelled(stage: Stage) -> None:
    """Nothing counts any more, the value stays; a second call changes nothing."""
    goal = stage.set()
    stage.organisation.client.clock.set("2026-01-21T00:00:00Z")
    cancelled = stage.cancel(goal)
    stage.organisation.send_events(bill("10"))
    assert ("CANCELLED", 50, "2026-01-21T00:00:00Z") == (
        cancelled["status"],
        stage.goals()[0]["reached"],
        cancelled["cancelledAt"],
    )
    assert cancelled == stage.cancel(goal)
    assert ["goalId"] == stage.refused("PATCH", stage.path(goal["id"]), {"name": "x"})


def test_a_goal_can_be_set_again_after_it_was_cancelled(stage: Stage) -> None:
    """It goes on from what was reached."""
    stage.cancel(stage.set())
    again = stage.set(goal=60)
    stage.organisation.send_events(bill("10"))
    assert (again["id"], 60, "RUNNING") == (
        stage.goals()[0]["id"],
        stage.goals()[0]["reached"],
        stage.goals()[0]["status"],
    )


def test_a_goal_that_is_over_stays_as_it_is(stage: Stage) -> None:
    """It can neither be changed nor cancelled."""
    goal = stage.set()
    stage.organisation.client.clock.set("2026-02-01T00:00:00Z")
    assert "ENDED" == stage.goals()[0]["status"]
    assert [["goalId"], ["goalId"]] == [
        stage.refused(method, stage.path(goal["id"]), {"name": "x"}) for method in ("PATCH", "DELETE")
    ]


def test_no_more_goals_at_a_time_than_the_organisation_allows(stage: Stage) -> None:
    """Two; one that is cancelled makes room, as one that is over does."""
    first = stage.set()
    stage.set(endDate="2026-02-01")
    answered = stage.organisation.post(stage.path(), stage.asked(endDate="2026-02-02"))
    assert ("", "a customer may have 2 goals at a time") == tuple(json_of(answered)["problems"][0].values())
    stage.cancel(first)
    stage.set(endDate="2026-02-02")


def test_the_same_goal_is_not_set_twice(stage: Stage) -> None:
    """The same template and dates; also when asked for at the same time."""
    organisation = stage.organisation

    async def together() -> list[httpx2.Response]:
        async with organisation.client.client(auth=(organisation.till_code, PASSWORD)) as client:
            return await asyncio.gather(*(client.post(stage.path(), json=stage.asked()) for _ in range(4)))

    answered = organisation.client.run(together)
    assert [200, 400, 400, 400] == sorted(one.status_code for one in answered)
    assert 1 == len(stage.goals())


def test_goals_of_many_customers_are_one_definition(stage: Stage) -> None:
    """Dates that were chosen before define no new group, also if chosen at the same time."""
    organisation = stage.organisation
    names = [f"customer {number}" for number in range(8)]
    organisation.send_events(*(bill("20", customer=name) for name in names))
    paths = [stage.path(customer=organisation.customer(name)) for name in names]

    async def together() -> list[httpx2.Response]:
        async with organisation.client.client(auth=(organisation.till_code, PASSWORD)) as client:
            return await asyncio.gather(*(client.post(path, json=stage.asked()) for path in paths))

    answered = organisation.client.run(together)
    assert [200] * 8 == [one.status_code for one in answered], [one.text for one in answered]
    assert 1 == len({json_of(one)["targetGroupId"] for one in answered})
    version = organisation.get("/api/v1/organisation")["version"]
    stage.set()
    assert version == organisation.get("/api/v1/organisation")["version"]


def test_a_changed_template_makes_other_goals(stage: Stage) -> None:
    """Those that were set before go on as they were."""
    before = stage.set()
    organisation = stage.organisation
    path = f"/v3/targetGroups/{stage.pattern['id']}/targets"
    changed = [{"id": stage.template, "expression": "currentTxn.value>20"}]
    answered = organisation.send("PUT", path, json=changed)
    assert answered.status_code == 200, answered.text
    bob = organisation.customer("bob")
    after = stage.set(customer=bob)
    assert before["targetGroupId"] != after["targetGroupId"]
    organisation.send_events(bill("10"), bill("10", customer="bob"))
    assert (60, 0) == (stage.goals()[0]["reached"], organisation.get(stage.path(customer=bob))["items"][0]["reached"])


def test_an_unknown_customer_has_no_goals(stage: Stage) -> None:
    """No id, an id of nobody, another organisation's customer, another's goal."""
    goal = stage.set()
    other = stage.organisation.client.organisation()
    for customer in ("x", "5"):
        assert 400 == stage.organisation.send("GET", stage.path(customer=customer)).status_code
        assert ["customerId"] == stage.refused("POST", stage.path(customer=customer), stage.asked())
    assert 400 == other.send("GET", stage.path()).status_code
    bob = stage.organisation.customer("bob")
    for id_ in (goal["id"], "x", 5):
        assert ["goalId"] == stage.refused("PATCH", stage.path(id_, customer=bob), {"name": "x"})
        assert ["goalId"] == stage.refused("DELETE", stage.path(id_, customer=bob), None)
