"""Another organisation's ids answer exactly like ids that do not exist."""

from typing import Any

import pytest

from tests.api.client import ApiClient, OrganisationClient, json_of
from tests.api.client_forms import bill, group, target

NOTHING = 8_888_888_888


@pytest.fixture
def theirs(front: ApiClient) -> OrganisationClient:
    """Return another organisation, with one of everything."""
    other = front.organisation()
    other.post("/api/v1/zones", [{"code": "z"}])
    other.post("/api/v1/concepts", [{"code": "c"}])
    other.post("/api/v1/stores", [{"code": "s", "zone": "z", "concept": "c"}])
    other.post("/api/v1/tills", [{"code": "t", "store": "s"}])
    other.define(group(target(enrolmentMethod="IMPORT")))
    other.send_events(bill())
    return other


def alike(organisation: OrganisationClient, method: str, path: str, foreign: int, body: Any = None) -> bool:
    """Return whether a request about *foreign* is answered, byte for byte, as one about nothing; `#` is the id."""
    answers = set()
    for id_ in (foreign, NOTHING):
        content = None if body is None else body.replace("#", str(id_)).encode()
        answered = organisation.send(method, path.replace("#", str(id_)), content=content)
        answers.add((answered.status_code, answered.content.replace(str(id_).encode(), b"#")))
    return len(answers) == 1


def test_another_organisations_customer_is_unknown_here(
    organisation: OrganisationClient, theirs: OrganisationClient
) -> None:
    """Views, events, bills and enrolments of another organisation's customer."""
    id_ = theirs.customer("anna")
    mine = organisation.define(group(target(enrolmentMethod="IMPORT")))
    enrol = f"/v3/targetGroups/{mine['id']}/targets/{mine['targets'][0]['id']}/enroll"
    one = """{"id": "e", "source": "s", "type": "Run", "time": "2026-01-20T00:00:00Z", "customer": {"id": #}}"""
    bought = """{"type": "REGULAR", "billNumber": "1", "billAmount": 5}"""
    before = organisation.stored(), theirs.stored()
    assert alike(organisation, "GET", "/v3/users/#/targetGroups?includeInactive=true", id_)
    assert alike(organisation, "GET", "/v3/users/#/enrolledTargets", id_)
    assert alike(organisation, "POST", enrol, id_, """[{"customerId": #, "periodName": "January"}]""")
    assert alike(organisation, "POST", "/api/v1/events", id_, one)
    assert alike(organisation, "POST", "/v2/transactions?identifierName=id&identifierValue=#", id_, bought)
    assert alike(
        organisation, "POST", f"/webhooks/{organisation.webhook_id}", id_, """{"event_name": "Run", "customerId": #}"""
    )
    assert before == (organisation.stored(), theirs.stored())


def test_their_names_are_not_known_here(organisation: OrganisationClient, theirs: OrganisationClient) -> None:
    """An external id is found by its own organisation alone, and may stand for somebody else in another."""
    assert {"items": [], "nextCursor": None} == organisation.get("/api/v1/customers", externalId="anna")
    (item,) = organisation.send_events(bill())
    assert theirs.customer("anna") != item["customerId"] == organisation.customer("anna")


def test_their_targets_are_not_found_here(organisation: OrganisationClient, theirs: OrganisationClient) -> None:
    """Enrolling in another organisation's group or target, and asking for its rows."""
    organisation.send_events(bill())
    customer_id = organisation.customer("anna")
    body = f"""[{{"customerId": {customer_id}, "periodName": "January"}}]"""
    mine = organisation.define(group(target(enrolmentMethod="IMPORT")))
    foreign = theirs.client.number(
        "select max(group_id) from target_group_version where org_id = %s", theirs.organisation.id
    )
    rule = theirs.client.number(
        "select max(holder_id) from name_taken where kind = 'target' and org_id = %s", theirs.organisation.id
    )
    assert alike(organisation, "POST", f"/v3/targetGroups/#/targets/{rule}/enroll", foreign, body)
    assert alike(organisation, "POST", f"/v3/targetGroups/{mine['id']}/targets/#/enroll", rule, body)
    assert alike(organisation, "GET", f"/v3/users/{customer_id}/targetGroups?includeInactive=true&targetRuleId=#", rule)
    assert alike(organisation, "GET", f"/v3/users/{customer_id}/enrolledTargets?targetRuleIds=#", rule)


def test_their_places_are_unknown_here(organisation: OrganisationClient, theirs: OrganisationClient) -> None:
    """A store or till of another organisation is no place of an event, by id or by code."""
    one = """{"id": "e", "source": "s", "type": "Run", "time": "2026-01-20T00:00:00Z", "customer": {"externalId": "x"},
        "%s": {"id": #}}"""
    for kind in ("store", "till"):
        (place, *_) = [item for item in theirs.get(f"/api/v1/{kind}s")["items"] if len(item["code"]) == 1]
        assert alike(organisation, "POST", "/api/v1/events", place["id"], one % kind)
        (item,) = organisation.send_events(bill() | {kind: {"code": place["code"]}})
        assert "refused" == item["status"]
    assert [[], [], [], [organisation.till_code]] == [
        [item["code"] for item in organisation.get(f"/api/v1/{kind}")["items"]]
        for kind in ("zones", "concepts", "stores", "tills")
    ]


def test_their_codes_are_free_here(organisation: OrganisationClient, theirs: OrganisationClient) -> None:
    """Codes and ids of places belong to an organisation."""
    (zone,) = theirs.get("/api/v1/zones")["items"]
    answered = organisation.post("/api/v1/zones", [{"code": "z", "id": zone["id"], "name": "Mine"}])
    assert (200, "Mine") == (answered.status_code, json_of(answered)["items"][0]["name"])
    assert [zone] == theirs.get("/api/v1/zones")["items"]


def test_an_unknown_webhook_is_no_page(organisation: OrganisationClient) -> None:
    """The address is the login: a wrong one is not found, whatever is sent."""
    answers = {
        (answered.status_code, answered.content)
        for path in ("/webhooks/nobody", "/webhooks/%00", f"/webhooks/{organisation.webhook_id[:-1]}")
        for answered in [organisation.client.send("POST", path, json={"event_name": "Run", "externalId": "anna"})]
    }
    assert {404} == {status for status, _ in answers}
    assert 1 == len(answers)
