"""Returns on small real inputs: which bill, which line, how much; through v2 and natively (facts 8 #71 to #81)."""

from decimal import Decimal
from itertools import permutations
from typing import Any

import httpx2
import pytest

from tests.api.client import ApiClient, Json, OrganisationClient, json_of
from tests.api.client_forms import event, group, line, target

JANUARY = {"refCode": "January", "startDate": "2026-01-01", "endDate": "2026-01-31"}
YEARS = (
    {"refCode": "2025", "startDate": "2025-01-01", "endDate": "2025-12-31"},
    {"refCode": "2026", "startDate": "2026-01-01", "endDate": "2026-12-31"},
)
NOTHING_LEFT = "nothing is left of what this names; nothing was taken back"
WAITS = "no event of this name is known; it takes effect when the event is received"


def back(id_: str, time: str, original: object, kind: str = "FULL", **data: object) -> Json:
    """Return a return that is received on 2026-*time*."""
    said = {"returnType": kind, "original": original, **data}
    return event("ReturnBill", f"2026-{time}:00Z", id=id_, source="pos/1", data=said)


def bought(id_: str, time: str, number: str, net: object, *lines: Json, **data: object) -> Json:
    """Return a bill of 2026-*time*."""
    said = {"number": number, "netAmount": net, "lines": [*lines], **data}
    return event("TransactionAdd", f"2026-{time}:00Z", id=id_, source="pos/1", data=said)


def month(*targets: Json, **changes: Any) -> Json:
    """Return a group of January; several targets count beside each other."""
    return group(*targets, periods=(JANUARY,), trackingType="DEFAULT", **changes)


def values(organisation: OrganisationClient, customer: str = "anna") -> list[Decimal]:
    """Return the values of the customer in each period of all targets."""
    shown = organisation.get(f"/api/v1/customers/{organisation.customer(customer)}/progress")["groups"]
    return [Decimal(period["value"]) for group in shown for target in group["targets"] for period in target["periods"]]


def v2(organisation: OrganisationClient, **body: object) -> httpx2.Response:
    """Send a transaction of Anna's through v2."""
    return organisation.post("/v2/transactions", body, identifierName="externalId", identifierValue="anna")


POSTED_AGAIN = (
    bought("v1", "01-02T10:00", "B7", 40, line("a", 40)),
    back("x1", "01-02T10:05", "v1", "CANCELLED"),
    bought("v2", "01-02T10:06", "B7", 45, line("a", 45)),
    back("r1", "01-03T10:00", "B7", "AMOUNT", amount=15),
)


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_a_bill_that_was_posted_again_is_the_one_that_is_returned(
    front: ApiClient, order: tuple[int, int, int, int]
) -> None:
    """Case 01 A: 45 less 15 are 30, one bill and one visit, in whatever order the four are received."""
    organisation = front.organisation()
    kinds = (("TRANSACTION", "SALES"), ("TRANSACTION", "COUNT"), ("TRANSACTION", "VISIT"), ("LINEITEM", "SALES"))
    organisation.define(month(*(target(*kind) for kind in kinds)))
    for place in order:
        (answered,) = organisation.send_events(POSTED_AGAIN[place])
        assert answered["status"] == "applied"
    assert [Decimal(30), Decimal(1), Decimal(1), Decimal(30)] == values(organisation)


ANEW = (
    event("TransactionAdd", "2025-11-02T10:00:00Z", id="2025/1", data={"number": "1", "netAmount": 100}),
    event("TransactionAdd", "2026-01-02T10:00:00Z", id="2026/1", data={"number": "1", "netAmount": 80}),
    back("r1", "01-05T10:00", "1"),
)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_number_that_begins_anew_is_the_latest_bill_before_the_return(
    front: ApiClient, order: tuple[int, int, int]
) -> None:
    """Case 01 B: the bill of 2026 comes back, whichever was received first; 2025 keeps its 100."""
    organisation = front.organisation()
    organisation.define(group(target(), periods=YEARS))
    for place in order:
        organisation.send_events(ANEW[place])
    assert [Decimal(100), Decimal(0)] == values(organisation)


