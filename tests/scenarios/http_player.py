"""Plays a scenario through the HTTP faces and PostgreSQL, as any client would."""

from decimal import Decimal

from tests.api.door import Brand, Door, Json, said
from tests.scenarios.story import Changed, Definition, Enrolment, Happening, Scenario, Seen


class HttpPlayer:
    """A brand of its own behind the door; the clock stands where the story is."""

    def __init__(self, door: Door, scenario: Scenario) -> None:
        """Set up the brand of *scenario*, before it has defined anything."""
        self._scenario = scenario
        self._clock = door.clock
        self._brand: Brand = door.brand(scenario.zone, **scenario.settings)
        self._groups: list[Json] = []
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
        answered = self._brand.post(f"/api/v1/{kind}", places)
        assert answered.status_code == 200, answered.text

    def define(self, definition: Definition) -> None:
        """Post the scenario's groups; all of them can be evaluated."""
        self._clock.now = definition.heard
        for body in self._scenario.groups:
            answered = self._brand.post("/v3/targetGroups", body)
            assert answered.status_code == 200, answered.text
            assert said(answered)["warnings"] is None, answered.text
            self._groups.append(said(answered)["data"])

    def happen(self, happening: Happening) -> list[Changed]:
        """Send an event, which is applied; give what it changed."""
        self._clock.now = happening.heard
        (item,) = self._brand.tell(happening.event)
        assert ("applied", []) == (item["status"], item["problems"]), item
        named = {
            (target["id"], period["id"]): (target["name"], period["refCode"])
            for group in self._groups
            for target in group["targets"]
            for period in group["periods"]
        }
        return [
            Changed(
                *named[entry["targetId"], entry["periodId"]],
                entry["reason"],
                Decimal(entry["before"]),
                Decimal(entry["after"]),
            )
            for entry in item["entries"]
        ]

    def enrol(self, enrolment: Enrolment) -> None:
        """Enrol a customer; who is not known yet is registered first."""
        self._clock.now = enrolment.heard
        names = [{"type": "externalId", "value": enrolment.customer}]
        kept = said(self._brand.post("/v2/customers", {"profiles": [{"identifiers": names}]}))
        group, target = next(
            (group, target)
            for group in self._groups
            for target in group["targets"]
            if target["name"] == enrolment.target
        )
        body: Json = {"customerId": kept["createdId"], "periodName": enrolment.period}
        if enrolment.balance is not None:
            body["initialBalance"] = enrolment.balance
        answered = self._brand.post(f"/v3/targetGroups/{group['id']}/targets/{target['id']}/enroll", [body])
        assert answered.status_code == 200, answered.text

    def seen(self, customer: str, target: str, period: str) -> Seen | None:
        """Give the row that the customer's view shows, unless it is made up."""
        known = self._brand.get("/api/v1/customers", externalId=customer)["items"]
        rows = self._brand.rows(known[0]["id"], includeInactive="true") if known else []
        found = [row for row in rows if (row["targetName"], row["periodRefCode"]) == (target, period)]
        if not found or found[0]["targetId"] is None:
            return None
        (row,) = found
        return Seen(
            value=row["targetAchievedValue"],
            goal=row["targetValue"],
            achieved_by=row["targetAchievedEventLogId"],
            marks=frozenset(mark["triggerName"] for mark in row["milestones"] or () if mark["isAchieved"]),
        )
