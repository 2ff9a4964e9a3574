"""`/v2/customers`: finding, reading and changing a customer; posting for others (facts 3.8, 7)."""

from typing import Any

import msgspec
import pytest

from milepost.api.capillary.v2.customers.answer import CustomerIdAnswer, DetailsAnswer, RegistrationAnswer
from tests.api.client import Json, OrganisationClient, json_of
from tests.api.client_forms import group, target

NAMES = {
    "externalId": "anna",
    "mobile": "919740000000",
    "email": "anna@example.com",
    "cardnumber": "C1",
    "cardExternalId": "CE1",
    "wechat": "w1",
    "martjackId": "m1",
    "fbId": "f1",
}


def registered(organisation: OrganisationClient, **more: Any) -> int:
    """Register Anna by every kind of name that there is; return her id."""
    identifiers = [{"type": kind, "value": value} for kind, value in NAMES.items()]
    profile = {"identifiers": identifiers, "firstName": "Anna", "lastName": "Berg", "fields": {"colour": "green"}}
    answered = organisation.post("/v2/customers", {"profiles": [profile], "extendedFields": {"city": "Riga"}} | more)
    assert 200 == answered.status_code, answered.text
    return int(json_of(answered)["createdId"])


def errors(
    organisation: OrganisationClient, method: str, path: str, body: Any = None, **options: Any
) -> list[tuple[int, str]]:
    """Return why a request was refused."""
    content = None if body is None else msgspec.json.encode(body)
    answered = organisation.send(method, path, content=content, **options)
    assert 400 == answered.status_code, answered.text
    return [(error["code"], error["message"]) for error in json_of(answered)["errors"]]


@pytest.mark.parametrize("kind", NAMES)
def test_a_customer_is_found_by_every_kind_of_name(organisation: OrganisationClient, kind: str) -> None:
    """The id alone, or all of the customer, under the older and the newer address."""
    id_ = registered(organisation)
    query = {"identifierName": kind, "identifierValue": NAMES[kind], "source": "INSTORE"}
    assert {"entity": id_, "warnings": []} == organisation.get("/v2/customers/lookup", **query)
    details = organisation.get(f"/v2/customers/{id_}")
    assert (
        details
        == organisation.get("/v2/customers", **query)
        == organisation.get("/v2/customers/lookup/customerDetails", **query)
    )


def test_all_of_a_customer_is_shown(organisation: OrganisationClient) -> None:
    """Names, fields, identifiers, ways to reach, loyalty, and who registered when."""
    id_ = registered(organisation)
    details = organisation.get(f"/v2/customers/{id_}")
    msgspec.convert(details, DetailsAnswer)
    (profile,) = details["profiles"]
    assert ("Anna", "Berg", {"colour": "green"}) == tuple(profile[name] for name in ("firstName", "lastName", "fields"))
    assert NAMES == {one["type"]: one["value"] for one in profile["identifiers"]}
    assert {"mobile", "email", "wechat"} == {one["type"] for one in profile["commChannels"]}
    assert {"city": "Riga"} == details["extendedFields"]
    dated = profile["attribution"]
    assert ("2026-01-20T12:00:00Z", organisation.till_code) == (dated["createDate"], dated["createdBy"]["code"])
    assert ("loyalty", 0) == (details["loyaltyInfo"]["loyaltyType"], details["loyaltyInfo"]["lifetimePurchases"])
    entity = organisation.get("/v2/customers/lookup", identifierName="id", identifierValue=str(id_))
    assert id_ == msgspec.convert(entity, CustomerIdAnswer).entity


