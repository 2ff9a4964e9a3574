"""`POST /v2/transactions`: bills and returns in the vendor's shape (facts 3.9)."""

from decimal import Decimal
from typing import Any

import pytest

from tests.api.client import Json, OrganisationClient, json_of
from tests.api.client_forms import group, target

SHOWN = ["createdId", "warnings", "errors", "sideEffects", "loyaltyDetails", "customerInfo"]
ANNA = {"identifierName": "externalId", "identifierValue": "anna"}


def bill(amount: Any = "100", number: str = "N1", **changes: Any) -> Json:
    """Return the body of a regular bill."""
    return {"type": "REGULAR", "billNumber": number, "billAmount": amount} | changes


def back(kind: Any, number: str = "N1", **changes: Any) -> Json:
    """Return the body of a return."""
    return {"type": "RETURN", "returnType": kind, "billNumber": number} | changes


def sent(organisation: OrganisationClient, body: Any, **query: str) -> Json:
    """Send a transaction that is taken; return the answer."""
    answered = organisation.post("/v2/transactions", body, **(query or ANNA))
    told: Json = json_of(answered)
    assert (200, SHOWN, []) == (answered.status_code, list(told), told["errors"]), answered.text
    return told


def refused(organisation: OrganisationClient, body: Any, **query: str) -> list[tuple[int, str]]:
    """Send a transaction that is refused; return its errors."""
    answered = organisation.post("/v2/transactions", body, **(query or ANNA))
    told = json_of(answered)
    assert 400 == answered.status_code, answered.text
    if "data" in told:
        return [(error["code"], error["message"]) for error in told["errors"]]
    assert (SHOWN, None) == (list(told), told["createdId"])
    assert {False} == {error["status"] for error in told["errors"]}
    return [(error["code"], error["message"]) for error in told["errors"]]


def values(organisation: OrganisationClient) -> list[Decimal]:
    """Return what Anna has reached, target by target."""
    return [row["targetAchievedValue"] for row in organisation.rows(organisation.customer("anna"))]


def defined(organisation: OrganisationClient, *targets: Json) -> None:
    """Define each target in a group of its own."""
    for one in targets:
        organisation.define(group(one))


def test_a_bill_counts_with_all_that_it_says(organisation: OrganisationClient) -> None:
    """Net, gross, lines and extended fields; amounts may be numbers or text."""
    tip = {"extendedFieldInfo": {"name": "tip", "aggregateFunction": "SUM"}}
    defined(
        organisation,
        target("TRANSACTION", "SALES"),
        target("TRANSACTION", "GROSS_SALES"),
        target("TRANSACTION", "EXTENDED_FIELD", **tip),
        target("LINEITEM", "QUANTITY"),
        target("LINEITEM", "SALES"),
        target("LINEITEM", "GROSS_SALES", expression='currentLineItem.code=="milk"'),
    )
    lines = [
        {"itemCode": "milk", "qty": "2", "rate": "3.5", "value": "7", "discount": "1", "amount": "6"},
        {"itemCode": "bread", "qty": 1, "rate": 4},
    ]
    body = bill("100.50", grossAmount=102, discount="1.50", lineItemsV2=lines, extendedFields={"tip": 3})
    told = sent(organisation, body | {"billingDate": "2026-01-20T10:00:00Z", "paymentModes": [{"mode": "cash"}]})
    assert isinstance(told["createdId"], int)
    assert [Decimal(text) for text in ("100.5", "102", "3", "3", "10", "7")] == values(organisation)


def test_an_unknown_external_id_is_registered(organisation: OrganisationClient) -> None:
    """As by any event; other names must be known."""
    sent(organisation, bill())
    assert organisation.customer("anna")
    assert [(603, 'customer.mobile: there is no customer with this mobile: "5"')] == refused(
        organisation, bill(), identifierName="mobile", identifierValue="5"
    )
    assert [(603, "customer.id: there is no customer 5")] == refused(
        organisation, bill(), identifierName="id", identifierValue="5"
    )


def test_a_bill_that_is_sent_again_counts_once(organisation: OrganisationClient) -> None:
    """The number names the bill: the same answer; other content is refused."""
    defined(organisation, target())
    body = bill(billingDate="2026-01-20T10:00:00Z")
    assert sent(organisation, body) == sent(organisation, body)
    assert [(624, "billNumber: was received before from this till, with other content")] == refused(
        organisation, body | {"billAmount": "99"}
    )
    assert [Decimal(100)] == values(organisation)


