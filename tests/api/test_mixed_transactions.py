"""v2 transactions: many at once, bills that buy and return, and what they did to targets (facts 3.9)."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from milepost.api.capillary.v2.transactions.answer import BulkAnswer, TransactionAnswer
from tests.api.client import Json, OrganisationClient, json_of
from tests.api.client_forms import group, target

ANNA = {"identifierName": "externalId", "identifierValue": "anna"}
DATE = "2026-01-20T10:00:00Z"


def line(code: str, amount: Any, **more: Any) -> Json:
    """Return a line of one piece."""
    return {"itemCode": code, "qty": 1, "amount": amount} | more


def back(code: str, parent: str, **more: Any) -> Json:
    """Return a line that comes back."""
    return {"itemCode": code, "qty": 1, "type": "RETURN", "parentBillNumber": parent} | more


def bill(number: str, *lines: Json, amount: Any = None, **more: Any) -> Json:
    """Return a bill of these lines."""
    total = sum(one.get("amount", 0) for one in lines) if amount is None else amount
    return {"type": "REGULAR", "billNumber": number, "billAmount": total, "billingDate": DATE} | {
        "lineItemsV2": list(lines),
        **more,
    }


def sent(organisation: OrganisationClient, body: Json, **query: str) -> Json:
    """Send a transaction of Anna's that is taken."""
    answered = organisation.post("/v2/transactions", body, **ANNA, **query)
    assert 200 == answered.status_code, answered.text
    msgspec.json.decode(answered.content, type=TransactionAnswer)
    told: Json = json_of(answered)
    return told


def reached(organisation: OrganisationClient) -> list[Decimal]:
    """Return what Anna has reached."""
    return [row["targetAchievedValue"] for row in organisation.rows(organisation.customer("anna"))]


@pytest.fixture
def bought(organisation: OrganisationClient) -> OrganisationClient:
    """Return an organisation with targets of net sales and pieces of wine; Anna bought wine for 40, bread for 60."""
    organisation.define(group(target()))
    organisation.define(group(target("LINEITEM", "QUANTITY", expression='currentLineItem.code=="wine"')))
    sent(organisation, bill("N1", line("wine", 40), line("bread", 60)))
    assert [100, 1] == reached(organisation)
    return organisation


@pytest.mark.parametrize("kind", ["REGULAR", "MIXED"])
def test_a_mixed_bill_buys_and_returns(bought: OrganisationClient, kind: str) -> None:
    """What was bought counts, what came back is taken off the bill that its line names, each once."""
    body = bill("N2", line("milk", 5), back("wine", "N1", amount=40), type=kind, amount=-35)
    told = sent(bought, body)
    assert [65, 0] == reached(bought)
    assert told == sent(bought, body)
    assert [65, 0] == reached(bought)


@pytest.mark.parametrize(
    "lines, left",
    [
        ([back("wine", "N1", returnType="LINE_ITEM")], [60, 0]),
        ([back("wine", "N1", returnType="FULL")], [0, 0]),
        ([back("wine", "N1", returnType="AMOUNT", amount=25)], [75, 1]),
        # The bread was worth 60; the 10 that were kept stay as money (decision 73).
        ([back("wine", "N1"), back("bread", "N1", amount=50)], [10, 0]),
        ([back("wine", "N9")], [100, 1]),
    ],
)
def test_lines_come_back_in_each_way(bought: OrganisationClient, lines: list[Json], left: list[int]) -> None:
    """A bill may hold returns alone; several lines of one bill are one return."""
    sent(bought, bill("N2", *lines, type="MIXED", amount=0))
    assert left == reached(bought)


def test_a_mixed_bill_that_says_something_else_is_refused(bought: OrganisationClient) -> None:
    """Under the same number, whether the bought or the returned part differs."""
    body = bill("N2", line("milk", 5), back("wine", "N1"))
    sent(bought, body)
    for changed in (
        bill("N2", line("milk", 6), back("wine", "N1")),
        bill("N2", line("milk", 5), back("wine", "N1", amount=1)),
    ):
        answered = bought.post("/v2/transactions", changed, **ANNA)
        assert (400, 624) == (answered.status_code, json_of(answered)["errors"][0]["code"])
    assert [65, 0] == reached(bought)