def test_a_profile_is_changed(organisation: OrganisationClient) -> None:
    """What is named changes, the rest stays; identifiers are another call's business."""
    id_ = registered(organisation)
    profile = {"lastName": "Falk", "fields": {"sport": "chess"}, "identifiers": [{"type": "mobile", "value": "5"}]}
    changed = {"profiles": [profile], "extendedFields": {"city": "Oslo"}}
    answered = organisation.send("PUT", f"/v2/customers/{id_}", content=msgspec.json.encode(changed))
    assert id_ == msgspec.json.decode(answered.content, type=RegistrationAnswer).created_id
    details = organisation.get(f"/v2/customers/{id_}")
    (profile,) = details["profiles"]
    assert ("Anna", "Falk") == (profile["firstName"], profile["lastName"])
    assert {"colour": "green", "sport": "chess"} == profile["fields"]
    assert {"city": "Oslo"} == details["extendedFields"]
    assert NAMES == {one["type"]: one["value"] for one in profile["identifiers"]}


def test_a_loyalty_customer_stays_one(organisation: OrganisationClient) -> None:
    """From non-loyalty to loyalty and not back: 8018."""
    id_ = registered(organisation, loyaltyInfo={"loyaltyType": "non_loyalty"})
    path = f"/v2/customers/{id_}"
    assert "non_loyalty" == organisation.get(path)["loyaltyInfo"]["loyaltyType"]
    for word in ("non_loyalty", "loyalty"):
        body = msgspec.json.encode({"profiles": [{}], "loyaltyInfo": {"loyaltyType": word}})
        assert 200 == organisation.send("PUT", path, content=body).status_code
    refused = {"profiles": [{}], "loyaltyInfo": {"loyaltyType": "non_loyalty"}}
    assert [(8018, "A loyalty customer cannot become a non-loyalty customer")] == errors(
        organisation, "PUT", path, refused
    )
    assert "loyalty" == organisation.get(path)["loyaltyInfo"]["loyaltyType"]


@pytest.mark.parametrize(
    "method, path, body",
    [
        ("GET", "/v2/customers/5", None),
        ("GET", "/v2/customers/anna", None),
        ("GET", "/v2/customers?identifierName=mobile&identifierValue=5", None),
        ("GET", "/v2/customers/lookup?identifierName=email&identifierValue=x", None),
        ("PUT", "/v2/customers/5", {"profiles": [{}]}),
        ("PUT", "/v2/customers/anna", {"profiles": [{}]}),
    ],
)
def test_an_unknown_customer_is_not_found(
    organisation: OrganisationClient, method: str, path: str, body: Json | None
) -> None:
    """The vendor's code for nobody."""
    assert [(8015, "No customer found with the given identifier")] == errors(organisation, method, path, body)


def test_each_problem_of_a_request_is_reported(organisation: OrganisationClient) -> None:
    """The query and the body."""
    id_ = registered(organisation)
    both = errors(organisation, "GET", "/v2/customers/lookup?identifierName=line")
    assert [300004, 300004] == [code for code, _ in both]
    assert [(300004, "Invalid input, check all values and ensure they are correct. profiles: is missing")] == errors(
        organisation, "PUT", f"/v2/customers/{id_}", {}
    )


MAIN = {"code": "S1", "name": "Main", "externalId": "M", "externalId1": "M/1", "externalId2": "M"}


@pytest.fixture
def placed(organisation: OrganisationClient) -> OrganisationClient:
    """Return the organisation with stores, another till in one of them, and a target of one store."""
    organisation.post("/api/v1/stores", [MAIN, {"code": "S2", "name": "Twin"}, {"code": "S3"}])
    organisation.post("/api/v1/stores", [{"code": "S4", "name": "Twin"}])
    organisation.post("/api/v1/tills", [{"code": "T1", "store": "S1"}])
    store = next(one["id"] for one in organisation.get("/api/v1/stores")["items"] if one["code"] == "S1")
    organisation.define(group(target(filters=[{"entityType": "STORE", "entityIds": [store]}])))
    return organisation


def posted(organisation: OrganisationClient, headers: dict[str, str]) -> list[int]:
    """Post a bill of 7 with *headers*; return what Anna reached in the store S1."""
    body = msgspec.json.encode({"type": "REGULAR", "billNumber": "N1", "billAmount": 7})
    path = "/v2/transactions?identifierName=externalId&identifierValue=anna"
    answered = organisation.send("POST", path, content=body, headers=headers)
    assert 200 == answered.status_code, answered.text
    return [int(row["targetAchievedValue"]) for row in organisation.rows(organisation.customer("anna"))]


