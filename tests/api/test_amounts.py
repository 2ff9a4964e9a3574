"""Amounts: over four decimals, text that is an amount, sums beyond 64 bits (facts 8 #68; cases 08, 23 C, 24)."""

from decimal import Decimal
from typing import Any

import pytest

from milepost.service.scheduled.verify import verify
from tests.api.client import Json, OrganisationClient, json_of
from tests.api.client_forms import back, bill, event, group, line, target

LARGEST = "999999999999999.9999"


def spend(organisation: OrganisationClient, customer: str = "anna") -> list[Decimal]:
    """Return the values of a customer, by our own call."""
    told = organisation.get(f"/api/v1/customers/{organisation.customer(customer)}/progress")
    return [period["value"] for group in told["groups"] for row in group["targets"] for period in row["periods"][:1]]


def warnings_of(item: Json) -> list[tuple[str, str]]:
    """Return path and reason of each warning."""
    return [(warning["path"], warning["reason"]) for warning in item["warnings"]]


def buy(organisation: OrganisationClient, amount: Any, number: str = "1", **changes: Any) -> Json:
    """Send a bill of Anna's by the vendor's call; return the answer."""
    body = {"type": "REGULAR", "billNumber": number, "billAmount": amount, "billingDate": "2026-01-20T10:00:00Z"}
    answered = organisation.post(
        "/v2/transactions", body | changes, identifierName="externalId", identifierValue="anna"
    )
    assert 200 == answered.status_code, answered.text
    told: Json = json_of(answered)
    return told


def test_the_noise_of_doubles_is_rounded(organisation: OrganisationClient) -> None:
    """Case 08 A: by the vendor's call, as its type of the field is a double; the answer says so."""
    organisation.define(group(target(defaultValues=[{"defaultValue": "0.3"}])))
    told = buy(organisation, Decimal("0.30000000000000004"))
    reason = "billAmount: has more than 4 decimals; it was rounded to 0.3000"
    assert [reason] == [warning["message"] for warning in told["warnings"]]
    (row, *_) = organisation.rows(organisation.customer("anna"))
    assert (Decimal("0.3"), True) == (row["targetAchievedValue"], row["targetAchievedDateTime"] is not None)


def test_a_net_price_with_seven_decimals_is_rounded(organisation: OrganisationClient) -> None:
    """Case 08 B: by our own call, bill and line; a repetition with the same digits is a duplicate."""
    organisation.define(group())
    organisation.define(group(target("LINEITEM", "SALES")))
    sent = bill("54.1666667", lines=(line(net="54.1666667"),))
    (item,) = organisation.send_events(sent)
    rounded = "has more than 4 decimals; it was rounded to 54.1667"
    assert [("data.netAmount", rounded), ("data.lines[0].netAmount", rounded)] == warnings_of(item)
    assert [Decimal("54.1667")] * 2 == spend(organisation)
    assert "duplicate" == organisation.send_events(sent)[0]["status"]


def test_what_differs_beyond_the_fourth_decimal_is_the_same(organisation: OrganisationClient) -> None:
    """What is kept is compared: the rounded amount. Another rounded amount is other content."""
    sent = bill("54.1666667")
    organisation.send_events(sent)
    others = [sent | {"data": sent["data"] | {"netAmount": net}} for net in ("54.16666671", "54.1667", "54.1666")]
    assert ["duplicate", "duplicate", "conflict"] == [one["status"] for one in organisation.send_events(*others)]


@pytest.mark.parametrize(
    "net, kept", [("0.00005", "0"), ("0.00015", "0.0002"), ("0.00025", "0.0002"), ("-0.00015", "-0.0002")]
)
def test_amounts_are_rounded_half_to_even(organisation: OrganisationClient, net: str, kept: str) -> None:
    """As fields are, and by every door."""
    organisation.define(group())
    for amount in (net, Decimal(net)):
        organisation.send_events(bill(amount))
    buy(organisation, net)
    buy(organisation, Decimal(net), number="2")
    assert [4 * Decimal(kept)] == spend(organisation)


@pytest.mark.parametrize("field", ["grossAmount", "discount"])
def test_other_amounts_of_a_bill_are_rounded_too(organisation: OrganisationClient, field: str) -> None:
    """Gross and discount, of the bill and of its lines."""
    sent = bill("5", lines=(line(net="5", **{field: "1.00005"}),))
    (item,) = organisation.send_events(sent | {"data": sent["data"] | {field: "1.00005"}})
    assert [f"data.{field}", f"data.lines[0].{field}"] == [path for path, _ in warnings_of(item)]