def test_a_return_that_finds_nothing_says_so_and_can_be_listed(organisation: OrganisationClient) -> None:
    """Case 01: of an empty bill nothing is taken, of an unknown one the return waits until it is received."""
    organisation.define(month(target()))
    sent = bought("v1", "01-02T10:00", "B7", 40), back("x1", "01-02T10:05", "B7"), back("x2", "01-02T10:06", "B7")
    unknown = back("x3", "01-02T10:06", {"number": "B8"})
    answers = organisation.send_events(*sent, unknown)
    assert [[], [], [NOTHING_LEFT], [WAITS]] == [[one["reason"] for one in item["warnings"]] for item in answers]
    path = f"/api/v1/customers/{organisation.customer('anna')}/waiting-returns"
    assert [("x2", "B7"), ("x3", "B8")] == [(one["id"], one["original"]) for one in organisation.get(path)["items"]]
    organisation.send_events(bought("v2", "01-02T10:00", "B8", 7))
    assert ["x2"] == [one["id"] for one in organisation.get(path)["items"]]
    assert [Decimal(0)] == values(organisation)


@pytest.mark.parametrize(
    "original, expected",
    [
        ({"id": "a"}, 60),
        ({"id": "b", "source": "pos/1"}, 40),
        ({"number": "7", "date": "2026-01-02"}, 60),
        ({"number": "7", "date": "2026-01-03"}, 40),
        ("7", 40),
    ],
)
def test_a_return_says_more_of_its_bill_than_a_number(front: ApiClient, original: object, expected: int) -> None:
    """Case 01: bills of 40 and 60 bear the number 7; the id, the source or the day tells them apart."""
    organisation = front.organisation()
    organisation.define(month(target()))
    organisation.send_events(bought("a", "01-02T10:00", "7", 40), bought("b", "01-03T10:00", "7", 60))
    organisation.send_events(back("r", "01-04T10:00", original))
    assert [Decimal(expected)] == values(organisation)


def test_what_is_wrong_with_an_original_is_said_at_once(organisation: OrganisationClient) -> None:
    """Case 01: id and number exclude each other; a day is a day; a place is one place; a till is known."""
    organisation.define(month(target()))
    organisation.send_events(bought("a", "01-02T10:00", "7", 40))
    wrong = {"id": "a", "number": "7", "source": "x", "store": {}, "date": "2026-02-30"}
    first, second = organisation.send_events(
        back("r", "01-04T10:00", wrong), back("s", "01-04T10:00", {"number": "7", "till": {"code": "none"}})
    )
    assert ["data.original", "data.original.source", "data.original.store", "data.original.date"] == [
        problem["path"] for problem in first["problems"]
    ]
    assert ["data.original.till"] == [problem["path"] for problem in second["problems"]]


def test_v2_tells_bills_of_one_number_apart_by_their_id(organisation: OrganisationClient) -> None:
    """Case 01 through v2: `id` beside `billNumber` is the `createdId` of the bill that is meant."""
    organisation.define(month(target()))
    organisation.send_events(bought("a", "01-03T10:00", "7", 60))
    first = json_of(v2(organisation, type="REGULAR", billNumber="7", billAmount=40, billingDate="2026-01-02T10:00:00Z"))
    returned = {"type": "RETURN", "returnType": "FULL", "billNumber": "7", "billingDate": "2026-01-04T10:00:00Z"}
    v2(organisation, **returned, id=first["createdId"])
    assert [Decimal(60)] == values(organisation)
    assert [f"billNumber: {NOTHING_LEFT}"] == [
        one["message"]
        for time in ("11", "12")
        for one in json_of(v2(organisation, **returned | {"billingDate": f"2026-01-04T{time}:00:00Z"}))["warnings"]
    ]
    assert [Decimal(0)] == values(organisation)


