"""`GET /v3/users/{id}/trackedTargetEvents/{rule}`: what a progress came from (facts 2.10, 3.6, 4.15)."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from milepost.api.capillary.users.tracked_events.answer import TrackedPageAnswer
from tests.api.client import Json, OrganisationClient, json_of
from tests.api.client_forms import back, bill, event, group, target


def page(organisation: OrganisationClient, rule: int, **query: Any) -> Json:
    """Return a page of Anna's events for a target."""
    path = f"/v3/users/{organisation.customer('anna')}/trackedTargetEvents/{rule}"
    answered = organisation.send("GET", path, params=query)
    msgspec.json.decode(answered.content, type=TrackedPageAnswer)
    told: Json = json_of(answered)
    assert ["pagination", "data", "errors", "warnings"] == list(told)
    return told


def told(organisation: OrganisationClient, rule: int, **query: Any) -> list[tuple[str, Any]]:
    """Return names and values of Anna's events for a target."""
    return [(one["eventName"], one["targetValue"]) for one in page(organisation, rule, **query)["data"]]


def refused(organisation: OrganisationClient, user: Any, rule: Any, **query: Any) -> list[tuple[int, str]]:
    """Return why the events of a customer are not given."""
    answered = organisation.send("GET", f"/v3/users/{user}/trackedTargetEvents/{rule}", params=query)
    assert 400 == answered.status_code
    return [(error["code"], error["message"]) for error in json_of(answered)["errors"]]


def test_a_tracked_event_has_all_of_its_fields(front: Any) -> None:
    """Dates are in the organisation's zone, with ISO twins; a bill is worth all of it, whatever it added."""
    organisation = front.organisation("Asia/Kolkata")
    defined = organisation.define(group(target("LINEITEM", "COUNT")))
    rule = defined["targets"][0]["id"]
    one = bill("150.25", number="B1", lines=({"code": "a", "quantity": 1, "netAmount": 1},))
    organisation.send_events(one | {"time": "2026-01-19T20:00:00Z"})
    told = page(organisation, rule)
    assert {"limit": 10, "offset": 0, "total": 1} == told["pagination"]
    (row,) = told["data"]
    log_id = row["eventLogId"]
    assert {
        "eventLogId": log_id,
        "eventName": "ADD_TRANSACTION",
        "customerId": organisation.customer("anna"),
        "eventDisplayName": None,
        "uniqueId": str(log_id),
        "eventDate": "2026-01-20 01:30:00.0",
        "eventDateISO": "2026-01-20T01:30:00+05:30",
        "eventProcessedDate": "2026-01-20 17:30:00.0",
        "eventProcessedDateISO": "2026-01-20T17:30:00+05:30",
        "periodId": defined["periods"][0]["id"],
        "targetGroupId": defined["id"],
        "targetRuleId": rule,
        "targetValue": Decimal("150.250"),
    } == row


def test_returns_lower_and_activities_count_one(organisation: OrganisationClient) -> None:
    """Also where an attribute is summed; the vendor's words for each kind."""
    spend = organisation.define(group(target()))["targets"][0]["id"]
    km = {"extendedFieldInfo": {"name": "km", "aggregateFunction": "SUM"}, "eventName": "Run"}
    runs = organisation.define(group(target("EVENT", "EVENT_ATTRIBUTE", **km)))["targets"][0]["id"]
    organisation.send_events(bill("100", number="B1"), bill("50", number="B2"))
    organisation.send_events(back("B1", "AMOUNT", amount="30"), back("B2"))
    organisation.send_events(event("Run", id="r1", data={"km": 12}), event("Run", id="r2", data={"km": 3}))
    assert [
        ("ADD_TRANSACTION", 100),
        ("ADD_TRANSACTION", 50),
        ("RETURN_BILL", 30),
        ("RETURN_BILL", 50),
    ] == told(organisation, spend)
    rows = page(organisation, runs)["data"]
    assert [("GENERIC_EVENT", "Run", "r1", 1), ("GENERIC_EVENT", "Run", "r2", 1)] == [
        (row["eventName"], row["eventDisplayName"], row["uniqueId"], row["targetValue"]) for row in rows
    ]


