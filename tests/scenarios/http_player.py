"""Plays a scenario through the HTTP APIs and PostgreSQL, as any client would."""

from decimal import Decimal
from itertools import count

from milepost.model.time import SECOND_US, Micros, to_seconds
from milepost.rules.calendar import calendar_of
from tests.api.client import ApiClient, Json
from tests.scenarios.database_player import ScenarioOrganisation
from tests.scenarios.scenario_story import Changed, Decision, Definition, Enrolment, Happening, Level, Scenario, Seen
from tests.scenarios.shown_progress import told
from tests.store.fixed_clock import tick

MINUTE_US = 60 * SECOND_US

PAGE = 200
"""Customers notified in one page; no scenario has as many."""


class HttpPlayer:
    """An organisation of its own behind the client; the clock stands where the story is."""

    def __init__(self, client: ApiClient, scenario: Scenario) -> None:
        """Set up the organisation of *scenario*, before it has defined anything."""
        self.scenario = scenario
        self._organisation = ScenarioOrganisation(client, scenario)
        self._known_names: set[str] = set()
        self._calls = count(1)

    def define(self, definition: Definition) -> None:
        """Post the scenario's groups."""
        self._organisation.define(definition)

    def happen(self, happening: Happening) -> list[Changed]:
        """Send an event, which is applied; return what it changed."""
        self._organisation.at(happening.received_at)
        self._known_names.add(happening.event["customer"]["externalId"])
        item = self._organisation.send_event(happening.event)
        assert ("applied", []) == (item["status"], item["problems"]), item
        names = self._organisation.names()
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
        """Enrol a customer, who is registered first if unknown. Own goals come in a file."""
        self._organisation.at(enrolment.received_at)
        if enrolment.goals:
            self._upload(enrolment)
            return
        body: Json = {"customerId": self._organisation.registered(enrolment.customer), "periodName": enrolment.period}
        if enrolment.balance is not None:
            body["initialBalance"] = enrolment.balance
        if enrolment.reset:
            body["resetStreakStatus"] = True
        self._organisation.post(f"{self._organisation.path(enrolment.target)}/enroll", [body])

    def _upload(self, enrolment: Enrolment) -> None:
        self._organisation.registered(enrolment.customer)
        columns = ["externalId", "TargetName", *enrolment.goals]
        cells = [enrolment.customer, enrolment.target, *map(str, enrolment.goals.values())]
        query = {} if enrolment.period is None else {"periodName": enrolment.period}
        path = f"/api/v1/targetGroups/{self._organisation.group_of(enrolment.target)['id']}/enrolments"
        answered = self._organisation.post(path, f"{','.join(columns)}\n{','.join(cells)}\n".encode(), **query)
        assert (1, []) == (answered["enrolled"], answered["refused"]), answered

    def leave(self, customer: str, target: str, received_at: Micros) -> None:
        """Take a customer out of a target."""
        self._organisation.at(received_at)
        self._organisation.post(
            f"{self._organisation.path(target)}/unEnroll", [{"customerId": self._organisation.registered(customer)}]
        )

    def grant(self, customer: str, group: str, freezes: int, received_at: Micros) -> None:
        """Grant a customer streak freezes."""
        body = {"id": f"freezes {next(self._calls)}", "count": freezes}
        self._of_streak(customer, group, "freezes", body, received_at)

    def pause(self, customer: str, group: str, starts_at: Micros, ends_at: Micros, received_at: Micros) -> None:
        """Pause a customer's streak."""
        iso = calendar_of("UTC").iso
        body = {"id": f"pause {next(self._calls)}", "from": iso(starts_at), "to": iso(ends_at)}
        self._of_streak(customer, group, "pauses", body, received_at)

    def _of_streak(self, customer: str, group: str, what: str, body: Json, received_at: Micros) -> None:
        self._organisation.at(received_at)
        group_id = next(one["id"] for one in self._organisation.groups if one["name"] == group)
        path = f"/api/v1/customers/{self._organisation.registered(customer)}/streaks/{group_id}/{what}"
        assert "applied" == self._organisation.post(path, body)["status"]

    def decide(self, decision: Decision) -> Decimal:
        """Ask how much of an award may be given."""
        self._organisation.at(decision.received_at)
        body: Json = {"id": decision.id, "amount": decision.amount, "kind": decision.kind}
        if decision.currency is not None:
            body |= {"currency": decision.currency, "programId": decision.program_id}
        if decision.bill is not None:
            body["bill"] = decision.bill | {"number": decision.id}
        path = f"/api/v1/customers/{self._organisation.registered(decision.customer)}/awards"
        return Decimal(self._organisation.post(path, body)["given"])

    def edit(self, target: str, change: Json, received_at: Micros) -> None:
        """Change a target."""
        self._organisation.at(received_at)
        self._organisation.send("PUT", self._organisation.path(target), json=change)

    def count_stored(self, target: str, received_at: Micros) -> None:
        """Count events received before the target was created, for all customers of the story."""
        self._organisation.at(received_at)
        known = [id_ for name in self._known_names if (id_ := self._organisation.customer(name)) is not None]
        path = f"/api/v1/targetGroups/{self._organisation.group_of(target)['id']}/countStored"
        self._organisation.post(path, {"customers": known})

    def enter(self, customer: str, audience: str, received_at: Micros) -> None:
        """Put a customer into an audience group."""
        self._organisation.at(received_at)
        audience_id, customer_id = self._organisation.audiences[audience], self._organisation.registered(customer)
        path = f"/api/v1/audiences/{audience_id}/members/{customer_id}"
        assert 1 == self._organisation.send("PUT", path)["entered"]

    def go_out(self, customer: str, audience: str, received_at: Micros) -> None:
        """Take a customer out of an audience group."""
        self._organisation.at(received_at)
        audience_id, customer_id = self._organisation.audiences[audience], self._organisation.registered(customer)
        path = f"/api/v1/audiences/{audience_id}/members/{customer_id}"
        assert self._organisation.send("DELETE", path)["left"]

    def set(self, name: str, value: str, received_at: Micros) -> None:
        """Change a setting of the organisation."""
        self._organisation.at(received_at)
        given = int(value) if value.isdigit() else value
        self._organisation.send("PATCH", "/api/v1/organisation", json={"settings": {name: given}})

    def merge(self, victim: str, survivor: str, received_at: Micros) -> None:
        """Ask for a merge by the names of both."""
        self._organisation.at(received_at)
        names = {
            field: [{"type": "externalId", "value": name}] for field, name in (("add", survivor), ("remove", victim))
        }
        about = {"type": "CHANGE_IDENTIFIER", "baseType": "MERGE"}
        body = about | {"changeIdentifierRequest": {"changeIdentifiers": names}}
        answered = self._organisation.post("/v2/requests", body)
        assert 0 == answered["failureCount"], answered
        self._organisation.forget(victim)

    def pass_time(self, received_at: Micros) -> None:
        """Let time pass, as the server's worker does."""
        self._organisation.at(received_at)
        self._organisation.client.run(lambda: tick(self._organisation.client.runtime, page=PAGE))

    def seen(self, customer: str, target: str, period: str) -> Seen | None:
        """Return the row that the customer's view shows, unless it is made up."""
        row = self._organisation.row(customer, target, period)
        if row is None or row["targetId"] is None:
            return None
        return Seen(
            value=row["targetAchievedValue"],
            goal=row["targetValue"],
            achieved_by=row["targetAchievedEventLogId"],
            marks=frozenset(mark["triggerName"] for mark in row["milestones"] or () if mark["isAchieved"]),
            updated_at=to_seconds(_instant(row["lastUpdatedOnISO"])),
        )

    def window(self, customer: str, target: str, period: str) -> tuple[Micros, Micros]:
        """Return the span of an own window of a customer.

        The view shows the instant at which the next window begins; the group's end, after the last one, is shown by its
        last second (facts 8 #93).
        """
        row = self._organisation.row(customer, target, period)
        assert row is not None
        opens, last = row["periodStartDateWithTimeStampISO"], row["periodEndDateWithTimeStampISO"]
        end = _instant(last)
        is_group_end = end % MINUTE_US == MINUTE_US - SECOND_US
        return _instant(opens), Micros(end + SECOND_US) if is_group_end else end

    def level(self, customer: str, level: str) -> Level:
        """Return how far a customer is on the way to a streak level, as the view shows it."""
        group, found = next(
            (one, lvl) for one in self._organisation.groups for lvl in one.get("streaks", ()) if lvl["name"] == level
        )
        shown = [one for one in self._organisation.shown(customer) if one["id"] == group["id"]]
        if not shown:
            return Level(0, found["targetCountOfSequence"], None)
        row = next(one for one in shown[0]["streaks"] if one["streakName"] == level)
        periods = {one["targetId"]: one["periodRefCode"] for one in shown[0]["targets"]}
        earned = periods[row["streakAchievedUserTargetId"]] if row["status"] == "ACHIEVED" else None
        return Level(row["currentCount"], row["totalTargetCountOfSequence"], earned)

    def composite_cause(self, customer: str, group: str, period: str) -> int | None:
        """Return the log id of the event that achieved a unified group in a period, None if it is not achieved."""
        found = next(one for one in self._organisation.groups if one["name"] == group)
        period_id = next(one["id"] for one in found["periods"] if one["refCode"] == period)
        told = [one for one in self._progress(customer) if one["id"] == found["id"]]
        composites = [one for one in told[0]["wholes"] if one["periodId"] == period_id] if told else []
        return composites[0]["achievedBy"] if composites else None

    def left(self, customer: str, target: str, period: str) -> Decimal:
        """Return what may still be given under a cap."""
        customer_id = self._organisation.registered(customer)
        caps = self._organisation.get(f"/api/v1/customers/{customer_id}/caps")["items"]
        found = [cap for cap in caps if (cap["targetName"], cap["periodRefCode"]) == (target, period)]
        if found:
            return Decimal(found[0]["left"])
        seen = self.seen(customer, target, period)
        assert seen is not None
        return max(seen.goal - seen.value, Decimal(0))

    def told(self, customer: str) -> list[str]:
        """Return what a customer's events led to, in words, oldest first."""
        names = self._organisation.names()
        return [told(outcome, names) for outcome, _ in self._organisation.outcomes(customer)]

    def _progress(self, customer: str) -> list[Json]:
        """Return a customer's groups as our own API shows them."""
        customer_id = self._organisation.registered(customer)
        groups: list[Json] = self._organisation.get(f"/api/v1/customers/{customer_id}/progress")["groups"]
        return groups


def _instant(text: str) -> Micros:
    return calendar_of("UTC").read(text).instant