@pytest.mark.parametrize(
    "item, expected",
    [
        ({"itemCode": "wine", "type": "RETURN"}, "lineItemsV2[1].parentBillNumber: must be text of 1 to 50 characters"),
        (back("wine", "N1", returnType=[[5], []]), "lineItemsV2[1].returnType: must be one of FULL, LINE_ITEM, AMOUNT"),
        (back("wine", "N1", returnType="HALF"), "lineItemsV2[1].returnType: must be one of FULL, LINE_ITEM, AMOUNT"),
        (back("", "N1"), "lineItemsV2[1].itemCode: must be text of 1 to 200 characters"),
        (back("wine", "N1", qty=0), "lineItemsV2[1].qty: must be above 0"),
        (back("wine", "N1", returnType="AMOUNT"), "lineItemsV2[1]: billAmount must be the returned amount"),
    ],
)
def test_a_line_that_cannot_come_back_is_refused(bought: OrganisationClient, item: Json, expected: str) -> None:
    """By its place among all lines; nothing of the bill is received."""
    answered = bought.post("/v2/transactions", bill("N2", line("milk", 5), item), **ANNA)
    assert 400 == answered.status_code
    assert expected == json_of(answered)["errors"][0]["message"][: len(expected)]
    assert [100, 1] == reached(bought)


def test_side_effects_show_what_a_bill_did(organisation: OrganisationClient) -> None:
    """With rawSideEffects, for each target the goal and the value before and after; without, nothing."""
    defined = organisation.define(group(target(name="Spend"), name="Big"))
    sent(organisation, bill("N1", line("wine", 40)))
    told = sent(organisation, bill("N2", line("wine", "30.5"), amount="30.5"), rawSideEffects="true")
    (effect,) = told["sideEffects"]
    assert {
        "entityType": "USER",
        "type": "target",
        "targetGroupId": defined["id"],
        "targetGroupName": "Big",
        "targetRuleId": defined["targets"][0]["id"],
        "targetName": "Spend",
        "userId": organisation.customer("anna"),
        "targetEvaluationType": "FIXED_CALENDAR_WINDOW",
        "periodRefCode": "January",
        "periodStartDate": "2026-01-01",
        "periodEndDate": "2026-01-31",
        "definedTargetValue": 100,
        "currentEventTargetValue": Decimal("30.5"),
        "targetAchievedValueBeforeEvent": 40,
        "targetAchievedValueAfterEvent": Decimal("70.5"),
    } == effect
    assert [] == sent(organisation, bill("N3", line("wine", 1)))["sideEffects"]
    again = sent(organisation, bill("N2", line("wine", "30.5"), amount="30.5"), rawSideEffects="true")
    assert [effect] == again["sideEffects"]


def item(customer: str, body: Json, **more: Any) -> Json:
    """Return one transaction of several, of the customer with this external id."""
    return body | {"identifierType": "externalId", "identifierValue": customer} | more


def test_many_transactions_are_answered_one_by_one(organisation: OrganisationClient) -> None:
    """Each item is answered with what was sent; a bad item spoils no other."""
    organisation.define(group(target()))
    items = [
        item("anna", bill("N1", line("wine", 40))),
        item("bob", bill("N1", amount="x")),
        item("", bill("N2", amount=1)),
        5,
        item("bob", bill("N3", line("milk", 2))),
        item("anna", {"type": "RETURN", "returnType": "FULL", "billNumber": "N1", "billingDate": DATE}),
        item("nobody", bill("N4", amount=1), identifierType="mobile"),
    ]
    answered = organisation.post("/v2/transactions/bulk", items, rawSideEffects="true")
    assert 200 == answered.status_code, answered.text
    msgspec.json.decode(answered.content, type=BulkAnswer)
    told = json_of(answered)
    assert (7, 4) == (told["totalCount"], told["failureCount"])
    codes = [[error["code"] for error in one["errors"]] for one in told["response"]]
    assert [[], [624], [624], [624], [], [], [603]] == codes
    assert [True, False, False, False, True, True, False] == [one["entityId"] is not None for one in told["response"]]
    assert items == [one["result"] for one in told["response"]]
    assert [1, 0, 0, 0, 1, 1, 0] == [len(one["sideEffects"]) for one in told["response"]]
    assert [0] == reached(organisation)


@pytest.mark.parametrize(
    "body, code, expected",
    [
        ({}, 300004, "the body must be a list of transactions"),
        ([], 300004, "the body must be a list of transactions"),
        ([{}] * 501, 1060, "a call may hold 500 transactions"),
    ],
)
def test_a_bad_list_is_refused_as_a_whole(
    organisation: OrganisationClient, body: Any, code: int, expected: str
) -> None:
    """The vendor has a code for too many."""
    answered = organisation.post("/v2/transactions/bulk", body)
    (error,) = json_of(answered)["errors"]
    assert (400, code, True) == (answered.status_code, error["code"], expected in error["message"])


def test_as_many_as_may_be_are_received(organisation: OrganisationClient) -> None:
    """500 in one call."""
    organisation.define(group(target()))
    items = [item("anna", bill(f"N{number}", amount=1)) for number in range(500)]
    told = json_of(organisation.post("/v2/transactions/bulk", items))
    assert (500, 0) == (told["totalCount"], told["failureCount"])
    assert [500] == reached(organisation)
