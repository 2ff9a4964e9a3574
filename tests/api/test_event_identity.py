"""Which events are the same event, and in which order events are judged: cases 02, 09 and 11, and their neighbours."""

from typing import Any

import httpx2
import pytest

from milepost.api.http.body import write_json
from tests.api.client import Json, OrganisationClient, json_of
from tests.api.client_forms import bill as event_bill
from tests.api.client_forms import group, target
from tests.api.test_transactions import back, bill, refused, sent

BERTA = {"identifierName": "externalId", "identifierValue": "berta"}
NOW = "2026-11-15T12:00:00Z"
NOVEMBER = {"refCode": "Nov", "startDate": "2026-11-01", "endDate": "2026-11-30"}
YEARS = tuple(
    {"refCode": str(year), "startDate": f"{year}-01-01", "endDate": f"{year}-12-31"} for year in (2024, 2025, 2026)
)
SECOND = 1_000_000
OF_ANOTHER = "billNumber: was received before from this till, for another customer"
CHANGED = "billNumber: was received before from this till, with other content"
DATED = {"billingDate": "2026-11-02T10:00:00Z"}


@pytest.fixture
def november(organisation: OrganisationClient) -> OrganisationClient:
    """Return an organisation with a target over November 2026, in the middle of that month."""
    organisation.client.clock.set(NOW)
    organisation.define(group(periods=(NOVEMBER,)))
    return organisation


@pytest.fixture
def years(organisation: OrganisationClient) -> OrganisationClient:
    """Return an organisation with a target over three years."""
    organisation.client.clock.set(NOW)
    organisation.define(group(periods=YEARS))
    return organisation


def spent(organisation: OrganisationClient, customer: str = "anna") -> dict[str, int]:
    """Return what a customer has spent, by period; periods without anything are left out."""
    shown = organisation.get(f"/api/v1/customers/{organisation.customer(customer)}/progress")
    return {
        period["refCode"]: int(period["value"])
        for shown_group in shown["groups"]
        for one in shown_group["targets"]
        for period in one["periods"]
        if period["value"]
    }


def post_return(organisation: OrganisationClient, body: Json, key: str | None = None) -> Json:
    """Send a transaction, perhaps with an idempotency key; return the answer to one that is taken."""
    headers = {} if key is None else {"Idempotency-Key": key}
    query = {"identifierName": "externalId", "identifierValue": "anna"}
    answered = organisation.send("POST", "/v2/transactions", content=write_json(body), params=query, headers=headers)
    told: Json = json_of(answered)
    assert (200, []) == (answered.status_code, told["errors"]), answered.text
    return told


def test_case_02_a_a_bill_number_posted_for_a_second_customer(november: OrganisationClient) -> None:
    """624 names the conflict; the till has sold once."""
    sent(november, bill("35", "B1", **DATED))
    assert [(624, OF_ANOTHER)] == refused(november, bill("35", "B1", **DATED), **BERTA)
    assert ({"Nov": 35}, {}) == (spent(november), spent(november, "berta"))


def test_case_02_the_same_through_our_own_api_and_in_bulk(november: OrganisationClient) -> None:
    """An event of our own API is a conflict; so is an item of a bulk call, while the others are taken."""
    (first, second) = november.send_events(
        event_bill("35", id="b", time="2026-11-02T10:00:00Z"),
        event_bill("35", id="b", time="2026-11-02T10:00:00Z", customer={"externalId": "berta"}),
    )
    assert ("applied", "conflict") == (first["status"], second["status"])
    assert "for another customer" in second["problems"][0]["reason"]
    items = [
        bill("1", number, **DATED) | {"identifierType": "externalId", "identifierValue": name}
        for number, name in (("N1", "anna"), ("N1", "berta"), ("N2", "berta"))
    ]
    answered = json_of(november.post("/v2/transactions/bulk", items))
    codes = [[error["message"] for error in item["errors"]] for item in answered["response"]]
    assert [[], [OF_ANOTHER], []] == codes
    assert ({"Nov": 36}, {"Nov": 1}) == (spent(november), spent(november, "berta"))


def test_case_02_b_the_same_number_a_year_later(years: OrganisationClient) -> None:
    """Two sales; a retry of either counts once and is answered as at first."""
    bodies = [bill("100", "1", billingDate="2025-11-02T10:00:00Z"), bill("80", "1", billingDate="2026-11-02T10:00:00Z")]
    first = [sent(years, body)["createdId"] for body in bodies]
    assert first == [sent(years, body)["createdId"] for body in bodies]
    assert 2 == len(set(first))
    assert {"2025": 100, "2026": 80} == spent(years)
    assert [(624, CHANGED)] == refused(years, bill("81", "1", billingDate="2026-06-01T10:00:00Z"))
    sent(years, bill("7", "1", billingDate="2024-06-01T10:00:00Z"), **BERTA)
    assert {"2024": 7} == spent(years, "berta")