def test_an_achievement_is_an_event_that_no_return_withdraws(organisation: OrganisationClient) -> None:
    """Case 14 A: whether the bill or its return is received first, the achievement and its count stay."""
    spend = target(name="Spend for case 14")
    told = target(
        "EVENT",
        "COUNT",
        eventName="TargetCompleted",
        expression='currentEvent.targetName=="Spend for case 14"',
        defaultValues=[{"defaultValue": 1}],
    )
    organisation.define(month(spend))
    organisation.define(month(told))
    for customer, order in (("anna", (0, 1)), ("berta", (1, 0))):
        sent = (bought("b", "01-02T10:00", "B", 120), back("r", "01-09T10:00", "B"))
        for place in order:
            named = {"customer": {"externalId": customer}, "id": f"{customer}/{place}"}
            organisation.send_events(sent[place] | named)
        assert (customer, [Decimal(0), Decimal(1)]) == (customer, values(organisation, customer))


def test_a_reversal_takes_back_what_is_no_bill(organisation: OrganisationClient) -> None:
    """A check-in and an award are taken back, in either order; a reversal of nothing known waits."""
    organisation.define(month(target("EVENT", "COUNT", eventName="CheckIn"), target("REWARDS", "ALL_POINTS")))

    def reversal(id_: str, original: object) -> Json:
        return event("EventReversed", "2026-01-20T10:00:00Z", id=id_, data={"original": original})

    sent = [
        event("CheckIn", id="c1"),
        event("CheckIn", id="c2"),
        reversal("r1", "c1"),
        reversal("r2", {"id": "p1", "source": "test"}),
        event("PointsAwarded", id="p1", data={"amount": 50}),
        event("PointsAwarded", id="p2", data={"amount": 7}),
    ]
    answers = [organisation.send_events(one)[0] for one in sent]
    assert [[], [], [], [WAITS], [], []] == [[one["reason"] for one in item["warnings"]] for item in answers]
    assert [Decimal(1), Decimal(7)] == values(organisation)


def test_a_void_gives_the_cap_back(organisation: OrganisationClient) -> None:
    """Of 100 points 80 are given; 30 of them are void, then all: the cap has 50, then 100 again."""
    capped = target("REWARDS", "ALL_POINTS", defaultValues=[{"defaultValue": 100}])
    organisation.define(group(capped, trackingType="CAPPING"))
    organisation.send_events(event("CheckIn"))
    path = f"/api/v1/customers/{organisation.customer('anna')}"
    organisation.post(f"{path}/awards", {"id": "d1", "amount": 80})
    voids = [{"id": "v1", "decision": "d1", "amount": 30}, {"id": "v1", "decision": "d1", "amount": 30}]
    for body in (*voids, {"id": "v2", "decision": "d1"}):
        answered = organisation.post(f"{path}/awards/voids", body)
        assert answered.status_code == 200, answered.text
    assert [0] == [cap["used"] for cap in organisation.get(f"{path}/caps")["items"]]
    assert 404 == organisation.post(f"{path}/awards/voids", {"id": "v3", "decision": "none"}).status_code
    assert 409 == organisation.post(f"{path}/awards/voids", {"id": "v1", "decision": "d1"}).status_code


@pytest.mark.parametrize("choice, expected", [("OFF", 10), ("ON", 4)])
def test_a_return_gives_the_cap_of_its_bill_back_where_asked(front: ApiClient, choice: str, expected: int) -> None:
    """A bill of 50 got 10 points; 30 of 50 come back, and with ON six of the ten points are free again."""
    organisation = front.organisation(capsFollowReturns=choice)
    organisation.define(group(target("REWARDS", "ALL_POINTS"), trackingType="CAPPING"))
    organisation.send_events(event("CheckIn"))
    path = f"/api/v1/customers/{organisation.customer('anna')}"
    organisation.post(f"{path}/awards", {"id": "d1", "amount": 10, "time": "2026-01-02T10:00:00Z"})
    organisation.send_events(bought("b", "01-02T10:00", "B", 50, decision="d1"))
    organisation.send_events(back("r", "01-03T10:00", "B", "AMOUNT", amount=30))
    assert [expected] == [cap["used"] for cap in organisation.get(f"{path}/caps")["items"]]


