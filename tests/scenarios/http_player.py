"""Plays a scenario through the HTTP faces and PostgreSQL, as any client would."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from milepost.model.event import EventKey
from milepost.model.standing import Outcome, OutcomeKind
from milepost.rules.calendar import SECOND_US, calendar_of
from milepost.store.codec import decode_outcomes
from tests.api.door import Brand, Door, Json, said
from tests.scenarios.story import Changed, Definition, Enrolment, Happening, Level, Scenario, Seen
from tests.scenarios.telling import Names, told
from tests.store.clockwork import tick

PAGE = 200
"""Customers that are told of a turn at a time; no scenario has as many."""


class HttpPlayer:
    """A brand of its own behind the door; the clock stands where the story is."""

    def __init__(self, door: Door, scenario: Scenario) -> None:
        """Set up the brand of *scenario*, before it has defined anything."""
        self.scenario = scenario
        self._door = door
        self._brand: Brand = door.brand(scenario.zone, **scenario.settings)
        self._groups: list[Json] = []
        self._customers: dict[str, int] = {}
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
            answered = self._brand.post(f"/api/v1/{kind}", places)
            assert answered.status_code == 200, answered.text

    def define(self, definition: Definition) -> None:
        """Post the scenario's groups; all of them can be evaluated, unless the last one is refused."""
        self._at(definition.heard)
        for body in self.scenario.groups:
            answered = self._brand.post("/v3/targetGroups", body)
            if definition.refused_at is not None and body is self.scenario.groups[-1]:
                assert answered.status_code == 400, answered.text
                assert any(definition.refused_at in error["message"] for error in said(answered)["errors"])
                return
            assert answered.status_code == 200, answered.text
            assert said(answered)["warnings"] is None, answered.text
            self._groups.append(said(answered)["data"])

    def happen(self, happening: Happening) -> list[Changed]:
        """Send an event, which is applied; give what it changed."""
        self._at(happening.heard)
        (item,) = self._brand.tell(happening.event)
        assert ("applied", []) == (item["status"], item["problems"]), item
        names = self._names()
        return [
            Changed(
                names.targets[entry["targetId"]],
                names.periods[entry["periodId"]],
                entry["reason"],
                Decimal(entry["before"]),
                Decimal(entry["after"]),
            )
            for entry in item["entries"]
        ]

    def enrol(self, enrolment: Enrolment) -> None:
        """Enrol a customer; who is not known yet is registered first."""
        self._at(enrolment.heard)
        body: Json = {"customerId": self._registered(enrolment.customer), "periodName": enrolment.period}
        if enrolment.balance is not None:
            body["initialBalance"] = enrolment.balance
        if enrolment.reset:
            body["resetStreakStatus"] = True
        self._done(self._brand.post(f"{self._path(enrolment.target)}/enroll", [body]))

    def leave(self, customer: str, target: str, heard: int) -> None:
        """Take a customer out of a target."""
        self._at(heard)
        self._done(self._brand.post(f"{self._path(target)}/unEnroll", [{"customerId": self._registered(customer)}]))

    def set(self, name: str, value: str, heard: int) -> None:
        """Change a setting of the organisation."""
        self._at(heard)
        given = int(value) if value.isdigit() else value
        self._done(self._brand.send("PATCH", "/api/v1/organisation", json={"settings": {name: given}}))

    def turn(self, heard: int) -> None:
        """Let time pass, as the server's worker does."""
        self._at(heard)
        self._door.run(lambda: tick(self._door.here, page=PAGE))

    def seen(self, customer: str, target: str, period: str) -> Seen | None:
        """Give the row that the customer's view shows, unless it is made up."""
        row = self._row(customer, target, period)
        if row is None or row["targetId"] is None:
            return None
        return Seen(
            value=row["targetAchievedValue"],
            goal=row["targetValue"],
            achieved_by=row["targetAchievedEventLogId"],
            marks=frozenset(mark["triggerName"] for mark in row["milestones"] or () if mark["isAchieved"]),
            updated_at=_instant(row["lastUpdatedOnISO"]) // SECOND_US,
        )

    def window(self, customer: str, target: str, period: str) -> tuple[int, int]:
        """Give from when up to when a period runs for a customer; the view shows the last second."""
        row = self._row(customer, target, period)
        assert row is not None
        opens, last = row["periodStartDateWithTimeStampISO"], row["periodEndDateWithTimeStampISO"]
        return _instant(opens), _instant(last) + SECOND_US

    def level(self, customer: str, level: str) -> Level:
        """Give how far a customer is on the way to a streak level, as the view shows it."""
        (group,) = [one for one in self._groups if any(lvl["name"] == level for lvl in one.get("streaks", ()))]
        total = next(lvl["targetCountOfSequence"] for lvl in group["streaks"] if lvl["name"] == level)
        shown = [one for one in self._shown(customer) if one["id"] == group["id"]]
        if not shown:
            return Level(0, total, None)
        row = next(one for one in shown[0]["streaks"] if one["streakName"] == level)
        periods = {one["targetId"]: one["periodRefCode"] for one in shown[0]["targets"]}
        return Level(
            int(row["currentCount"]),
            int(row["totalTargetCountOfSequence"]),
            periods[row["streakAchievedUserTargetId"]] if row["status"] == "ACHIEVED" else None,
        )

    def whole(self, customer: str, group: str, period: str) -> int | None:
        """Give the log id of the event that achieved a unified group in a period, None if it is not achieved."""
        found = None
        about = next(one["id"] for one in self._groups if one["name"] == group)
        period_id = next(id_ for id_, name in self._names().periods.items() if name == period)
        for outcome, log_id in self._outcomes(customer):
            if (outcome.about, outcome.period_id) == (about, period_id):
                if outcome.kind is OutcomeKind.UNIFIED_ACHIEVED:
                    found = log_id
                elif outcome.kind is OutcomeKind.UNIFIED_UNACHIEVED:
                    found = None
        return found

    def told(self, customer: str) -> list[str]:
        """Give what a customer's events led to, in words, oldest first."""
        names = self._names()
        return [told(outcome, names) for outcome, _ in self._outcomes(customer)]

    def _outcomes(self, customer: str) -> Iterator[tuple[Outcome, int]]:
        """Give the outcomes that wait to be delivered, oldest first, each with the log id of its event."""
        rows = self._door.connection.execute(
            "select o.body, e.source, e.event_id from outbox o join event e using (bucket, org_id, customer_id, seq)"
            " where org_id = %s and customer_id = %s order by seq",
            (self._brand.organisation.id, self._customer(customer) or 0),
        )
        for body, source, event_id in rows.fetchall():
            for outcome in decode_outcomes(body):
                yield outcome, EventKey(source, event_id).log_id

    def _row(self, customer: str, target: str, period: str) -> Json | None:
        rows = [row for group in self._shown(customer) for row in group["targets"]]
        return next((row for row in rows if (row["targetName"], row["periodRefCode"]) == (target, period)), None)

    def _shown(self, customer: str) -> list[Json]:
        """Give a customer's groups with the rows of every period."""
        known = self._customer(customer)
        return [] if known is None else self._brand.groups(known, includeInactive="true")

    def _customer(self, name: str) -> int | None:
        """Give the id of a customer, once the brand has heard of them."""
        if name not in self._customers:
            known = self._brand.get("/api/v1/customers", externalId=name)["items"]
            if not known:
                return None
            self._customers[name] = known[0]["id"]
        return self._customers[name]

    def _registered(self, name: str) -> int:
        """Give the id of a customer; who is not known yet is registered."""
        names = [{"type": "externalId", "value": name}]
        kept = said(self._brand.post("/v2/customers", {"profiles": [{"identifiers": names}]}))
        return int(kept["createdId"])

    def _at(self, heard: int) -> None:
        self._door.clock.now = heard

    @staticmethod
    def _done(answered: Any) -> Any:
        assert answered.status_code == 200, answered.text
        return said(answered)

    def _path(self, target: str) -> str:
        """Give where calls about a target go."""
        for group in self._groups:
            for one in group["targets"]:
                if one["name"] == target:
                    return f"/v3/targetGroups/{group['id']}/targets/{one['id']}"
        raise AssertionError(target)

    def _names(self) -> Names:
        """Give what ids stand for."""
        groups = self._groups
        targets = [target for group in groups for target in group["targets"]]
        marks = [mark for target in targets for mark in target.get("targetMilestoneTriggers", ())]
        return Names(
            groups={group["id"]: group["name"] for group in groups},
            targets={target["id"]: target["name"] for target in targets},
            periods={period["id"]: period["refCode"] for group in groups for period in group["periods"]},
            levels={level["id"]: level["name"] for group in groups for level in group.get("streaks", ())},
            triggers={mark["id"]: mark["triggerName"] for mark in marks},
        )


def _instant(text: str) -> int:
    return calendar_of("UTC").read(text).instant