def test_returns_and_awards_are_rounded_too(organisation: OrganisationClient) -> None:
    """The amount that comes back, its lines, and points."""
    organisation.define(group())
    organisation.send_events(bill("10", number="a", lines=(line(net="10"),)))
    sent = [
        back("a", "AMOUNT", amount="1.00004"),
        back("a", "LINE_ITEM", lines=[{"code": "milk", "quantity": "0.50001", "netAmount": "4.00004"}]),
        event("PointsAwarded", data={"amount": "7.00004"}),
    ]
    items = organisation.send_events(*sent)
    assert ["applied"] * 3 == [item["status"] for item in items]
    paths = [[path for path, _ in warnings_of(item)] for item in items]
    assert [["data.amount"], ["data.lines[0].quantity", "data.lines[0].netAmount"], ["data.amount"]] == paths


def test_lines_of_the_vendors_call_are_rounded_too(organisation: OrganisationClient) -> None:
    """Also what follows from rate and pieces, which is no amount that was sent."""
    organisation.define(group(target("LINEITEM", "GROSS_SALES")))
    lines = [{"itemCode": "a", "qty": 3, "rate": "0.33335"}, {"itemCode": "b", "value": "2.00005", "amount": 2}]
    told = buy(organisation, 3, lineItemsV2=lines)
    assert ["lineItemsV2[1].value: has more than 4 decimals; it was rounded to 2.0000"] == [
        warning["message"] for warning in told["warnings"]
    ]
    assert [Decimal("3.0000") + Decimal("0.00005").quantize(Decimal("0.0001"))] == spend(organisation)


def test_a_retry_of_a_rounded_transaction_is_the_same(organisation: OrganisationClient) -> None:
    """The bill, and a return, whose id is made of what it says."""
    first = buy(organisation, Decimal("0.30000000000000004"))
    assert first["createdId"] == buy(organisation, Decimal("0.3"))["createdId"]
    backs = [
        buy(organisation, amount, type="RETURN", returnType="AMOUNT")["createdId"]
        for amount in (Decimal("0.10000000000000001"), Decimal("0.1000"))
    ]
    assert backs[0] == backs[1]


@pytest.mark.parametrize("net", ["5_0", "\u0665", " 5", "1e1", "+5", "\uff15"])
def test_text_is_an_amount_only_as_json_writes_numbers(organisation: OrganisationClient, net: str) -> None:
    """Case 23 C: what only a programming language reads is refused, and the events beside it are taken."""
    items = organisation.send_events(bill(net), bill("5"))
    assert ["refused", "applied"] == [item["status"] for item in items]
    assert ["data.netAmount"] == [problem["path"] for problem in items[0]["problems"]]


def test_a_json_number_may_have_an_exponent(organisation: OrganisationClient) -> None:
    """JSON has it, and doubles are often written so."""
    organisation.define(group())
    body = b'{"id":"e","source":"s","type":"TransactionAdd","time":"2026-01-20T10:00:00Z",'
    body += b'"customer":{"externalId":"anna"},"data":{"number":"E","netAmount":1.5E+2}}'
    (item,) = json_of(organisation.post("/api/v1/events", body))["items"]
    assert ("applied", [Decimal(150)]) == (item["status"], spend(organisation))


def test_an_amount_with_escapes_is_read_as_what_it_says(organisation: OrganisationClient) -> None:
    """A field and digits that JSON writes with escapes are looked at as well."""
    head = b'"id":"%b","source":"s","type":"TransactionAdd","time":"2026-01-20T10:00:00Z","customer":{"externalId":"a"}'
    good = b"{" + head % b"1" + b',"data":{"number":"1","netAmount":"\\u0035"}}'
    bad = b"{" + head % b"2" + b',"data":{"number":"2","net\\u0041mount":"5_0"}}'
    items = json_of(organisation.post("/api/v1/events", b"[" + good + b"," + bad + b"]"))["items"]
    assert ["applied", "refused"] == [item["status"] for item in items]