def test_case_02_b_in_one_bulk_call_and_for_mixed_transactions(years: OrganisationClient) -> None:
    """The returns of a mixed transaction are named by its number, and so by its date."""
    anna = {"identifierType": "externalId", "identifierValue": "anna"}
    days = ("2024-11-02", "2026-11-02")
    bought = [bill("50", f"old {day}", billingDate=f"{day}T09:00:00Z") | anna for day in days]
    mixed = [
        anna
        | bill("20", "7", billingDate=f"{day}T10:00:00Z")
        | {
            "type": "MIXED",
            "lineItemsV2": [
                {"itemCode": "milk", "qty": 1, "amount": 20},
                {
                    "type": "RETURN",
                    "returnType": "AMOUNT",
                    "parentBillNumber": f"old {day}",
                    "itemCode": "x",
                    "amount": 5,
                },
            ],
        }
        for day in days
    ]
    for _ in range(2):
        answered = json_of(years.post("/v2/transactions/bulk", [*bought, *mixed]))
        assert 0 == answered["failureCount"], answered
    assert {"2024": 65, "2026": 65} == spent(years)


def test_case_09_a_an_offline_tills_bills(organisation: OrganisationClient) -> None:
    """In one request or one by one: the first event that is received opens the windows.

    The bill of 9 November is of the 24 hours before that, so it counts too (decision 99).
    """
    organisation.client.clock.set(NOW)
    cyclic = {
        "targetEvaluationType": "CYCLIC_WINDOW",
        "frequencyType": "CUSTOM",
        "frequency": 30,
        "recurringCycles": 3,
        "targetCycleStartDateISO": "2026-01-01T00:00:00Z",
        "targetCycleEndDateISO": "2027-12-31T23:59:59Z",
    }
    windows = tuple({"refCode": f"W{number}"} for number in range(3))
    organisation.define(group(target("TRANSACTION", "COUNT"), periods=windows, **cyclic))
    days = (10, 8, 9)
    together = [event_bill("1", id=f"a{day}", time=f"2026-11-{day:02}T10:00:00Z") for day in days]
    organisation.send_events(*together)
    for day in days:
        berta = {"externalId": "berta"}
        organisation.send_events(event_bill("1", id=f"b{day}", time=f"2026-11-{day:02}T10:00:00Z", customer=berta))
    in_bulk = [
        bill("1", f"c{day}", billingDate=f"2026-11-{day:02}T10:00:00Z")
        | {"identifierType": "externalId", "identifierValue": "carl"}
        for day in days
    ]
    assert 0 == json_of(organisation.post("/v2/transactions/bulk", in_bulk))["failureCount"]
    assert [{"W0": 2}] * 3 == [spent(organisation, name) for name in ("anna", "berta", "carl")]


def test_case_11_a_a_bill_without_a_date_sent_again(november: OrganisationClient) -> None:
    """The same body is the same bill: the time of its receipt is not what the till said."""
    first = sent(november, bill("25", "T-1"))
    november.client.clock.advance(2 * SECOND)
    assert first == sent(november, bill("25", "T-1"))
    assert [(624, CHANGED)] == refused(november, bill("26", "T-1"))
    assert [(624, CHANGED)] == refused(november, bill("25", "T-1", **DATED))
    assert [(624, OF_ANOTHER)] == refused(november, bill("25", "T-1"), **BERTA)
    assert {"Nov": 25} == spent(november)


def test_case_11_b_two_refunds_of_the_same_amount(november: OrganisationClient) -> None:
    """With a key each they are two; without, the second is answered as the first, with a warning."""
    sent(november, bill("80", "T-2", **DATED))
    refund = back("AMOUNT", "T-2", billAmount=20)
    first = post_return(november, refund)
    november.client.clock.advance(2 * SECOND)
    again = post_return(november, refund)
    assert (first["createdId"], []) == (again["createdId"], first["warnings"])
    assert ["taken for a repetition" in warning["message"] for warning in again["warnings"]] == [True]
    assert {"Nov": 60} == spent(november)
    second = post_return(november, refund, "refund 2")
    november.client.clock.advance(2 * SECOND)
    assert second == post_return(november, refund, "refund 2")
    assert second["createdId"] != first["createdId"]
    assert {"Nov": 40} == spent(november)


@pytest.mark.parametrize(
    "body",
    [
        back("FULL", "T-3"),
        back("CANCELLED", "T-3"),
        back("LINE_ITEM", "T-3", lineItemsV2=[{"itemCode": "wine", "qty": 1, "amount": 20}]),
    ],
)
def test_case_11_other_returns_without_dates(november: OrganisationClient, body: Json) -> None:
    """Each kind of return that is sent again is answered as at first."""
    wine = {"itemCode": "wine", "qty": 4, "amount": 80}
    sent(november, bill("80", "T-3", lineItemsV2=[wine], **DATED))
    first = post_return(november, body)
    november.client.clock.advance(2 * SECOND)
    assert first == post_return(november, body) | {"warnings": []}


