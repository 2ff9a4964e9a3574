"""Names of events: what is misspelt is refused, what is unknown is taken with a warning (facts 8 #65; cases 12, 13)."""

from typing import Any

import pytest

from milepost.api.http.body import write_json
from milepost.model.event import BILL, CURRENCY, POINTS, RETURN, REVERSAL
from milepost.service.scheduled.verify import VerifiedCustomer, verify
from tests.api.client import Json, OrganisationClient, json_of
from tests.api.client_forms import RUN, bill, event, group, target

AWARD = {"amount": 5, "programId": 1}


def heard(organisation: OrganisationClient, **changes: Any) -> tuple[int, list[tuple[int, str]], list[str]]:
    """Send an event to the webhook; return the status, its errors and its warnings."""
    body = {"event_name": "Run", "externalId": "anna"} | changes
    answered = organisation.client.send("POST", f"/webhooks/{organisation.webhook_id}", json=body)
    told = json_of(answered)
    warnings = [warning["message"] for warning in told.get("warnings") or ()]
    return answered.status_code, [(error["code"], error["message"]) for error in told.get("errors") or ()], warnings


def reasons(item: Json) -> tuple[str, list[str], list[str]]:
    """Return what became of an event, its problems and its warnings."""
    return item["status"], *([note["reason"] for note in item[kind]] for kind in ("problems", "warnings"))


@pytest.mark.parametrize(
    "name, data, meant",
    [
        ("transactionAdd", {"number": "1", "netAmount": 3}, BILL),
        ("TRANSACTIONADD", {}, BILL),
        ("TransactionAd", {}, BILL),
        ("TransactoinAdd", {}, BILL),
        ("RetrunBill", {}, RETURN),
        ("Returnbill", {}, RETURN),
        ("PointsAward", {}, POINTS),
        ("pointsAwarded", {}, POINTS),
        ("CurrencyAwardet", {}, CURRENCY),
        ("CustomerUpdated", {}, "CustomerUpdate"),
        ("customerRegistration", {}, "CustomerRegistration"),
        ("targetCompleted", {}, "TargetCompleted"),
        ("Purchase", {"number": "1", "netAmount": 3}, BILL),
        ("Purchase", {"billNumber": "1", "billAmount": 3}, BILL),
        ("GoodsBack", {"returnType": "FULL", "original": "1"}, RETURN),
        ("Bonus", AWARD, POINTS),
        ("Bonus", AWARD | {"currency": "stars"}, CURRENCY),
    ],
)
def test_a_misspelt_name_is_refused_at_every_door(
    organisation: OrganisationClient, name: str, data: Json, meant: str
) -> None:
    """Natively as JSON and as lines, and by the webhook; nothing is stored, not even the customer."""
    reason = f'there is no "{name}"; did you mean "{meant}"?'
    (item,) = organisation.send_events(event(name, data=data))
    assert ("refused", [reason], []) == reasons(item)
    assert "type" == item["problems"][0]["path"]
    by_line = organisation.send(
        "POST",
        "/api/v1/events",
        content=write_json(event(name, data=data)),
        headers={"content-type": "application/x-ndjson"},
    )
    assert ("refused", [reason], []) == reasons(json_of(by_line)["items"][0])
    assert (400, [(7311, reason)], []) == heard(organisation, event_name=name, **data)
    assert {"till": 1} == organisation.stored()


def test_the_right_name_is_applied_after_the_wrong_one(organisation: OrganisationClient) -> None:
    """Case 12 A: a refused event leaves its id free."""
    organisation.define(group())
    sent = bill("30")
    statuses = [organisation.send_events(sent | {"type": name})[0]["status"] for name in ("transactionAdd", BILL)]
    assert ["refused", "applied"] == statuses


def test_a_misspelt_bill_with_lines_is_told_what_it_may_mean(organisation: OrganisationClient) -> None:
    """What keeps the event out is said with it: lines are no attribute."""
    (item,) = organisation.send_events(bill("30") | {"type": "Purchase"})
    assert {"data.lines", "type"} == {problem["path"] for problem in item["problems"]}
    assert 'did you mean "TransactionAdd"?' == item["problems"][-1]["reason"]


def test_an_unknown_name_is_taken_with_a_warning(organisation: OrganisationClient) -> None:
    """Events may be sent before the target that counts them is made; then there is no warning any more."""
    warning = 'no target counts events called "Swim", and no such event is defined'
    (item,) = organisation.send_events(event("Swim"))
    assert ("applied", [], [warning]) == reasons(item)
    assert (200, [], [f"event_name: {warning}"]) == heard(organisation, event_name="Swim", uniqueId="1")
    organisation.define(group(target("EVENT", "COUNT", eventName="Swim")))
    (item,) = organisation.send_events(event("Swim"))
    assert ("applied", [], []) == reasons(item)
    assert (200, [], []) == heard(organisation, event_name="Swim", uniqueId="2")