def test_sums_beyond_64_bits_are_exact_everywhere(organisation: OrganisationClient) -> None:
    """Case 24 A: progress, the vendor's rows, the board, the profile, side effects; and a replay gives the same."""
    defined = organisation.define(group(leaderboardEnabled=True))
    sent = [bill(LARGEST, customer="anna"), bill(LARGEST, customer="anna"), bill(5, customer="anna")]
    items = organisation.send_events(*sent)
    total = 2 * Decimal(LARGEST) + 5
    assert ["applied"] * 3 == [item["status"] for item in items]
    assert [total] == spend(organisation)
    anna = organisation.customer("anna")
    (row, *_) = organisation.rows(anna)
    assert total == row["targetAchievedValue"]
    assert total == items[2]["entries"][0]["after"]
    shown = organisation.get(f"/api/v1/leaderboards/{defined['targets'][0]['id']}")
    assert [total] == [one["value"] for one in shown["top"]]
    assert str(total) in organisation.send("GET", f"/api/v1/customers/{anna}/progress").text
    told = organisation.post(
        "/v2/transactions",
        {"type": "REGULAR", "billNumber": "9", "billAmount": LARGEST, "billingDate": "2026-01-20T10:00:00Z"},
        identifierName="externalId",
        identifierValue="anna",
        rawSideEffects="true",
    )
    (effect,) = json_of(told)["sideEffects"]
    assert total + Decimal(LARGEST) == effect["targetAchievedValueAfterEvent"]
    details = organisation.get("/v2/customers/lookup/customerDetails", identifierName="id", identifierValue=anna)
    assert total + Decimal(LARGEST) == details["loyaltyInfo"]["lifetimePurchases"]
    assert anna not in _differing(organisation)


def test_sums_beyond_64_bits_are_archived_and_come_back(organisation: OrganisationClient) -> None:
    """A week after the period's end they go to the history; a late bill, a return and points go on from there."""
    organisation.define(group())
    organisation.define(group(target("POINTS", "ALL_POINTS")))
    organisation.send_events(
        *(bill(LARGEST, number=str(number)) for number in range(3)),
        *(event("PointsAwarded", data={"amount": LARGEST}) for _ in range(3)),
    )
    organisation.client.clock.set("2026-02-20T12:00:00Z")
    organisation.send_events(bill(1, time="2026-02-19T10:00:00Z"))
    assert organisation.stored()["history"]
    organisation.send_events(bill(7), back("1"))
    total = 2 * Decimal(LARGEST) + 7
    anna = organisation.customer("anna")
    shown = organisation.get(f"/api/v1/customers/{anna}/progress")["groups"]
    values = [row["periods"][0]["value"] for shown_group in shown for row in shown_group["targets"]]
    assert [total, 3 * Decimal(LARGEST)] == values
    assert anna not in _differing(organisation)


def test_amounts_of_days_beyond_64_bits_are_exact(organisation: OrganisationClient) -> None:
    """The greatest of each day is kept beside the value, and the least may be far below zero."""
    organisation.post("/api/v1/extended-fields", [{"entity": "TRANSACTION", "name": "tip", "type": "NUMBER"}])
    field = {"name": "tip", "aggregateFunction": "SUM"}
    window = {"aggregateWindow": {"windowType": "MIN", "windowTimeUnit": "DAY", "windowValue": "1"}}
    organisation.define(group(target("TRANSACTION", "EXTENDED_FIELD", extendedFieldInfo=field | window)))
    for day in (18, 19):
        sent = bill(1, time=f"2026-01-{day}T10:00:00Z")
        organisation.send_events(sent | {"data": sent["data"] | {"extendedFields": {"tip": f"-{LARGEST}"}}})
    assert [-2 * Decimal(LARGEST)] == spend(organisation)
    assert organisation.customer("anna") not in _differing(organisation)


def test_sums_beyond_64_bits_survive_a_merge(organisation: OrganisationClient) -> None:
    """What the victim had reached is a part of the merge event."""
    from tests.api import test_merging

    organisation.define(group())
    organisation.send_events(*(bill(LARGEST, customer=name) for name in ("anna", "bert") for _ in range(2)))
    test_merging.merged(organisation, "bert", "anna")
    assert [4 * Decimal(LARGEST)] == spend(organisation)
    assert organisation.customer("anna") not in _differing(organisation)


def _differing(organisation: OrganisationClient) -> list[int]:
    """Return the customers whose stored progress a replay does not give."""

    async def replayed() -> list[int]:
        verified = verify(organisation.client.runtime.database, org_id=organisation.organisation.id)
        return [one.customer_key.customer_id async for one in verified if not one.agrees]

    return organisation.client.run(replayed)