def test_an_idempotency_key_names_one_return(november: OrganisationClient) -> None:
    """Another return under the key of the first is refused; so is a key that is too long."""
    sent(november, bill("80", "T-4", **DATED))
    post_return(november, back("AMOUNT", "T-4", billAmount=20), "k")
    options: dict[str, Any] = {"params": {"identifierName": "externalId", "identifierValue": "anna"}}
    other = back("AMOUNT", "T-4", billAmount=30)
    for key, expected in (("k", "received before, with other content"), ("k" * 201, "Idempotency-Key: must be text")):
        options |= {"content": write_json(other), "headers": {"Idempotency-Key": key}}
        answered = november.send("POST", "/v2/transactions", **options)
        (error,) = json_of(answered)["errors"]
        assert (400, 624, True) == (answered.status_code, error["code"], expected in error["message"])
    assert {"Nov": 60} == spent(november)


def test_a_key_of_a_bulk_call_names_its_returns_by_their_places(november: OrganisationClient) -> None:
    """Two equal refunds in one call are two; the call that is sent again counts nothing."""
    sent(november, bill("80", "T-5", **DATED))
    anna = {"identifierType": "externalId", "identifierValue": "anna"}
    refunds = [back("AMOUNT", "T-5", billAmount=20) | anna] * 2
    for _ in range(2):
        headers = {"Idempotency-Key": "evening"}
        answered = november.send("POST", "/v2/transactions/bulk", content=write_json(refunds), headers=headers)
        assert 0 == json_of(answered)["failureCount"], answered.text
    assert {"Nov": 40} == spent(november)
    plain = json_of(november.post("/v2/transactions/bulk", refunds))
    assert [0, 1] == [len(item["warnings"]) for item in plain["response"]]
    assert {"Nov": 20} == spent(november)


def post(organisation: OrganisationClient, **changes: Any) -> httpx2.Response:
    """Send a run by the webhook."""
    body = {"event_name": "Run", "externalId": "anna"} | changes
    return organisation.client.send("POST", f"/webhooks/{organisation.webhook_id}", json=body)


@pytest.mark.parametrize(
    "changes",
    [
        {"external_event_id": "e"},
        {"external_event_id": 7},
        {"uniqueId": "u"},
        {"eventDateTime": "2026-01-20T10:00:00Z"},
    ],
)
def test_an_identified_event_counts_once(organisation: OrganisationClient, changes: Json) -> None:
    """By its own id or its date; when it is received is not compared, and there is no warning."""
    organisation.define(group(target("EVENT", "COUNT", eventName="Run")))
    for _ in range(2):
        answered = post(organisation, **changes)
        assert (200, ["status", "requestId"]) == (answered.status_code, list(json_of(answered)))
        organisation.client.clock.advance(2 * SECOND)
    assert 1 == organisation.stored()["event"]


def test_an_event_that_nothing_identifies_is_taken_each_time(organisation: OrganisationClient) -> None:
    """With a warning that says so."""
    for number in range(1, 3):
        warning, _ = json_of(post(organisation, uniqueId="", external_event_id=None))["warnings"]
        assert "counts each time" in warning["message"]
        assert number == organisation.stored()["event"]


def test_the_id_of_a_webhooks_event_is_not_another_customers(organisation: OrganisationClient) -> None:
    """Identified by its id, it is refused for a second customer; its other fields may not differ either."""
    assert 200 == post(organisation, external_event_id="e").status_code
    assert 400 == post(organisation, external_event_id="e", externalId="berta").status_code
    assert 400 == post(organisation, external_event_id="e", km=5).status_code
    assert 1 == organisation.stored()["event"]


@pytest.mark.parametrize("field", ["uniqueId", "external_event_id"])
@pytest.mark.parametrize("content", ["e" * 201, True, 1.5, {}])
def test_an_id_that_cannot_be_one_is_refused(organisation: OrganisationClient, field: str, content: Any) -> None:
    """It is not left out without a word."""
    answered = post(organisation, **{field: content})
    messages = [error["message"] for error in json_of(answered)["errors"]]
    assert (400, True) == (answered.status_code, any(f"{field}: must be" in message for message in messages))


def test_organisations_that_hold_events_are_switched_by_the_command_alone(organisation: OrganisationClient) -> None:
    """The setting says what is to be done first."""

    def changed(identity: str) -> httpx2.Response:
        content = write_json({"settings": {"eventIdentity": identity}})
        return organisation.send("PATCH", "/api/v1/organisation", content=content)

    assert [200, 200, 200] == [changed(name).status_code for name in ("CUSTOMER", "ORGANISATION", "CUSTOMER")]
    organisation.send_events(event_bill())
    answered = changed("ORGANISATION")
    assert (400, True) == (answered.status_code, "milepost org claim" in answered.text)