@pytest.mark.parametrize("choice, expected", [("KEEP_JUDGEMENT", 40), ("JUDGE_AGAIN", 0)])
def test_a_condition_is_asked_again_where_asked(front: ApiClient, choice: str, expected: int) -> None:
    """Bills of 100 or more count; of one, 60 of 100 come back."""
    organisation = front.organisation(returnedBills=choice)
    organisation.define(month(target(expression="currentTxn.value>=100")))
    organisation.send_events(bought("b", "01-02T10:00", "B", 100), back("r", "01-03T10:00", "B", "AMOUNT", amount=60))
    assert [Decimal(expected)] == values(organisation)


def test_an_enrolment_knows_older_bills_of_the_number(organisation: OrganisationClient) -> None:
    """Case 01 at an enrolment: the return of 2025 was of the bill of 2025, so the 80 of January 2026 count."""
    defined = organisation.define(month(target(enrolmentMethod="IMPORT")))
    organisation.send_events(ANEW[0], back("r0", "01-01T00:00", "1") | {"time": "2025-11-03T10:00:00Z"}, ANEW[1])
    path = f"/v3/targetGroups/{defined['id']}/targets/{defined['targets'][0]['id']}/enroll"
    body = [{"customerId": organisation.customer("anna"), "periodName": "January"}]
    assert organisation.post(path, body).status_code == 200
    assert [Decimal(80)] == values(organisation)
    organisation.send_events(ANEW[2])
    assert [Decimal(0)] == values(organisation)


def test_a_cap_on_bills_gets_its_one_back_when_the_decision_is_void_as_a_whole(
    organisation: OrganisationClient,
) -> None:
    """A decision about a bill used one of a cap on bills: half of it void leaves the one used, all of it does not."""
    organisation.define(group(target("TRANSACTION", "COUNT"), trackingType="CAPPING"))
    organisation.send_events(event("CheckIn"))
    path = f"/api/v1/customers/{organisation.customer('anna')}"
    organisation.post(f"{path}/awards", {"id": "d1", "amount": 80, "bill": {"number": "B", "netAmount": 5}})
    used = []
    for id_ in ("v1", "v2"):
        organisation.post(f"{path}/awards/voids", {"id": id_, "decision": "d1", "amount": 40})
        used += [cap["used"] for cap in organisation.get(f"{path}/caps")["items"]]
    assert [1, 0] == used


@pytest.mark.parametrize(
    "lines, data, warned",
    [
        pytest.param((line("a", 40),), {"code": "A", "quantity": 1}, [NOTHING_LEFT], id="an article in another case"),
        pytest.param((), {"code": "a", "quantity": 1, "netAmount": 30}, [NOTHING_LEFT], id="a bill without lines"),
        pytest.param((line("a", 40),), {"code": "a", "quantity": 1, "netAmount": 30}, [], id="an article of the bill"),
    ],
)
def test_a_return_of_an_article_that_is_not_on_the_bill_says_so(
    organisation: OrganisationClient, lines: tuple[Json, ...], data: Json, warned: list[str]
) -> None:
    """Nothing is taken back, and the till hears it; otherwise ten stay, the part that was not given back."""
    organisation.define(month(target()))
    organisation.send_events(bought("b", "01-02T10:00", "B", 40, *lines))
    (answer,) = organisation.send_events(back("r", "01-03T10:00", "B", "LINE_ITEM", lines=[data]))
    assert warned == [one["reason"] for one in answer["warnings"]]
    assert [Decimal(40 if warned else 10)] == values(organisation)