def test_enrolling_and_leaving_are_tracked(organisation: OrganisationClient) -> None:
    """With the balance that one begins with."""
    defined = organisation.define(group(target(enrolmentMethod="IMPORT")))
    rule = defined["targets"][0]["id"]
    organisation.send_events(bill("7", time="2025-12-20T10:00:00Z"))
    path = f"/v3/targetGroups/{defined['id']}/targets/{rule}"
    anna = organisation.customer("anna")
    assert 200 == organisation.post(f"{path}/enroll", [{"customerId": anna, "initialBalance": 40}]).status_code
    organisation.client.clock.set("2026-01-20T12:00:05Z")
    assert 200 == organisation.post(f"{path}/unEnroll", [{"customerId": anna}]).status_code
    assert [("ENROL", 40)] == told(organisation, rule)[:1]
    assert [("ENROL", 40), ("UNENROL", 0)] == told(organisation, rule)


def test_events_come_in_the_order_of_their_dates_page_by_page(organisation: OrganisationClient) -> None:
    """`offset` is the number of a page; `total` counts events."""
    rule = organisation.define(group(target()))["targets"][0]["id"]
    organisation.send_events(*(bill(str(day), time=f"2026-01-{day:02}T10:00:00Z") for day in (9, 3, 7, 5, 1)))
    assert [1, 3, 5, 7, 9] == [value for _, value in told(organisation, rule)]
    assert [[1, 3], [5, 7], [9], []] == [
        [value for _, value in told(organisation, rule, limit=2, offset=number)] for number in range(4)
    ]
    assert {"limit": 2, "offset": 1, "total": 5} == page(organisation, rule, limit=2, offset=1)["pagination"]


def test_events_of_one_period_are_tracked(organisation: OrganisationClient) -> None:
    """And nothing that was too late or concerned another target."""
    defined = organisation.define(group(target()))
    other = organisation.define(group(target(expression="currentTxn.value>1000")))["targets"][0]["id"]
    organisation.send_events(bill("5"), bill("2000"), bill("6", time="2025-12-01T10:00:00Z"))
    rule = defined["targets"][0]["id"]
    january, february = (period["id"] for period in defined["periods"])
    assert [5, 2000] == [value for _, value in told(organisation, rule, periodId=january)]
    assert [] == told(organisation, rule, periodId=february)
    assert [2000] == [value for _, value in told(organisation, other)]


def test_each_unknown_thing_has_its_code(organisation: OrganisationClient) -> None:
    """User, rule, period, and a user without a record for the rule."""
    defined = organisation.define(group(target()))
    rule = defined["targets"][0]["id"]
    organisation.send_events(bill(time="2025-12-01T10:00:00Z"))
    anna = organisation.customer("anna")
    for user in (5, "anna"):
        assert [(310011, "Invalid userId")] == refused(organisation, user, rule)
    for wrong in (5, "rule"):
        assert [310018] == [code for code, _ in refused(organisation, anna, wrong)]
    assert [(310149, "No record found in user target for the given user and target")] == refused(
        organisation, anna, rule
    )
    organisation.send_events(bill())
    assert [310019] == [code for code, _ in refused(organisation, anna, rule, periodId=5)]


@pytest.mark.parametrize(
    "query", [{"limit": 0}, {"limit": 201}, {"limit": "x"}, {"offset": -1}, {"offset": 10**9}, {"periodId": "x"}]
)
def test_a_bad_page_is_refused(organisation: OrganisationClient, query: Json) -> None:
    """With what it may be."""
    assert [300004] == [code for code, _ in refused(organisation, 5, 5, **query)]
