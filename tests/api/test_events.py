"""Receiving events: each type, each way to send them, and what is answered item by item."""

import json
from decimal import Decimal
from typing import Any

import pytest

from tests.api.client import Json, OrganisationClient, json_of
from tests.api.client_forms import back, bill, event, group, line, target

SUM_OF_TIP = {"extendedFieldInfo": {"name": "tip", "aggregateFunction": "SUM"}}
STARS = {"extendedFieldInfo": {"programId": 46, "alternateCurrencyIdentifier": "stars"}}
STARRED = {"programId": 46, "currency": "stars", "amount": "7"}
WIDE = bill(
    "42.50",
    lines=(
        line("milk", "12", quantity="3", grossAmount="15", discount="3", extendedFields={"tip": "1.5"}),
        line("bread", "30.5"),
    ),
)
WIDE["data"] |= {"grossAmount": "45.00", "discount": "2.50", "extendedFields": {"tip": 4}}


def entries(answered: Json) -> list[tuple[Decimal, Decimal, str]]:
    """Return what an applied event changed: before, after and why."""
    assert ("applied", []) == (answered["status"], answered["problems"]), answered
    return [(Decimal(entry["before"]), Decimal(entry["after"]), entry["reason"]) for entry in answered["entries"]]


def counted(after: str) -> list[tuple[Decimal, Decimal, str]]:
    """Return the entries of a first event that counts."""
    return [(Decimal(0), Decimal(after), "counted")]


@pytest.mark.parametrize(
    "wanted, sent, expected",
    [
        (target("TRANSACTION", "SALES"), WIDE, "42.5"),
        (target("TRANSACTION", "GROSS_SALES"), WIDE, "45"),
        (target("TRANSACTION", "COUNT"), WIDE, "1"),
        (target("TRANSACTION", "VISIT"), WIDE, "1"),
        (target("TRANSACTION", "QUANTITY"), WIDE, "4"),
        (target("TRANSACTION", "EXTENDED_FIELD", **SUM_OF_TIP), WIDE, "4"),
        (target("LINEITEM", "SALES", expression='currentLineItem.code=="milk"'), WIDE, "12"),
        (target("LINEITEM", "GROSS_SALES"), WIDE, "45.5"),
        (target("LINEITEM", "QUANTITY"), WIDE, "4"),
        (target("LINEITEM", "COUNT"), WIDE, "2"),
        (target("LINEITEM", "EXTENDED_FIELD", **SUM_OF_TIP), WIDE, "1.5"),
        (target("EVENT", "COUNT", eventName="Run"), event("Run"), "1"),
        (target("EVENT", "VISIT", eventName="Run"), event("Run"), "1"),
        (
            target("EVENT", "EVENT_ATTRIBUTE", eventName="Run", **SUM_OF_TIP),
            event("Run", data={"tip": "2.75", "shoe": "red", "fast": True, "coach": None}),
            "2.75",
        ),
        (target("EVENT", "COUNT", eventName="CustomerRegistration"), event("CustomerRegistration"), "1"),
        (target("EVENT", "COUNT", eventName="ReturnBill"), back("nothing that is known"), "1"),
        (target("REWARDS", "ALL_POINTS"), event("PointsAwarded", data={"amount": 9}), "9"),
        (target("REWARDS", "REGULAR_POINTS"), event("PointsAwarded", data={"amount": 9, "kind": "REGULAR"}), "9"),
        (
            target("POINTS", "PROMOTIONAL_POINTS"),
            event("PointsAwarded", data={"amount": "9.5", "kind": "PROMOTIONAL", "programId": 3}),
            "9.5",
        ),
        (target("ALTERNATE_CURRENCIES", "ALL", **STARS), event("CurrencyAwarded", data=STARRED), "7"),
    ],
)
def test_each_type_of_event_is_applied(
    organisation: OrganisationClient, wanted: Json, sent: Json, expected: str
) -> None:
    """An event is answered with what it changed: target, period, before, after and why."""
    defined = organisation.define(group(wanted))
    (answered,) = organisation.send_events(sent)
    assert counted(expected) == entries(answered)
    names = {"targetId": defined["targets"][0]["id"], "periodId": defined["periods"][0]["id"]}
    assert names == {name: answered["entries"][0][name] for name in names}
    assert (sent["id"], organisation.customer("anna")) == (answered["id"], answered["customerId"])