def test_a_bill_without_an_offset_is_of_utc(front: Any) -> None:
    """So it is at the vendor, whatever the zone of the organisation."""
    berlin = front.organisation("Europe/Berlin")
    berlin.define(group(target()))
    sent(berlin, bill("1", "N1", billingDate="2025-12-31T23:30:00"))
    sent(berlin, bill("2", "N2", billingDate="2026-01-01T00:30:00+01:00"))
    sent(berlin, bill("4", "N3", billingDate="2025-12-31T22:59:59"))
    sent(berlin, bill("8", "N4"))
    assert [Decimal(11)] == values(berlin)


@pytest.mark.parametrize(
    "body, left",
    [
        (back("FULL"), "0"),
        (back("CANCELLED"), "0"),
        (back("AMOUNT", billAmount="30"), "70"),
        (back("LINE_ITEM", lineItemsV2=[{"itemCode": "wine", "qty": 1}]), "80"),
        (back("LINE_ITEM", lineItemsV2=[{"itemCode": "wine", "qty": 1, "amount": 15}]), "85"),
        (back("LINE_ITEM", lineItemsV2=[{"itemCode": "wine", "qty": "2"}, {"itemCode": "bread"}]), "0"),
        (back("FULL", "N2"), "100"),
    ],
)
def test_each_kind_of_return_takes_its_part_back(organisation: OrganisationClient, body: Json, left: str) -> None:
    """The number names the bill; what is not said follows from it."""
    defined(organisation, target())
    lines = [{"itemCode": "wine", "qty": 2, "amount": 40}, {"itemCode": "bread", "qty": 1, "amount": 60}]
    sent(organisation, bill(lineItemsV2=lines))
    sent(organisation, body)
    assert [Decimal(left)] == values(organisation)


def test_a_return_that_is_sent_again_takes_back_once(organisation: OrganisationClient) -> None:
    """The same return is one return, another one of the same bill is another."""
    defined(organisation, target())
    sent(organisation, bill())
    body = back("AMOUNT", billAmount=10, billingDate="2026-01-20T11:00:00Z")
    first, again = sent(organisation, body), sent(organisation, body)
    (warning,) = again["warnings"]
    assert "taken for a repetition" in warning["message"]
    assert first == again | {"warnings": []}
    sent(organisation, body | {"billAmount": 5})
    assert [Decimal(85)] == values(organisation)


