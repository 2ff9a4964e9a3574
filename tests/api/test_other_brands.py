"""Another organisation's ids answer exactly like ids that do not exist."""

from typing import Any

import pytest

from tests.api.door import Brand, Door, said
from tests.api.forms import bill, group, target

NOTHING = 8_888_888_888


@pytest.fixture
def theirs(front: Door) -> Brand:
    """Give another brand, with one of everything."""
    other = front.brand()
    other.post("/api/v1/zones", [{"code": "z"}])
    other.post("/api/v1/concepts", [{"code": "c"}])
    other.post("/api/v1/stores", [{"code": "s", "zone": "z", "concept": "c"}])
    other.post("/api/v1/tills", [{"code": "t", "store": "s"}])
    other.define(group(target(enrolmentMethod="IMPORT")))
    other.tell(bill())
    return other


def alike(brand: Brand, method: str, path: str, foreign: int, body: Any = None) -> bool:
    """Tell whether a request about *foreign* is answered, byte for byte, as one about nothing; `#` is the id."""
    answers = set()
    for id_ in (foreign, NOTHING):
        content = None if body is None else body.replace("#", str(id_)).encode()
        answered = brand.send(method, path.replace("#", str(id_)), content=content)
        answers.add((answered.status_code, answered.content.replace(str(id_).encode(), b"#")))
    return len(answers) == 1


def test_their_customer_is_nobody_here(brand: Brand, theirs: Brand) -> None:
    """Views, events, bills and enrolments of another brand's customer."""
    id_ = theirs.customer("anna")
    mine = brand.define(group(target(enrolmentMethod="IMPORT")))
    enrol = f"/v3/targetGroups/{mine['id']}/targets/{mine['targets'][0]['id']}/enroll"
    one = """{"id": "e", "source": "s", "type": "Run", "time": "2026-01-20T00:00:00Z", "customer": {"id": #}}"""
    bought = """{"type": "REGULAR", "billNumber": "1", "billAmount": 5}"""
    before = brand.stored(), theirs.stored()
    assert alike(brand, "GET", "/v3/users/#/targetGroups?includeInactive=true", id_)
    assert alike(brand, "GET", "/v3/users/#/enrolledTargets", id_)
    assert alike(brand, "POST", enrol, id_, """[{"customerId": #, "periodName": "January"}]""")
    assert alike(brand, "POST", "/api/v1/events", id_, one)
    assert alike(brand, "POST", "/v2/transactions?identifierName=id&identifierValue=#", id_, bought)
    assert alike(brand, "POST", f"/webhooks/{brand.webhook_id}", id_, """{"event_name": "Run", "customerId": #}""")
    assert before == (brand.stored(), theirs.stored())


def test_their_names_are_not_known_here(brand: Brand, theirs: Brand) -> None:
    """An external id is found by its own brand alone, and may stand for somebody else in another."""
    assert {"items": [], "nextCursor": None} == brand.get("/api/v1/customers", externalId="anna")
    (item,) = brand.tell(bill())
    assert theirs.customer("anna") != item["customerId"] == brand.customer("anna")


def test_their_targets_are_not_found_here(brand: Brand, theirs: Brand) -> None:
    """Enrolling in another brand's group or target, and asking for its rows."""
    brand.tell(bill())
    customer_id = brand.customer("anna")
    body = f"""[{{"customerId": {customer_id}, "periodName": "January"}}]"""
    mine = brand.define(group(target(enrolmentMethod="IMPORT")))
    foreign = theirs.door.number(
        "select max(group_id) from target_group_version where org_id = %s", theirs.organisation.id
    )
    rule = theirs.door.number(
        "select max(holder_id) from name_taken where kind = 'target' and org_id = %s", theirs.organisation.id
    )
    assert alike(brand, "POST", f"/v3/targetGroups/#/targets/{rule}/enroll", foreign, body)
    assert alike(brand, "POST", f"/v3/targetGroups/{mine['id']}/targets/#/enroll", rule, body)
    assert alike(brand, "GET", f"/v3/users/{customer_id}/targetGroups?includeInactive=true&targetRuleId=#", rule)
    assert alike(brand, "GET", f"/v3/users/{customer_id}/enrolledTargets?targetRuleIds=#", rule)


def test_their_places_are_unknown_here(brand: Brand, theirs: Brand) -> None:
    """A store or till of another brand is no place of an event, by id or by code."""
    one = """{"id": "e", "source": "s", "type": "Run", "time": "2026-01-20T00:00:00Z", "customer": {"externalId": "x"},
        "%s": {"id": #}}"""
    for kind in ("store", "till"):
        (place, *_) = [item for item in theirs.get(f"/api/v1/{kind}s")["items"] if len(item["code"]) == 1]
        assert alike(brand, "POST", "/api/v1/events", place["id"], one % kind)
        (item,) = brand.tell(bill() | {kind: {"code": place["code"]}})
        assert "refused" == item["status"]
    assert [[], [], [], [brand.till_code]] == [
        [item["code"] for item in brand.get(f"/api/v1/{kind}")["items"]]
        for kind in ("zones", "concepts", "stores", "tills")
    ]


def test_their_codes_are_free_here(brand: Brand, theirs: Brand) -> None:
    """Codes and ids of places belong to an organisation."""
    (zone,) = theirs.get("/api/v1/zones")["items"]
    answered = brand.post("/api/v1/zones", [{"code": "z", "id": zone["id"], "name": "Mine"}])
    assert (200, "Mine") == (answered.status_code, said(answered)["items"][0]["name"])
    assert [zone] == theirs.get("/api/v1/zones")["items"]


def test_an_unknown_webhook_is_no_page(brand: Brand) -> None:
    """The address is the login: a wrong one is not found, whatever is sent."""
    answers = {
        (answered.status_code, answered.content)
        for path in ("/webhooks/nobody", "/webhooks/%00", f"/webhooks/{brand.webhook_id[:-1]}")
        for answered in [brand.door.send("POST", path, json={"event_name": "Run", "externalId": "anna"})]
    }
    assert {404} == {status for status, _ in answers}
    assert 1 == len(answers)