@pytest.mark.parametrize(
    "wanted, sent",
    [
        (target("ALTERNATE_CURRENCIES", "ALL", **STARS), event("CurrencyAwarded", data=STARRED | {"programId": 47})),
        (target("REWARDS", "REGULAR_POINTS"), event("PointsAwarded", data={"amount": 9, "kind": "PROMOTIONAL"})),
        (target("EVENT", "COUNT", eventName="Run"), event("run")),
        (target(), bill(time="2025-12-31T23:59:59.999999Z")),
        (target(), bill(time="2026-03-01T00:00:00Z", id="next day")),
    ],
)
def test_an_event_that_no_target_wants_is_kept(organisation: OrganisationClient, wanted: Json, sent: Json) -> None:
    """The event is applied, changes nothing, and is in the log."""
    organisation.client.clock.set("2026-03-01T12:00:00Z")
    organisation.define(group(wanted))
    assert [] == entries(organisation.send_events(sent)[0])
    assert 1 == organisation.stored()["event"]


@pytest.mark.parametrize(
    "kind, data, after",
    [
        ("FULL", {}, "0"),
        ("CANCELLED", {}, "0"),
        ("AMOUNT", {"amount": "30"}, "70"),
        ("LINE_ITEM", {"lines": [{"code": "wine", "quantity": 1}]}, "80"),
        ("LINE_ITEM", {"lines": [{"code": "wine", "quantity": 1, "netAmount": "15", "grossAmount": "15"}]}, "85"),
    ],
)
def test_each_kind_of_return_takes_its_part_back(
    organisation: OrganisationClient, kind: str, data: Json, after: str
) -> None:
    """A return reduces what its bill had added, by the bill's id as by its number."""
    organisation.define(group())
    bought = bill("100", lines=(line("wine", "40", quantity=2), line("bread", "60")))
    assert counted("100") == entries(organisation.send_events(bought)[0])
    assert [(Decimal(100), Decimal(after), "returned")] == entries(
        organisation.send_events(back(bought["id"], kind, **data))[0]
    )


def test_the_example_of_the_documentation_is_applied(organisation: OrganisationClient) -> None:
    """A bill with all its fields, as the documentation shows it, at a store that is known."""
    organisation.post("/api/v1/stores", [{"code": "330", "name": "Main Street"}])
    text = """{"id": "bill-31198570044", "source": "pos/330", "type": "TransactionAdd",
        "time": "2017-01-01T11:53:26-05:00", "customer": {"externalId": "900"}, "store": {"code": "330"},
        "data": {"number": "31198570044", "netAmount": 42.50, "grossAmount": 45.00, "discount": 2.50,
        "lines": [{"code": "1095275", "quantity": 1, "rate": 0.5, "grossAmount": 0.5, "discount": 0, "netAmount": 0.5,
        "attributes": {"department": "PRODUCE", "brand": "National"}, "extendedFields": {}}], "extendedFields": {}}}"""
    (answered,) = json_of(organisation.post("/api/v1/events", text.encode()))["items"]
    assert {
        "id": "bill-31198570044",
        "status": "applied",
        "customerId": organisation.customer("900"),
        "version": organisation.get("/api/v1/organisation")["version"],
        "entries": [],
        "problems": [],
        "warnings": [],
    } == answered


def sent_as(organisation: OrganisationClient, body: bytes, content_type: str) -> tuple[int, list[str]]:
    """Send a body; return the answer's status and the items' statuses."""
    answered = organisation.send("POST", "/api/v1/events", content=body, headers={"content-type": content_type})
    return answered.status_code, [item["status"] for item in json_of(answered).get("items", ())]


@pytest.mark.parametrize(
    "content_type, join",
    [
        ("application/json", lambda events: json.dumps(events).encode()),
        ("application/json", lambda events: b"\n\t " + json.dumps(events, indent=2).encode()),
        ("application/x-ndjson", lambda events: b"\n".join(json.dumps(one).encode() for one in events)),
        (
            "application/x-ndjson; charset=utf-8",
            lambda events: b"\r\n\r\n".join(json.dumps(e).encode() for e in events),
        ),
        ("application/jsonl", lambda events: b"".join(json.dumps(one).encode() + b"\n" for one in events)),
    ],
)
def test_many_events_come_in_one_request(organisation: OrganisationClient, content_type: str, join: Any) -> None:
    """A JSON array and one event a line say the same."""
    organisation.define(group())
    assert (200, ["applied"] * 3) == sent_as(organisation, join([bill("1"), bill("2"), bill("3")]), content_type)
    assert 3 == organisation.stored()["event"]


