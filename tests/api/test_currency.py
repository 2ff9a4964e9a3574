"""The currency of an organisation and of its bills (facts 8 #69; case 04)."""

from decimal import Decimal
from typing import Any

import httpx2
import pytest

from tests.api.client import ApiClient, Json, OrganisationClient, json_of
from tests.api.client_forms import back, bill, group

NAMED = "currencies are not told apart: JPY counts like any other; see the setting currency"
OTHER = "is JPY, but the organisation counts in USD"


@pytest.fixture(name="dollars")
def _dollars(front: ApiClient) -> OrganisationClient:
    """Return an organisation that counts in dollars, with a target."""
    organisation = front.organisation(currency="usd")
    organisation.define(group())
    return organisation


def post(organisation: OrganisationClient, number: str, **changes: Any) -> httpx2.Response:
    """Send a bill of Anna's by the vendor's call."""
    body = {"type": "REGULAR", "billNumber": number, "billAmount": 50, "billingDate": "2026-01-20T10:00:00Z"} | changes
    return organisation.post("/v2/transactions", body, identifierName="externalId", identifierValue="anna")


def value(organisation: OrganisationClient) -> Decimal:
    """Return what Anna has spent."""
    amount: Decimal = organisation.rows(organisation.customer("anna"))[0]["targetAchievedValue"]
    return amount


def in_currency(sent: Json, code: str) -> Json:
    """Return an event whose data name a currency."""
    return sent | {"data": sent["data"] | {"currency": code}}


def test_yen_are_not_added_to_dollars(dollars: OrganisationClient) -> None:
    """Case 04 A: the bill is refused with 624, and both currencies are named."""
    assert 200 == post(dollars, "1", currencyCode="USD").status_code
    answered = post(dollars, "2", billAmount=10_000, currencyCode="JPY")
    (error,) = json_of(answered)["errors"]
    assert (400, 624, f"currencyCode: {OTHER}") == (answered.status_code, error["code"], error["message"])
    assert Decimal(50) == value(dollars)


def test_a_bill_without_a_currency_is_in_the_organisations(dollars: OrganisationClient) -> None:
    """It is taken; the case of a code means nothing."""
    assert 200 == post(dollars, "1").status_code
    assert [] == json_of(post(dollars, "2", currencyCode="usd"))["warnings"]
    items = dollars.send_events(bill(50), in_currency(bill(50), "USD"))
    assert [("applied", [])] * 2 == [(item["status"], item["warnings"]) for item in items]
    assert Decimal(200) == value(dollars)


def test_every_door_for_bills_asks_for_the_currency(dollars: OrganisationClient) -> None:
    """Bills and returns, natively and by the vendor's calls, one or many, mixed ones, and decisions."""
    dollars.send_events(bill(50, number="a"))
    natively = dollars.send_events(in_currency(bill(5), "JPY"), in_currency(back("a"), "JPY"), bill(5))
    assert ["refused", "refused", "applied"] == [item["status"] for item in natively]
    assert [("data.currency", OTHER)] * 2 == [
        (problem["path"], problem["reason"]) for item in natively for problem in item["problems"]
    ]
    bought, returned = {"itemCode": "a", "amount": 5}, {"itemCode": "b", "type": "RETURN", "parentBillNumber": "a"}
    who = {"identifierType": "externalId", "identifierValue": "anna", "billNumber": "m", "billAmount": 5}
    mixed = who | {"type": "MIXED", "lineItemsV2": [bought, returned], "currencyCode": "JPY"}
    whole = who | {"type": "RETURN", "returnType": "FULL", "billNumber": "a", "currencyCode": "JPY"}
    told = json_of(dollars.post("/v2/transactions/bulk", [mixed, whole, who | {"type": "REGULAR"}]))
    assert [[624] * 2, [624], []] == [[error["code"] for error in item["errors"]] for item in told["response"]]
    path = f"/api/v1/customers/{dollars.customer('anna')}/awards"
    request = {"id": "a", "amount": 1, "bill": {"number": "1", "netAmount": 5, "currency": "JPY"}}
    answered = dollars.post(path, request)
    assert (400, "bill.currency") == (answered.status_code, json_of(answered)["problems"][0]["path"])
    assert Decimal(60) == value(dollars)


def test_without_the_setting_there_is_a_warning(organisation: OrganisationClient) -> None:
    """Nobody asked for currencies, so the bill counts; but the answer says how."""
    organisation.define(group())
    (item,) = organisation.send_events(in_currency(bill(50), "JPY"))
    assert ("applied", [NAMED]) == (item["status"], [warning["reason"] for warning in item["warnings"]])
    told = json_of(post(organisation, "1", currencyCode="JPY"))
    assert [f"currencyCode: {NAMED}"] == [warning["message"] for warning in told["warnings"]]
    assert Decimal(100) == value(organisation)


def test_another_currency_is_other_content(organisation: OrganisationClient) -> None:
    """Fifty yen are not fifty dollars."""
    sent = bill(50)
    organisation.send_events(in_currency(sent, "USD"))
    assert ["duplicate", "conflict"] == [
        item["status"] for item in organisation.send_events(in_currency(sent, "usd"), in_currency(sent, "JPY"))
    ]


@pytest.mark.parametrize("code", ["DOLLAR", "U5D", 5, "US"])
def test_what_is_no_code_is_refused(organisation: OrganisationClient, code: Any) -> None:
    """A currency has three letters."""
    (error,) = json_of(post(organisation, "1", currencyCode=code))["errors"]
    assert (624, True) == (error["code"], error["message"].startswith("currencyCode: must be the code of a currency"))
    (item,) = organisation.send_events(in_currency(bill(), code))
    assert ("refused", "data.currency") == (item["status"], item["problems"][0]["path"])


def test_the_setting_has_a_code(organisation: OrganisationClient) -> None:
    """Three letters, or none."""
    for text, status in (("EUR", 200), ("euro", 400), (None, 200)):
        answered = organisation.send("PATCH", "/api/v1/organisation", json={"settings": {"currency": text}})
        assert status == answered.status_code