@pytest.mark.parametrize("name", [BILL, "CustomerRegistration", "CustomerUpdate"])
def test_built_in_names_have_no_warning(organisation: OrganisationClient, name: str) -> None:
    """They mean something, whether a target counts them or not."""
    sent = bill() if name == BILL else event(name)
    assert ("applied", [], []) == reasons(organisation.send_events(sent)[0])


def test_a_name_that_is_defined_or_counted_is_no_mistake(organisation: OrganisationClient) -> None:
    """An organisation that has an event of its own with such a name means it."""
    organisation.post("/v2/events", RUN | {"eventName": "TransactionAdded"})
    organisation.define(group(target("EVENT", "COUNT", eventName="Purchase")))
    sent = [event("TransactionAdded"), event("Purchase", data={"number": "1", "netAmount": 3})]
    assert [("applied", [], [])] * 2 == [reasons(item) for item in organisation.send_events(*sent)]


@pytest.mark.parametrize("name", [BILL, RETURN, POINTS, CURRENCY, "TargetCompleted", "milepost.Enrol", "milepost.New"])
def test_the_webhook_refuses_names_of_ours(organisation: OrganisationClient, name: str) -> None:
    """Case 13 A, and every other name whose events have fields of their own or are made by Milepost."""
    status, errors, _ = heard(organisation, event_name=name, amount=40)
    assert (400, [7311]) == (status, [code for code, _ in errors])
    assert f'"{name}" is kept for' in errors[0][1]
    assert {"till": 1} == organisation.stored()


@pytest.mark.parametrize("name", ["TargetCompleted", "milepost.Enrol", "milepost.New"])
def test_names_of_our_own_events_are_refused_natively(organisation: OrganisationClient, name: str) -> None:
    """An achievement is what Milepost says, not what a client says."""
    (item,) = organisation.send_events(event(name))
    assert ("refused", [f'"{name}" is kept for Milepost itself'], []) == reasons(item)


def test_names_of_ours_cannot_be_defined(organisation: OrganisationClient) -> None:
    """A definition cannot give them other fields."""
    for name in (POINTS, REVERSAL, "TargetCompleted"):
        answered = organisation.post("/v2/events", RUN | {"eventName": name})
        assert (400, [7300]) == (answered.status_code, [error["code"] for error in json_of(answered)["errors"]])


def test_what_an_older_webhook_stored_can_be_read(organisation: OrganisationClient) -> None:
    """Case 13 A, in a database that holds such an event: search, enrolment and verification go through."""
    defined = organisation.define(group(target(enrolmentMethod="IMPORT")))
    organisation.send_events(bill("30"))
    (item,) = organisation.send_events(event("Swim", data={"amount": 40}))
    anna = item["customerId"]
    change = "update event set name = 'PointsAwarded' where org_id = %s and name = 'Swim'"
    organisation.client.connection.execute(change, [organisation.organisation.id])
    query = {
        "userIdentifierType": "id",
        "userIdentifierValue": anna,
        "fromDate": "2026-01-01",
        "tillDate": "2026-01-31",
    }
    assert 200 == organisation.send("GET", "/v2/events/search", params=query).status_code
    path = f"/v3/targetGroups/{defined['id']}/targets/{defined['targets'][0]['id']}/enroll"
    organisation.data("POST", path, [{"customerId": anna, "periodName": "January"}])
    assert [None] == [one.failure for one in verified(organisation) if one.customer_key.customer_id == anna]


def test_an_event_that_cannot_be_read_is_reported(organisation: OrganisationClient) -> None:
    """Verification names the event, goes on with the other customers, and says that this one differs."""
    sent = bill("30")
    (item, _) = organisation.send_events(sent, bill("5", customer="bert"))
    change = "update event set body = '[null]' where org_id = %s and customer_id = %s"
    organisation.client.connection.execute(change, [organisation.organisation.id, item["customerId"]])
    own = [one for one in verified(organisation) if one.customer_key.org_id == organisation.organisation.id]
    assert [(False, True), (True, False)] == sorted((one.agrees, one.failure is not None) for one in own)
    assert any(sent["id"] in (one.failure or "") for one in own)


def verified(organisation: OrganisationClient) -> list[VerifiedCustomer]:
    """Replay every log of the database."""

    async def replayed() -> list[VerifiedCustomer]:
        return [one async for one in verify(organisation.client.runtime.database, org_id=organisation.organisation.id)]

    return organisation.client.run(replayed)
