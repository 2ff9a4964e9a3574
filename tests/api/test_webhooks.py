"""`POST /webhooks/{id}`: behavioural events in the vendor's flat shape (facts 3.8, 4.6)."""

from decimal import Decimal
from typing import Any

import httpx2
import pytest

from tests.api.client import Json, OrganisationClient, json_of
from tests.api.client_forms import group, target

ACCEPTED = {"code": 1100, "message": "Event is pushed to transformation state"}
KEPT = ("milepost.Enrol", "TransactionAdd", "ReturnBill", "PointsAwarded", "CurrencyAwarded", "TargetCompleted")
"""Names that are no names of behavioural events."""


def run(**changes: Any) -> Json:
    """Return a run of Anna's."""
    return {"event_name": "Run", "externalId": "anna"} | changes


def post(organisation: OrganisationClient, body: Any) -> httpx2.Response:
    """Send an event to the organisation's secret address, without a login."""
    options: Json = {"content": body} if isinstance(body, bytes) else {"json": body}
    return organisation.client.send("POST", f"/webhooks/{organisation.webhook_id}", **options)


def taken(organisation: OrganisationClient, body: Json) -> Json:
    """Send an event that is taken; return the answer."""
    answered = post(organisation, body)
    assert 200 == answered.status_code, answered.text
    told: Json = json_of(answered)
    return told


def defined(organisation: OrganisationClient) -> None:
    """Define targets that count every run and sum its kilometres."""
    organisation.define(group(target("EVENT", "COUNT", eventName="Run")))
    kilometres = {"extendedFieldInfo": {"name": "km", "aggregateFunction": "SUM"}}
    organisation.define(group(target("EVENT", "EVENT_ATTRIBUTE", eventName="Run", **kilometres)))


def values(organisation: OrganisationClient) -> list[Decimal]:
    """Return what Anna has reached, target by target."""
    return [row["targetAchievedValue"] for row in organisation.rows(organisation.customer("anna"))]


def test_an_event_is_accepted_and_counted(organisation: OrganisationClient) -> None:
    """The answer has the vendor's words and an id of the request."""
    defined(organisation)
    told = taken(organisation, run(km="5.5", shoe="red", fast=True, coach=None))
    assert (["status", "requestId", "warnings"], ACCEPTED) == (list(told), told["status"])
    assert 32 == len(told["requestId"])
    assert [Decimal(1), Decimal("5.5")] == values(organisation)


def test_an_event_happens_when_it_says(organisation: OrganisationClient) -> None:
    """`eventDateTime` is the event's own time; without it, it is the time of receipt."""
    defined(organisation)
    organisation.client.clock.set("2026-02-10T12:00:00Z")
    taken(organisation, run(km=1, eventDateTime="2026-01-20T10:00:00Z"))
    taken(organisation, run(km=2))
    rows = [row for row in organisation.rows(organisation.customer("anna"), includeInactive="true") if row["targetId"]]
    found = {(row["targetType"], row["periodRefCode"]): row["targetAchievedValue"] for row in rows}
    assert (1, 2) == (found["EVENT_ATTRIBUTE", "January"], found["EVENT_ATTRIBUTE", "February"])


def test_a_dated_event_that_is_sent_again_counts_once(organisation: OrganisationClient) -> None:
    """What a dated event says names it; `uniqueId` does where it is given; without either each is new."""
    defined(organisation)
    for _ in range(2):
        taken(organisation, run(km=1, eventDateTime="2026-01-20T10:00:00Z"))
        taken(organisation, run(km=2, uniqueId="u", eventDateTime="2026-01-20T10:00:00Z"))
        taken(organisation, run(km=4))
    assert [Decimal(4), Decimal(11)] == values(organisation)


def test_another_event_under_a_unique_id_is_refused(organisation: OrganisationClient) -> None:
    """What was received is not changed."""
    taken(organisation, run(km=1, uniqueId="u"))
    answered = post(organisation, run(km=2, uniqueId="u"))
    assert (400, 1) == (answered.status_code, organisation.stored()["event"])


def test_every_name_of_a_customer_will_do(organisation: OrganisationClient) -> None:
    """An id as a number or as text, and the other names."""
    taken(organisation, run())
    id_ = organisation.customer("anna")
    for name in ({"customerId": id_}, {"customerId": str(id_)}, {"userId": id_}):
        taken(organisation, {"event_name": "Run"} | name)
    assert (4, 1) == (organisation.stored()["event"], organisation.stored()["customer"])


@pytest.mark.parametrize(
    "body, expected",
    [
        ([], "the body must be a JSON object"),
        ({"externalId": "anna"}, "event_name: must be text of 1 to 100 characters"),
        (run(event_name=""), "event_name: must be text of 1 to 100 characters"),
        (run(event_name="e" * 101), "event_name: must be text of 1 to 100 characters"),
        (run(event_name=5), "event_name: must be text of 1 to 100 characters"),
        ({"event_name": "Run"}, "one of customerId, userId, externalId, mobile, email, cardnumber, cardExternalId, "),
        (run(externalId=[]), "externalId: must be an identifier of 1 to 200 characters"),
        (run(externalId="a" * 201), "externalId: must be an identifier of 1 to 200 characters"),
        (run(customerId="anna"), "customerId: must be an identifier of 1 to 200 characters"),
        (run(customerId=10**30), "customerId: must be an identifier of 1 to 200 characters"),
        (run(customerId=True), "customerId: must be an identifier of 1 to 200 characters"),
        (run(km={}), "km: must be text, a number, true, false or null"),
        (run(km="\0"), "a text holds the character U+0000"),
        (run(externalId="\0"), "a text holds the character U+0000"),
        (run(uniqueId="\0"), "a text holds the character U+0000"),
        (run(eventDateTime="yesterday"), "eventDateTime: is not a date-time"),
        (run(eventDateTime=5), "eventDateTime: is not a date-time"),
        (run(eventDateTime="1969-12-31"), "eventDateTime: lies before 1970"),
        (
            run(eventDateTime="2026-01-21T12:00:01Z"),
            "eventDateTime: lies more than 24 hours ahead of the server's clock",
        ),
        (b"", "the body is not valid JSON"),
        (b'{"km": NaN}', "the body is not valid JSON"),
        (b"[" * 100_000, "the JSON is deeper than 32 levels"),
    ],
)
def test_a_bad_event_is_refused(organisation: OrganisationClient, body: Any, expected: str) -> None:
    """Invalid input in the vendor's envelope, and nothing is stored."""
    answered = post(organisation, body)
    error = json_of(answered)["errors"][0]
    assert (400, 300004) == (answered.status_code, error["code"])
    message = error["message"].removeprefix("Invalid input, check all values and ensure they are correct. ")
    assert expected == message[: len(expected)]
    assert {"till": 1} == organisation.stored()


def test_an_unknown_customer_is_refused(organisation: OrganisationClient) -> None:
    """The vendor's code for a user that does not exist."""
    answered = post(organisation, {"event_name": "Run", "mobile": "5"})
    assert (400, [310011]) == (answered.status_code, [error["code"] for error in json_of(answered)["errors"]])


def test_a_body_of_20_megabytes_is_refused(organisation: OrganisationClient) -> None:
    """Past 1 MiB nothing is read on."""
    assert 413 == post(organisation, b" " * 20_000_000).status_code
