"""Events that were received: listed by customer, and one with all that it led to."""

from tests.api.client import Json, OrganisationClient, json_of
from tests.api.client_forms import back, bill, event, group, target


def listed(organisation: OrganisationClient, **query: object) -> list[Json]:
    """Return the events of Anna."""
    found: list[Json] = organisation.get("/api/v1/events", customer=organisation.customer("anna"), **query)["items"]
    return found


def test_events_are_listed_latest_first_and_by_page(organisation: OrganisationClient) -> None:
    """A cursor goes on where a page ended."""
    organisation.send_events(bill(id="one"), bill(id="two"), event("Run", id="three"))
    first = organisation.get("/api/v1/events", customer=organisation.customer("anna"), limit=2)
    rest = listed(organisation, cursor=first["nextCursor"])

    assert ["three", "two"] == [one["id"] for one in first["items"]]
    assert ["one"] == [one["id"] for one in rest]
    assert ["three"] == [one["id"] for one in listed(organisation, type="Run")]
    assert [] == listed(organisation, since="2026-01-21")
    assert [] == listed(organisation, store="S9")


def test_an_event_shows_what_it_led_to(organisation: OrganisationClient) -> None:
    """Its data, its entries, its outcomes, and the return that takes from it; the return names the bill."""
    organisation.define(group(target()))
    organisation.send_events(bill(120, "B1", id="bill"), {**back("B1", "AMOUNT", amount=10), "id": "return"})
    found = organisation.get("/api/v1/events/test/bill")
    returned = organisation.get("/api/v1/events/test/return")

    assert (120, "B1") == (found["event"]["data"]["netAmount"], found["event"]["data"]["number"])
    assert [(0, 120, "counted")] == [(one["before"], one["after"], one["reason"]) for one in found["event"]["entries"]]
    assert {"target.enrolled", "target.achieved", "target.value_changed"} == {one["type"] for one in found["outcomes"]}
    assert [{"source": "test", "id": "return"}] == found["correctedBy"]
    assert {"source": "test", "id": "bill"} == returned["corrects"]
    assert [] == returned["correctedBy"]


def test_an_event_of_nobody_is_not_found(organisation: OrganisationClient) -> None:
    """What was never received is a 404; without a customer nothing is listed."""
    assert 404 == organisation.send("GET", "/api/v1/events/test/nothing").status_code
    refused = organisation.send("GET", "/api/v1/events")
    assert (400, "customer") == (refused.status_code, json_of(refused)["problems"][0]["path"])


def test_a_command_is_found_by_its_customer(organisation: OrganisationClient) -> None:
    """Our own events have no claim, so the customer says whose it is."""
    made = organisation.define(group(target(enrolmentMethod="IMPORT")))
    organisation.send_events(bill(id="bill"))
    customer = organisation.customer("anna")
    body = [{"customerId": customer, "periodName": "January"}]
    path = f"/v3/targetGroups/{made['id']}/targets/{made['targets'][0]['id']}/enroll"
    answered = organisation.post(path, body)
    assert answered.status_code == 200, answered.text
    enrolment = next(one for one in listed(organisation) if one["type"] == "milepost.Enrol")
    found = organisation.get(f"/api/v1/events/{enrolment['source']}/{enrolment['id']}", customer=customer)

    assert enrolment == found["event"]
    assert 404 == organisation.send("GET", f"/api/v1/events/{enrolment['source']}/{enrolment['id']}").status_code
