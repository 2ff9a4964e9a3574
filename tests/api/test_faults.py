"""A fault of ours is never reported as a mistake of the client: the client sends the request again (facts 8 #96)."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pytest

from milepost.api.http.body import write_json
from milepost.service.organisations.provisioning import add_key
from tests.api.client import ApiClient, Json, OrganisationClient, json_of
from tests.api.client_forms import bill, group, target

BILL = {"type": "REGULAR", "billNumber": "1", "billAmount": 25, "billingDate": "2026-01-02T10:00:00Z"}
ANNA = {"identifierName": "externalId", "identifierValue": "anna"}


@pytest.fixture
def organisation(front: ApiClient) -> OrganisationClient:
    """Return an organisation of the test's own, with a feed, so that outcomes are kept."""
    return front.organisation(outcomeFeed="ON")


@contextmanager
def away(client: ApiClient, table: str) -> Iterator[None]:
    """Take a table away for a while."""
    client.connection.execute(f"alter table {table} rename to {table}_away".encode())
    try:
        yield
    finally:
        client.connection.execute(f"alter table {table}_away rename to {table}".encode())


def send_bill(organisation: OrganisationClient) -> httpx2.Response:
    """Send a bill by the vendor's API."""
    return organisation.post("/v2/transactions", BILL, **ANNA)


@pytest.mark.parametrize("table", ["outbox", "event"])
def test_a_bill_is_to_be_sent_again(organisation: OrganisationClient, table: str) -> None:
    """The answer is a 500 and the server is not ready; when the table is back, the same bill is accepted and counts."""
    organisation.define(group(target(defaultValues=[{"defaultValue": 5}])))
    with away(organisation.client, table):
        failed = send_bill(organisation)
        ready = organisation.client.send("GET", "/readyz")
    taken = send_bill(organisation)
    (row,) = organisation.rows(organisation.customer("anna"))

    assert (500, "1") == (failed.status_code, failed.headers["retry-after"])
    assert [500] == [error["code"] for error in json_of(failed)["errors"]]
    assert (503, 200) == (ready.status_code, organisation.client.send("GET", "/readyz").status_code)
    assert (200, 25) == (taken.status_code, row["targetAchievedValue"])


def test_items_fail_one_by_one(organisation: OrganisationClient) -> None:
    """Our own API says `failed`, the vendor's bulk the code 500; the problem of another item is reported as always."""
    organisation.define(group(target(defaultValues=[{"defaultValue": 5}])))
    item = BILL | {"identifierType": "externalId", "identifierValue": "anna"}
    with away(organisation.client, "outbox"):
        events = organisation.send_events(bill(5), bill(5, type="ReturnBill"))
        bulk = json_of(organisation.post("/v2/transactions/bulk", [item, item | {"billAmount": "x"}]))["response"]

    assert ["failed", "refused"] == [event["status"] for event in events]
    assert "send it again" in events[0]["problems"][0]["reason"]
    assert [(None, 500), (None, 624)] == [(part["entityId"], part["errors"][0]["code"]) for part in bulk]


def test_a_webhook_event_is_to_be_sent_again(organisation: OrganisationClient) -> None:
    """Other systems send an event again when the answer is a 5xx."""
    body = write_json({"event_name": "gym", "externalId": "anna", "eventDateTime": "2026-01-02T10:00:00Z"})
    with away(organisation.client, "event"):
        failed = organisation.client.send("POST", f"/webhooks/{organisation.webhook_id}", content=body)
    again = organisation.client.send("POST", f"/webhooks/{organisation.webhook_id}", content=body)

    assert (500, 200) == (failed.status_code, again.status_code)


DRAFT: Json = group(name="Draft of a parameter")
GUESSES: tuple[tuple[str, str, Json | None], ...] = (
    ("GET", "/api/v1/customers/{anna}/progress?at=2026-01-01T00:00:00Z&when=x", None),
    ("GET", "/api/v1/organisation?version=1&x=2", None),
    ("POST", "/api/v1/events?dryRun=true&x=1", {}),
    ("GET", "/api/v1/jobs/1?verbose=1&v=2", None),
)


@pytest.mark.parametrize("method,path,body", GUESSES)
def test_our_own_api_refuses_parameters_by_name(
    organisation: OrganisationClient, method: str, path: str, body: Json | None
) -> None:
    """The answer names all of them at once, with the parameters that exist, and nothing is done."""
    anna = json_of(
        organisation.post("/v2/customers", {"profiles": [{"identifiers": [{"type": "externalId", "value": "anna"}]}]})
    )["createdId"]
    content = None if body is None else write_json(body)
    answered = organisation.send(method, path.format(anna=anna), content=content)
    names = [part.partition("=")[0] for part in path.partition("?")[2].split("&")]

    assert 400 == answered.status_code
    assert names == [problem["path"] for problem in json_of(answered)["problems"]]
    assert all("is not a parameter here" in problem["reason"] for problem in json_of(answered)["problems"])


def test_the_vendors_api_warns_of_parameters(organisation: OrganisationClient) -> None:
    """They are accepted; the answer lists the parameters that exist and the one that may be meant."""
    made = organisation.post("/v3/targetGroups", DRAFT, dryRun="true")
    organisation.send_events(bill(5))
    anna = organisation.customer("anna")
    shown = organisation.get(f"/v3/users/{anna}/targetGroups", include_inactive="true")
    quiet = organisation.get(f"/v3/users/{anna}/targetGroups", includeInactive="true", format="json", _="1")
    posted = json_of(organisation.post("/v2/transactions", BILL, **ANNA, dryRun="true"))

    assert ["dryRun is not a parameter here; this call has none; it was not looked at"] == words(json_of(made))
    there_are = "includeInactive, includeInactiveTargets, targetRuleId, trackingDate"
    reason = f"is not a parameter here; there are {there_are}; did you mean includeInactive?; it was not looked at"
    assert [f"include_inactive {reason}"] == words(shown)
    assert [] == words(quiet)
    assert 1 == len(words(posted))


def test_calls_without_a_login_warn_of_parameters(organisation: OrganisationClient) -> None:
    """The webhook and the call for a token look at parameters too; the request is accepted all the same."""
    body = write_json({"event_name": "gym", "externalId": "anna"})
    received = organisation.client.send("POST", f"/webhooks/{organisation.webhook_id}?dry=1", content=body)
    client, name = organisation.client, organisation.organisation.name
    key = client.run(lambda: add_key(client.runtime.database, name="x", organisation=name, now=client.clock()))
    asked = write_json({"key": key.key, "secret": key.secret})
    token = client.send("POST", "/v3/oauth/token/generate?dry=1", content=asked)

    reason = "dry is not a parameter here; this call has none; it was not looked at"
    assert (200, reason) == (received.status_code, words(json_of(received))[-1])
    assert (200, [reason]) == (token.status_code, words(json_of(token)))


def words(answered: Json) -> list[str]:
    """Return the texts of an answer's warnings."""
    return [warning["message"] for warning in answered["warnings"] or ()]


def test_an_attribute_may_be_searched_by(organisation: OrganisationClient) -> None:
    """In a search of events every parameter names an attribute, so none is unknown."""
    organisation.send_events(bill(5))
    found = organisation.get(
        "/v2/events/search", userIdentifierType="externalId", userIdentifierValue="anna", colour="red"
    )

    assert [] == found["warnings"]
