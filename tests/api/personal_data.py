"""A customer whose every kind of personal data is a word that stands nowhere else, and where such words are found."""

import asyncio
import subprocess
from collections.abc import Iterable
from typing import Any

from milepost.postgres.account import own_account
from milepost.postgres.binaries import find_binaries
from tests.api.client import Json, OrganisationClient, json_of
from tests.api.client_forms import bill, event, group, target
from tests.api.receiver import Got, Stage

KINDS = (
    *("external", "victim", "email", "card", "wechat", "first", "last", "field", "extended", "alias"),
    *("bill", "event", "source", "article", "lineattribute", "billfield", "attribute", "returned"),
    *("webhookid", "answer", "goal", "waiting"),
)
MOBILE = "919999912345"
BEHAVIOUR = "Wandered"
CANARIES = {kind: f"zqx{kind}" for kind in KINDS} | {"mobile": MOBILE}
"""A word for each kind of personal data."""


async def repeat(got: Got, writer: asyncio.StreamWriter) -> None:
    """Answer a webhook with what it sent and a word of its own."""
    body = CANARIES["answer"].encode() + got.body
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body)


class Person:
    """A customer with a canary in each place where Milepost keeps what a client says."""

    def __init__(self, organisation: OrganisationClient, stage: Stage) -> None:
        """Define what can be reached, and have the person do everything."""
        self.organisation = organisation
        self.stage = stage
        word = CANARIES
        organisation.post("/v2/events", {"eventName": BEHAVIOUR, "actions": ["EMFConsumer"]})
        listed = target(enrolmentMethod="IMPORT")
        self.group = organisation.define(group(target(), leaderboardEnabled=True))
        self.closed = organisation.define(group(listed))
        organisation.define(group(target(defaultValues=[{"defaultValue": 300}])))
        pattern = organisation.define(group(target(), active=False))["targets"][0]["id"]
        settings = {"goalTemplates": [f"{pattern}:10-500"], "goalDays": 30, "goalsAtOnce": 2, "outcomeFeed": "ON"}
        organisation.send("PATCH", "/api/v1/organisation", json={"settings": settings})
        self.webhook = json_of(organisation.post("/api/v1/webhooks", {"url": stage.receiver.url}))["id"]
        self.register()
        self.id = organisation.customer(word["external"])
        answers = organisation.send_events(*self.events())
        assert {"applied"} == {answer["status"] for answer in answers}, answers
        self._take_part(pattern)
        stage.deliver()
        organisation.send_events(bill("500", customer=word["external"], time="2026-01-20T11:30:00Z"))

    def register(self) -> None:
        """Register the person with names, identifiers and fields."""
        word = CANARIES
        identifiers = [
            {"type": "externalId", "value": word["external"]},
            {"type": "email", "value": f"{word['email']}@example.com"},
            {"type": "mobile", "value": MOBILE},
            {"type": "cardnumber", "value": word["card"]},
            {"type": "wechat", "value": word["wechat"]},
        ]
        profile = {"identifiers": identifiers, "firstName": word["first"], "lastName": word["last"]}
        profiles = [profile | {"fields": {"colour": word["field"]}}]
        body = {"profiles": profiles, "extendedFields": {"city": word["extended"]}}
        answered = self.organisation.post("/v2/customers", body)
        assert answered.status_code == 200, answered.text

    def events(self) -> list[Json]:
        """Return what the person did: a bill with lines and fields, a return of it, one that waits, and an activity."""
        word = CANARIES
        line = {"code": word["article"], "quantity": 2, "netAmount": 60, "attributes": {"a": word["lineattribute"]}}
        data = {"number": word["bill"], "netAmount": 120, "lines": [line], "extendedFields": {"x": word["billfield"]}}
        named: Json = {"customer": {"externalId": word["external"]}, "source": word["source"]}
        return [
            bill("120", **named | {"id": word["event"], "data": data}),
            bill("7", word["victim"], customer=word["victim"]),
            event("ReturnBill", "2026-01-20T11:00:00Z", **named)
            | {"data": {"returnType": "AMOUNT", "original": word["bill"], "amount": 3}, "id": word["returned"]},
            event("ReturnBill", "2026-01-20T11:00:00Z", **named)
            | {"data": {"returnType": "FULL", "original": word["waiting"]}},
            event(BEHAVIOUR, **named) | {"data": {"thing": word["attribute"]}},
        ]

    def _take_part(self, pattern: int) -> None:
        """Have the person merge with another customer, take part, set a goal, be in an audience, and have an alias."""
        organisation, word = self.organisation, CANARIES
        path = f"/v3/targetGroups/{self.closed['id']}/targets/{self.closed['targets'][0]['id']}/enroll"
        organisation.post(path, [{"customerId": self.id}])
        organisation.send("PATCH", f"/api/v1/customers/{self.id}", json={"alias": word["alias"]})
        goal = {"template": pattern, "goal": 100, "startDate": "2026-01-20", "endDate": "2026-01-31"}
        goal |= {"name": word["goal"]}
        assert 200 == organisation.post(f"/api/v1/customers/{self.id}/goals", goal).status_code
        audience = json_of(organisation.post("/api/v1/audiences", {"name": "Friends"}))
        version = audience["versions"][0]["id"]
        members = f"/api/v1/audiences/{audience['id']}/members/{self.id}"
        assert 200 == organisation.send("PUT", members, params={"versionId": version}).status_code
        told = {"event_name": BEHAVIOUR, "customerId": self.id, "uniqueId": word["webhookid"]}
        organisation.client.send("POST", f"/webhooks/{organisation.webhook_id}", json=told)
        merge = {
            "add": [{"type": "id", "value": str(self.id)}],
            "remove": [{"type": "externalId", "value": word["victim"]}],
        }
        body = {
            "type": "CHANGE_IDENTIFIER",
            "baseType": "MERGE",
            "changeIdentifierRequest": {"changeIdentifiers": merge},
        }
        assert 0 == json_of(organisation.post("/v2/requests", [body]))["failureCount"]

    def erase(self, customer_id: int | None = None) -> Any:
        """Erase the person; return the answer."""
        path = f"/api/v1/customers/{customer_id or self.id}/erasure"
        answered = self.organisation.post(path, {"reference": "ticket 4711"})
        assert answered.status_code == 200, answered.text
        return json_of(answered)


def dump_of(url: str) -> str:
    """Return everything that the database at *url* holds, as PostgreSQL writes it."""
    program = find_binaries(None, own_account()).folder / "pg_dump"
    return subprocess.run([program, f"--dbname={url}"], check=True, capture_output=True, text=True).stdout


def bytes_as_text(text: str) -> str:
    """Return *text* followed by what its hexadecimal values say, in which a canary may hide."""
    hidden = [bytes.fromhex(part[3:].split()[0].split("\t")[0]) for part in _hexadecimal(text)]
    return text + "\n".join(value.decode("latin-1") for value in hidden)


def _hexadecimal(text: str) -> Iterable[str]:
    return (cell for line in text.splitlines() for cell in line.split("\t") if cell.startswith("\\\\x"))


def found_in(text: str) -> set[str]:
    """Return the kinds of personal data that *text* holds."""
    whole = bytes_as_text(text).lower()
    return {kind for kind, canary in CANARIES.items() if canary in whole}