def test_one_event_needs_no_array(organisation: OrganisationClient) -> None:
    """A lone JSON object is one event."""
    assert (200, ["applied"]) == sent_as(organisation, json.dumps(bill()).encode(), "application/json")


def test_no_events_are_an_empty_answer(organisation: OrganisationClient) -> None:
    """An empty array is no mistake."""
    assert (200, []) == sent_as(organisation, b"[]", "application/json")


def test_a_cloud_event_is_an_event(organisation: OrganisationClient) -> None:
    """CloudEvents 1.0: the subject names the customer where `customer` does not; extensions of the format are taken."""
    organisation.define(group())
    sent = bill("12") | {"specversion": "1.0", "subject": "bert", "datacontenttype": "application/json"}
    del sent["customer"]
    answered = organisation.send(
        "POST", "/api/v1/events", json=sent, headers={"content-type": "application/cloudevents+json; charset=utf-8"}
    )
    (item,) = json_of(answered)["items"]
    assert counted("12") == entries(item)
    assert organisation.customer("bert") == item["customerId"]


def test_a_batch_of_cloud_events_is_a_batch(organisation: OrganisationClient) -> None:
    """A subject beside a `customer` names nobody."""
    sent = [bill() | {"specversion": "1.0", "subject": "who cares", "customer": {"externalId": "carl"}}]
    answered = organisation.send(
        "POST", "/api/v1/events", json=sent, headers={"content-type": "application/cloudevents-batch+json"}
    )
    assert [organisation.customer("carl")] == [item["customerId"] for item in json_of(answered)["items"]]


def test_a_customer_is_found_by_every_name(organisation: OrganisationClient) -> None:
    """Id, external id, mobile and e-mail, whatever its case, lead to one customer."""
    named = [
        {"type": "externalId", "value": "anna"},
        {"type": "mobile", "value": "4917000"},
        {"type": "email", "value": "Anna@Example.org"},
    ]
    created = json_of(organisation.post("/v2/customers", {"profiles": [{"firstName": "Anna", "identifiers": named}]}))
    names: list[Json] = [
        {"id": created["createdId"]},
        {"externalId": "anna"},
        {"mobile": "4917000"},
        {"email": "ANNA@example.org"},
    ]
    answered = organisation.send_events(*(bill() | {"customer": name} for name in names))
    assert [("applied", created["createdId"])] * 4 == [(item["status"], item["customerId"]) for item in answered]


def test_an_event_happens_where_it_says(organisation: OrganisationClient) -> None:
    """A store by code or id, a till by code or id: the filter of the target sees the same store."""
    (store,) = json_of(organisation.post("/api/v1/stores", [{"code": "s1", "name": "One"}]))["items"]
    (till,) = json_of(organisation.post("/api/v1/tills", [{"code": "t1", "store": "s1"}]))["items"]
    organisation.post("/api/v1/stores", [{"code": "s2"}])
    organisation.define(group(target(filters=[{"entityType": "STORE", "entityIds": [store["id"]]}])))
    places: list[Json] = [
        {"store": {"code": "s1"}},
        {"store": {"id": store["id"]}},
        {"till": {"code": "t1"}},
        {"till": {"id": till["id"]}},
        {"store": {"code": "s2"}},
        {},
    ]
    answered = organisation.send_events(*(bill("1", **place) for place in places))
    assert [1, 1, 1, 1, 0, 0] == [len(item["entries"]) for item in answered]


def test_an_event_without_a_place_happens_at_the_till_that_logged_in(organisation: OrganisationClient) -> None:
    """Where the till that sends has a store, its filter holds."""
    (store,) = json_of(organisation.post("/api/v1/stores", [{"code": "s1"}]))["items"]
    organisation.post("/api/v1/tills", [{"code": organisation.till_code, "store": "s1"}])
    organisation.define(group(target(filters=[{"entityType": "STORE", "entityIds": [store["id"]]}])))
    assert counted("10") == entries(organisation.send_events(bill("10"))[0])


def test_numbers_and_text_are_the_same_exact_amounts(organisation: OrganisationClient) -> None:
    """0.1 and "0.2" make 0.3; four decimals are kept, and trailing zeros are not shown."""
    organisation.define(group())
    body = json.dumps([bill(), bill("0.2"), bill("0.0001"), bill("0.6999")]).encode()
    items = json_of(organisation.post("/api/v1/events", body.replace(b'"netAmount": "10"', b'"netAmount": 0.1')))[
        "items"
    ]
    assert ["0.1", "0.3", "0.3001", "1"] == [str(item["entries"][0]["after"]) for item in items]