@pytest.mark.parametrize(
    "body, expected",
    [
        ([], ""),
        ({}, "type: must be one of REGULAR, RETURN, MIXED"),
        (bill() | {"type": "NOT_INTERESTED"}, "type: must be one of REGULAR, RETURN, MIXED"),
        (bill(None), "billAmount: is missing"),
        (bill("NaN"), "billAmount: must be a number of at most 28 digits"),
        (bill("9" * 40), "billAmount: must be a number of at most 28 digits"),
        (bill("1e999999"), "billAmount: must be a number of at most 28 digits"),
        (bill("ten"), "billAmount: must be a number of at most 28 digits"),
        (bill(True), "billAmount: must be a number of at most 28 digits"),
        (bill([]), "billAmount: must be a number of at most 28 digits"),
        (bill(10**15), "billAmount: must be a number of at most 15 digits before the point"),
        (bill("5_0"), "billAmount: must be a number of at most 28 digits"),
        (bill("\u0665"), "billAmount: must be a number of at most 28 digits"),
        (bill(number=""), "billNumber: must be text of 1 to 50 characters"),
        (bill(number="n" * 51), "billNumber: must be text of 1 to 50 characters"),
        (bill(number="\0"), "a text holds the character U+0000"),
        (bill(billingDate="yesterday"), "billingDate: is not a date-time"),
        (bill(billingDate=5), "billingDate: is not a date-time"),
        (bill(billingDate="1969-12-31"), "billingDate: lies before 1970"),
        (bill(billingDate="2026-01-21T12:00:01Z"), "billingDate: lies more than 24 hours ahead of the server's clock"),
        (bill(note=5), "note: must be text of at most 4000 characters"),
        (bill(extendedFields=[1]), "extendedFields: must be a JSON object"),
        (bill(extendedFields={"a": {}}), "extendedFields.a: must be text, a number, true, false or null"),
        (bill(extendedFields={"a": 10**40}), "extendedFields.a: must be a number of at most 28 digits"),
        (bill(lineItemsV2={"a": 1}), "lineItemsV2: must be a list of at most 5000 lines"),
        (bill(lineItemsV2=[5]), "lineItemsV2[0]: must be a JSON object"),
        (bill(lineItemsV2=[{"qty": 1}]), "lineItemsV2[0].itemCode: must be text of 1 to 200 characters"),
        (bill(lineItemsV2=[{"itemCode": "a", "qty": "x"}]), "lineItemsV2[0].qty: must be a number"),
        (bill(lineItemsV2=[{"itemCode": "a", "rate": "1e99", "qty": 10}]), "lineItemsV2[0].rate: must be a number"),
        (bill(lineItemsV2=[{"itemCode": "a", "rate": 10**15}]), "lineItemsV2[0].value: is missing, and rate × qty"),
        (bill(lineItemsV2=[{"itemCode": "a", "type": "X"}]), "lineItemsV2[0].type: must be REGULAR or RETURN"),
        (bill(lineItemsV2=[{"itemCode": "a", "type": "RETURN"}]), "lineItemsV2[0].parentBillNumber: must be text of"),
        (bill(type="MIXED"), "lineItemsV2: must hold the bought and the returned lines when type is MIXED"),
        (back("HALF"), "returnType: must be one of FULL, LINE_ITEM, AMOUNT, CANCELLED"),
        (back([]), "returnType: must be one of FULL, LINE_ITEM, AMOUNT, CANCELLED"),
        (back("AMOUNT"), "billAmount: must be the returned amount, above 0"),
        (back("AMOUNT", billAmount=-1), "billAmount: must be the returned amount, above 0"),
        (back("LINE_ITEM"), "lineItemsV2: must hold the returned lines when returnType is LINE_ITEM"),
        (back("LINE_ITEM", lineItemsV2=[{"itemCode": "a", "qty": -1}]), "lineItemsV2[0].qty: must be above 0"),
        (b"{", "Invalid input, check all values and ensure they are correct. the body is not valid JSON"),
        (b'{"billAmount": NaN}', "Invalid input, check all values and ensure they are correct. the body is not valid"),
        (b"[" * 100_000, "Invalid input, check all values and ensure they are correct. the JSON is deeper than 32"),
    ],
)
def test_a_bad_transaction_is_refused(organisation: OrganisationClient, body: Any, expected: str) -> None:
    """Code 624 and what is wrong where, and nothing is stored."""
    ((code, message),) = refused(organisation, body)
    assert code == (300004 if isinstance(body, bytes) else 624)
    assert expected == message[: len(expected)]
    assert {"till": 1} == organisation.stored()


@pytest.mark.parametrize(
    "query, expected",
    [
        ({"identifierName": "line", "identifierValue": "x"}, "identifierName: must be one of id, externalId"),
        ({"identifierValue": "x"}, "identifierName: must be one of id, externalId"),
        ({"identifierName": "mobile"}, "identifierValue: must have 1 to 200 characters"),
        ({"identifierName": "mobile", "identifierValue": " "}, "identifierValue: must have 1 to 200 characters"),
        ({"identifierName": "mobile", "identifierValue": "1" * 201}, "identifierValue: must have 1 to 200 characters"),
        ({"identifierName": "mobile", "identifierValue": "\0"}, "identifierValue: must have 1 to 200 characters"),
        ({"identifierName": "id", "identifierValue": "anna"}, "identifierValue: must be a customer's id when"),
        ({"identifierName": "id", "identifierValue": "9" * 30}, "identifierValue: must be a customer's id when"),
    ],
)
def test_a_transaction_names_its_customer(
    organisation: OrganisationClient, query: dict[str, str], expected: str
) -> None:
    """By one of the names that customers have."""
    ((code, message),) = refused(organisation, bill(), **query)
    assert (624, expected) == (code, message[: len(expected)])


def test_every_problem_is_reported_at_once(organisation: OrganisationClient) -> None:
    """The customer, the bill and its lines."""
    body = bill("x", "", billingDate="never", lineItemsV2=[{}, {"itemCode": "a", "amount": []}])
    paths = {
        message.partition(":")[0] for _, message in refused(organisation, body, identifierName="x", identifierValue="y")
    }
    assert {
        "identifierName",
        "billNumber",
        "billAmount",
        "billingDate",
        "lineItemsV2[0].itemCode",
        "lineItemsV2[1].amount",
    } == paths


def test_a_body_of_20_megabytes_is_refused(organisation: OrganisationClient) -> None:
    """Past 1 MiB nothing is read on."""
    assert 413 == organisation.post("/v2/transactions", b" " * 20_000_000, **ANNA).status_code
