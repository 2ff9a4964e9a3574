"""`GET /v2/events/search`: a customer's behavioural events by what they carry (facts 3.8)."""

from typing import Any

import msgspec
import pytest

from milepost.api.capillary.v2.event_definitions.answer import EventPageAnswer
from tests.api.client import Json, OrganisationClient, instant, json_of
from tests.api.client_forms import bill, event, group, target

PATH = "/v2/events/search"


@pytest.fixture
def running(organisation: OrganisationClient) -> OrganisationClient:
    """Return the organisation where Anna ran on five days and swam once, and bought something; Bob ran once."""
    organisation.define(group(target("EVENT", "COUNT", eventName="Run", name="Runs")))
    for day, place in ((10, "park"), (11, "park"), (12, "town"), (13, "town"), (14, "park")):
        organisation.send_events(
            event("Run", f"2026-01-{day}T08:00:00Z", id=f"r{day}", data={"place": place, "km": day})
        )
    organisation.send_events(event("Swim", "2026-01-12T09:00:00Z", id="s12", data={"place": "lake"}), bill())
    organisation.send_events(event("Run", customer="bob", data={"place": "park"}))
    return organisation


def found(organisation: OrganisationClient, **query: Any) -> Json:
    """Return what is found of Anna's."""
    anna = {"userIdentifierType": "userId", "userIdentifierValue": organisation.customer("anna")}
    answered = organisation.send("GET", PATH, params=anna | query)
    assert 200 == answered.status_code, answered.text
    msgspec.json.decode(answered.content, type=EventPageAnswer)
    told: Json = json_of(answered)
    return told


def days(organisation: OrganisationClient, **query: Any) -> list[int]:
    """Return the days of January of what is found."""
    start = instant("2026-01-01") // 1000
    dates = [one["additonalAttributes"]["eventDateTime"] for one in found(organisation, **query)["data"]]
    return [1 + (date - start) // 86_400_000 for date in dates]


def test_an_event_is_shown_with_its_attributes(running: OrganisationClient) -> None:
    """Instants in epoch milliseconds; the id is that of the kind of event."""
    (one,) = found(running, eventName="Swim")["data"]
    assert 32 == len(one.pop("eventId"))
    assert {
        "orgId": running.organisation.id,
        "userId": running.customer("anna"),
        "date": instant("2026-01-20T12:00:00Z") // 1000,
        "eventName": "Swim",
        "source": "INSTORE",
        "tillCode": running.till_code,
        "displayName": "Swim",
        "additonalAttributes": {
            "place": "lake",
            "isDuplicate": False,
            "eventDateTime": instant("2026-01-12T09:00:00Z") // 1000,
        },
    } == one


@pytest.mark.parametrize(
    "query, expected",
    [
        ({}, [14, 13, 12, 12, 11, 10]),
        ({"sortOrder": "asc"}, [10, 11, 12, 12, 13, 14]),
        ({"eventName": "Run"}, [14, 13, 12, 11, 10]),
        ({"place": "town"}, [13, 12]),
        ({"place": "park", "km": "11"}, [11]),
        ({"colour": "red"}, []),
        ({"fromDate": "2026-01-12T08:30:00", "tillDate": "2026-01-13T08:00:00"}, [13, 12]),
        ({"limit": 2, "offset": 1}, [13, 12]),
        ({"isDuplicate": "true"}, []),
        ({"eventId": "x"}, []),
    ],
)
def test_events_are_found(running: OrganisationClient, query: Json, expected: list[int]) -> None:
    """By name, time and attribute; latest first; a part at a time."""
    assert expected == days(running, **query)


def test_the_kind_of_event_is_found_by_its_id(running: OrganisationClient) -> None:
    """The id of the definition."""
    running.send("POST", "/v2/events", json={"eventName": "Swim", "actions": ["EIConsumer"]})
    id_ = running.get("/v2/events/meta", event_name="Swim")["clickEventsMeta"]["eventId"]
    assert ["Swim"] == [one["eventName"] for one in found(running, eventId=id_)["data"]]


def test_side_effects_are_shown_on_request(running: OrganisationClient) -> None:
    """What each event did to targets."""
    (one,) = found(running, includeSideEffects="true", km="12")["data"]
    effects = one["clickEventSideEffects"]
    assert ("r12", ["Runs"]) == (effects["requestId"], [effect["targetName"] for effect in effects["sideEffects"]])
    assert {"limit": 2, "offset": 1, "total": 5} == found(running, eventName="Run", limit=2, offset=1)["pagination"]


def test_a_customer_is_named_in_each_way(running: OrganisationClient) -> None:
    """By any identifier; a stranger is 8015."""
    by_name = {"userIdentifierType": "externalId", "userIdentifierValue": "bob"}
    assert 1 == running.get(PATH, **by_name)["pagination"]["total"]
    for kind, value in (("userId", "5"), ("mobile", "5")):
        answered = running.send("GET", PATH, params={"userIdentifierType": kind, "userIdentifierValue": value})
        assert [8015] == [error["code"] for error in json_of(answered)["errors"]]


@pytest.mark.parametrize(
    "query, count",
    [
        ({}, 2),
        ({"userIdentifierType": "userId", "userIdentifierValue": "anna"}, 1),
        ({"userIdentifierType": "userId", "userIdentifierValue": "5", "limit": 0, "offset": "x", "sortOrder": "up"}, 3),
        ({"userIdentifierType": "userId", "userIdentifierValue": "5", "fromDate": "now", "tillDate": ""}, 2),
        ({"userIdentifierType": "userId", "userIdentifierValue": "5", "isDuplicate": "x", "includeSideEffects": 1}, 2),
    ],
)
def test_a_bad_search_is_refused(organisation: OrganisationClient, query: Json, count: int) -> None:
    """With everything that is wrong; without a customer there is no search."""
    answered = organisation.send("GET", PATH, params=query)
    assert (400, [300004] * count) == (answered.status_code, [error["code"] for error in json_of(answered)["errors"]])