ENTITY, CODE = "X-CAP-API-ATTRIBUTION-ENTITY-TYPE", "X-CAP-API-ATTRIBUTION-ENTITY-CODE"
LOOKUP_TYPE, LOOKUP = "X-CAP-API-ATTRIBUTION-LOOKUP-TYPE", "X-CAP-API-ATTRIBUTION-LOOKUP"


@pytest.mark.parametrize(
    "headers, expected",
    [
        ({}, []),
        ({ENTITY: "TILL"}, []),
        ({CODE: "T1"}, [7]),
        ({ENTITY: "TILL", CODE: "T1"}, [7]),
        ({ENTITY: "STORE_CODE", CODE: "S1"}, [7]),
        ({ENTITY: "STORE_CODE", CODE: "S3"}, []),
        ({ENTITY: "STORE_NAME", CODE: "Main"}, [7]),
        ({ENTITY: "STORE_EXTERNAL_ID", CODE: "M"}, [7]),
        ({ENTITY: "STORE_EXTERNAL_ID_1", CODE: "M/1"}, [7]),
        ({ENTITY: "STORE_EXTERNAL_ID_2", CODE: "M"}, [7]),
        ({LOOKUP_TYPE: "MOBILE_TRIGGER", LOOKUP: "T1"}, [7]),
    ],
)
def test_a_bill_is_posted_for_another_till_or_a_store(
    placed: OrganisationClient, headers: dict[str, str], expected: list[int]
) -> None:
    """It happened where the headers say."""
    assert expected == posted(placed, headers)


@pytest.mark.parametrize(
    "headers, code, reason",
    [
        ({LOOKUP_TYPE: "X"}, 1061, "one of them is missing"),
        ({LOOKUP: "T1"}, 1061, "one of them is missing"),
        ({LOOKUP_TYPE: "X", LOOKUP: "t1"}, 300004, 'there is no till with the code "t1"'),
        ({CODE: "T9"}, 300004, 'there is no till with the code "T9"'),
        ({CODE: ""}, 300004, "must have 1 to 200 characters"),
        ({ENTITY: "STORE_CODE", CODE: "S9"}, 300004, 'there is no store with the code "S9"'),
        ({ENTITY: "STORE_NAME", CODE: "Twin"}, 300004, "several stores have the name"),
        ({ENTITY: "STORE_EXTERNAL_ID", CODE: "M/1"}, 300004, 'there is no store with the external id "M/1"'),
        ({ENTITY: "STORE_EXTERNAL_ID_1", CODE: "m/1"}, 300004, 'there is no store with the external id 1 "m/1"'),
        ({ENTITY: "STORE", CODE: "S1"}, 300004, "must be one of TILL, STORE_CODE, STORE_NAME"),
    ],
)
@pytest.mark.parametrize("path", ["/v2/customers", "/v2/transactions", "/v2/transactions/bulk"])
def test_headers_that_lead_nowhere_are_refused(
    placed: OrganisationClient, path: str, headers: dict[str, str], code: int, reason: str
) -> None:
    """Nothing is received by guessing where."""
    ((told, message),) = errors(placed, "POST", path, {}, headers=headers)
    assert (code, True) == (told, reason in message), message


def test_a_customer_is_registered_for_another_till(placed: OrganisationClient) -> None:
    """The till that is named shows up as the author."""
    profile = {"identifiers": [{"type": "externalId", "value": "bob"}]}
    body = msgspec.json.encode({"profiles": [profile]})
    created = json_of(placed.send("POST", "/v2/customers", content=body, headers={CODE: "T1"}))["createdId"]
    (shown,) = placed.get(f"/v2/customers/{created}")["profiles"]
    assert "T1" == shown["attribution"]["createdBy"]["code"]
