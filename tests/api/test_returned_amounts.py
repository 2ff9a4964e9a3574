"""How much a return takes off bill and lines, through v2 and natively (facts 8 #72 to #77)."""

from decimal import Decimal

import pytest

from tests.api.client import ApiClient, Json, OrganisationClient
from tests.api.client_forms import event, line, target
from tests.api.test_return_cases import back, bought, month, v2, values

PROMOTED = target("LINEITEM", expression='currentLineItem.doesItemMatch("promo","yes")')
TWO_PRICES = (
    line("SKU1", 26, attributes={"promo": "no"}, id="first"),
    line("SKU1", 18, attributes={"promo": "yes"}, id="second"),
)


@pytest.mark.parametrize(
    "returned, expected",
    [
        ({"code": "SKU1", "netAmount": 18}, [26, 0, 1]),
        ({"code": "SKU1", "netAmount": 26}, [18, 18, 1]),
        ({"code": "SKU1"}, [18, 18, 1]),
        ({"id": "second"}, [26, 0, 1]),
        ({"id": "second", "netAmount": 10}, [34, 8, 1]),
    ],
)
def test_the_line_that_fits_is_the_one_that_comes_back(front: ApiClient, returned: Json, expected: list[int]) -> None:
    """Case 05 A: the line of the stated worth, or the named one; the first of the article is the last resort."""
    organisation = front.organisation()
    organisation.define(month(target(), PROMOTED, target("LINEITEM", "COUNT")))
    organisation.send_events(bought("b1", "01-02T10:00", "B1", 44, *TWO_PRICES))
    organisation.send_events(back("r1", "01-03T10:00", "B1", "LINE_ITEM", lines=[returned]))
    assert [Decimal(one) for one in expected] == values(organisation)


def test_v2_finds_the_line_too(organisation: OrganisationClient) -> None:
    """Case 05 A through v2: by its worth, and by its id."""
    organisation.define(month(PROMOTED))
    lines = [{"itemCode": "SKU1", "qty": 1, "amount": 26}, {"itemCode": "SKU1", "amount": 18, "id": 7}]
    lines = [one | {"attributes": {"promo": "no" if one["amount"] == 26 else "yes"}} for one in lines]
    dated = {"billingDate": "2026-01-04T10:00:00Z"}
    for number, said in (("1", {"amount": 18}), ("2", {"id": 7})):
        v2(organisation, type="REGULAR", billNumber=number, billAmount=44, lineItemsV2=lines, **dated)
        returned = [{"itemCode": "SKU1", "qty": 1, **said}]
        v2(organisation, type="RETURN", returnType="LINE_ITEM", billNumber=number, lineItemsV2=returned, **dated)
    assert [Decimal(0)] == values(organisation)


@pytest.mark.parametrize(
    "lines, expected",
    [
        ([{"code": "x", "quantity": 2, "netAmount": 9}], ["5", "5", "1", "1"]),
        ([{"code": "x", "quantity": 1, "netAmount": 9}], ["5", "5", "2", "1"]),
        ([{"code": "x", "quantity": 3, "netAmount": 9}], ["5", "5", "0", "0"]),
        ([{"code": "x", "quantity": 1, "netAmount": 99}], ["0", "0", "0", "0"]),
    ],
)
def test_a_stated_worth_is_taken_off_in_full(front: ApiClient, lines: list[Json], expected: list[str]) -> None:
    """Case 05 B: 9 of 14 were paid out; they leave the bill and its lines, however many pieces they were for."""
    organisation = front.organisation()
    organisation.define(
        month(target(), target("LINEITEM"), target("LINEITEM", "QUANTITY"), target("TRANSACTION", "VISIT"))
    )
    organisation.send_events(
        bought("b1", "01-02T10:00", "B1", 14, line("x", 4), line("x", 10, quantity=2)),
        back("r1", "01-03T10:00", "B1", "LINE_ITEM", lines=lines),
    )
    assert [Decimal(one) for one in expected] == values(organisation)


def test_all_money_back_leaves_no_purchase(organisation: OrganisationClient) -> None:
    """Case 06 A: a bill of which no money is left is no bill, no visit and no goods; a free bill stays a visit."""
    kinds = (("TRANSACTION", "SALES"), ("TRANSACTION", "COUNT"), ("TRANSACTION", "VISIT"), ("LINEITEM", "SALES"))
    organisation.define(month(*(target(*kind) for kind in kinds)))
    goods = line("A", 60, quantity=2)
    organisation.send_events(
        bought("b1", "01-02T10:00", "B1", 60, goods), back("r1", "01-03T10:00", "B1", "AMOUNT", amount=60)
    )
    assert [Decimal(0)] * 4 == values(organisation)
    organisation.send_events(
        bought("b2", "01-02T10:00", "B2", 0, goods), back("r2", "01-03T10:00", "B2", "AMOUNT", amount=60)
    )
    assert [Decimal(0), Decimal(1), Decimal(1), Decimal(60)] == values(organisation)


@pytest.mark.parametrize("stated, expected", [({}, ["35", "40", "1"]), ({"netAmount": 30}, ["40", "45.7143", "1"])])
def test_a_line_is_worth_its_share_of_the_bill(front: ApiClient, stated: Json, expected: list[str]) -> None:
    """Case 06 B: of a bill of 70 with lines of 80 half the goods are 35; a stated worth goes before the share."""
    organisation = front.organisation()
    organisation.define(month(target(), target("LINEITEM"), target("TRANSACTION", "COUNT")))
    organisation.send_events(
        bought("b1", "01-02T10:00", "B1", 70, line("A", 40), line("B", 40), grossAmount=80, discount=10),
        back("r1", "01-03T10:00", "B1", "LINE_ITEM", lines=[{"code": "A", **stated}]),
    )
    assert [Decimal(one) for one in expected] == values(organisation)


@pytest.mark.parametrize(
    "second, expected",
    [
        (bought("b2", "01-03T10:00", "B2", -15, line("A", -15, quantity=-1)), [40, 1, 1, 0, 1, 0, 0]),
        (bought("b2", "01-03T10:00", "B2", -15), [40, 1, 1, 1, 1, 0, 0]),
        (bought("b2", "01-03T10:00", "B2", -15, line("A", -20, quantity=-1), line("B", 5)), [40, 2, 2, 1, 2, 1, 1]),
    ],
)
def test_a_refund_without_a_receipt_is_no_purchase(front: ApiClient, second: Json, expected: list[int]) -> None:
    """Case 07 A: money and pieces go down, ones are not added; goods both ways are a purchase all the same."""
    organisation = front.organisation()
    kinds = (
        ("TRANSACTION", "SALES"),
        ("TRANSACTION", "COUNT"),
        ("TRANSACTION", "VISIT"),
        ("TRANSACTION", "QUANTITY"),
        ("LINEITEM", "COUNT"),
    )
    asking = [f"currentCustomer.{fact}>=2" for fact in ("numberOfTxns", "numberOfVisits")]
    facts = (target("EVENT", "COUNT", eventName="Check", expression=expression) for expression in asking)
    organisation.define(month(*(target(*kind) for kind in kinds), *facts))
    organisation.send_events(bought("b1", "01-02T10:00", "B1", 55, line("A", 55)), second, event("Check"))
    assert [Decimal(one) for one in expected] == values(organisation)
