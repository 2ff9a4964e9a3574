"""`POST /v2/customers` and `GET /api/v1/customers`: registering, changing and finding (facts 3.8)."""

import asyncio
from typing import Any

import httpx2
import pytest

from tests.api.client import PASSWORD, Json, OrganisationClient, json_of
from tests.api.client_forms import bill, group, target

WARNING = {"status": False, "code": 8107, "message": "Default customer status label not set"}


def profile(*identifiers: tuple[str, str], **changes: Any) -> Json:
    """Return the body of a registration."""
    named = [{"type": kind, "value": value} for kind, value in identifiers]
    return {"profiles": [{"identifiers": named} | changes], "loyaltyInfo": {"loyaltyType": "loyalty"}}


def registered(organisation: OrganisationClient, body: Json) -> Json:
    """Send a registration that is taken; return the answer."""
    answered = organisation.post("/v2/customers", body)
    assert 200 == answered.status_code, answered.text
    told: Json = json_of(answered)
    return told


def problems(organisation: OrganisationClient, body: Any) -> list[str]:
    """Send a registration that is refused; return the messages."""
    answered = organisation.post("/v2/customers", body)
    assert (400, None) == (answered.status_code, json_of(answered)["data"]), answered.text
    assert {300004} == {error["code"] for error in json_of(answered)["errors"]}
    words = "Invalid input, check all values and ensure they are correct. "
    return [error["message"].removeprefix(words) for error in json_of(answered)["errors"]]


def test_a_registration_is_answered_as_the_vendor_does(organisation: OrganisationClient) -> None:
    """The new id, the frequent warning 8107, and no side effects."""
    told = registered(organisation, profile(("mobile", "1234512345"), ("email", "Tom@Sawyer.org"), firstName="Tom"))
    assert ["createdId", "warnings", "sideEffects"] == list(told)
    assert ([WARNING], []) == (told["warnings"], told["sideEffects"])
    found = [
        organisation.get("/api/v1/customers", **{kind: value})["items"]
        for kind, value in (("mobile", "1234512345"), ("email", "TOM@sawyer.org"))
    ]
    assert [told["createdId"]] * 2 == [item["id"] for (item,) in found]


def test_a_registration_is_an_event_that_targets_count(organisation: OrganisationClient) -> None:
    """CustomerRegistration happens once, not again when the profile changes."""
    organisation.define(group(target("EVENT", "COUNT", eventName="CustomerRegistration")))
    told = registered(organisation, profile(("mobile", "1")))
    registered(organisation, profile(("mobile", "1"), ("email", "a@b.c")))
    assert [1] == [row["targetAchievedValue"] for row in organisation.rows(told["createdId"])]
    assert 1 == organisation.stored()["event"]


def test_a_known_customer_is_changed(organisation: OrganisationClient) -> None:
    """Named fields are changed or added, the rest stays; there is no warning the second time."""
    first = registered(
        organisation, profile(("externalId", "anna"), firstName="Ana", lastName="Berg", fields={"city": "Bonn"})
    )
    second = registered(
        organisation,
        profile(("externalId", "anna"), ("mobile", "49170"), firstName="Anna", fields={"age": 41, "vip": True}),
    )
    assert (first["createdId"], []) == (second["createdId"], second["warnings"])
    shown = organisation.get(f"/v3/users/{first['createdId']}/targetGroups")["data"]["customer"]
    assert ("Anna", "Berg") == (shown["profiles"][0]["firstName"], shown["profiles"][0]["lastName"])
    assert ["49170"] == [channel["value"] for channel in shown["profiles"][0]["commChannels"]]
    assert {"city": "Bonn", "age": 41, "vip": True} == shown["customFields"]


def test_a_customer_of_an_event_gets_a_profile_later(organisation: OrganisationClient) -> None:
    """A customer who was registered by an unknown external id keeps the id and the progress."""
    organisation.define(group())
    (item,) = organisation.send_events(bill("40"))
    told = registered(organisation, profile(("externalId", "anna"), ("mobile", "49170")))
    assert item["customerId"] == told["createdId"]
    assert [40] == [row["targetAchievedValue"] for row in organisation.rows(told["createdId"])]


def test_names_of_different_customers_are_not_joined(organisation: OrganisationClient) -> None:
    """A merge is a call of its own: nothing changes."""
    registered(organisation, profile(("mobile", "1")))
    registered(organisation, profile(("mobile", "2")))
    before = organisation.stored()
    assert ["profiles[0].identifiers: name different customers; merging is another call"] == problems(
        organisation, profile(("mobile", "1"), ("mobile", "2"), ("email", "x@y.z"))
    )
    assert before == organisation.stored()


def test_a_name_given_twice_is_one_name(organisation: OrganisationClient) -> None:
    """E-mail addresses are the same whatever their case."""
    registered(organisation, profile(("email", "a@b.c"), ("email", "A@B.C")))
    assert (1, 1) == (organisation.stored()["identity"], organisation.stored()["customer"])


def test_registrations_at_the_same_time_make_one_customer(organisation: OrganisationClient) -> None:
    """Of many requests for one name at once, all that are taken name the same customer."""

    async def together() -> list[httpx2.Response]:
        async with organisation.client.client(auth=(organisation.till_code, PASSWORD)) as client:
            body = profile(("mobile", "1"), ("email", "a@b.c"))
            return await asyncio.gather(*(client.post("/v2/customers", json=body) for _ in range(16)))

    answers = organisation.client.run(together)
    assert 1 == len({json_of(answered)["createdId"] for answered in answers if answered.status_code == 200})
    assert {200, 400} >= {answered.status_code for answered in answers}
    assert (1, 2, 1) == tuple(organisation.stored()[table] for table in ("customer", "identity", "event"))


@pytest.mark.parametrize(
    "body, expected",
    [
        ([], ": must be a JSON object"),
        ({}, "profiles: is missing"),
        ({"profiles": []}, "profiles: Expected `array` of length >= 1"),
        ({"profiles": [{}, {}]}, "profiles: Expected `array` of length <= 1"),
        ({"profiles": [{}]}, "profiles[0]: Object missing required field `identifiers`"),
        (profile(), "profiles[0].identifiers: Expected `array` of length >= 1"),
        (profile(("line", "1")), "profiles[0].identifiers[0].type: is not a kind of identifier; there are "),
        (profile(("id", "1")), "profiles[0].identifiers[0].type: is not a kind of identifier; there are "),
        (profile(("mobile", "")), "profiles[0].identifiers[0].value: Expected `str` of length >= 1"),
        (profile(("mobile", "1" * 201)), "profiles[0].identifiers[0].value: Expected `str` of length <= 200"),
        (profile(("mobile", "1\0")), "a text holds the character U+0000"),
        (profile(("mobile", "1"), firstName="\0"), "a text holds the character U+0000"),
        (profile(("mobile", "1"), fields={"\0": 1}), "a text holds the character U+0000"),
        (profile(("mobile", "1"), firstName=5), "profiles[0].firstName: Expected `str | null`, got `int`"),
        (profile(("mobile", "1"), firstName="n" * 201), "profiles[0].firstName: Expected `str` of length <= 200"),
        (profile(("mobile", "1"), fields={"a": {}}), "profiles[0].fields.a: must be text, a number, true, false or"),
        (
            profile(*(("mobile", str(n)) for n in range(21))),
            "profiles[0].identifiers: Expected `array` of length <= 20",
        ),
        (b"", "the body is not valid JSON"),
        (b"{", "the body is not valid JSON"),
        (b'{"profiles": NaN}', "the body is not valid JSON"),
        (b"[" * 100_000, "the JSON is deeper than 32 levels"),
        (b'{"profiles": ' + b"9" * 5_000 + b"}", "the body is not valid JSON"),
    ],
)
def test_a_bad_registration_is_refused(organisation: OrganisationClient, body: Any, expected: str) -> None:
    """A stated error, and nobody is registered."""
    found = problems(organisation, body)
    assert 1 == len(found)
    assert expected.removeprefix(": ") == found[0][: len(expected.removeprefix(": "))]
    assert {"till": 1} == organisation.stored()


def test_a_body_of_20_megabytes_is_refused(organisation: OrganisationClient) -> None:
    """Past 1 MiB nothing is read on."""
    assert 413 == organisation.post("/v2/customers", b" " * 20_000_000).status_code


@pytest.mark.parametrize(
    "query",
    ["", "?externalId=a&mobile=b", "?externalId=a&externalId=b"],
)
def test_a_search_names_one_thing(organisation: OrganisationClient, query: str) -> None:
    """Exactly one of the names that customers have."""
    answered = organisation.send("GET", f"/api/v1/customers{query}")
    reason = "give exactly one of externalId, mobile, email, cardnumber, cardExternalId, wechat, martjackId, fbId"
    assert (400, [{"path": "", "reason": reason}]) == (answered.status_code, json_of(answered)["problems"])


@pytest.mark.parametrize("query,name", [("?name=x", "name"), ("?externalId=a&x=b", "x"), ("?id=5", "id")])
def test_a_search_by_another_name_is_refused(organisation: OrganisationClient, query: str, name: str) -> None:
    """The problem has the name as path, and lists the names that exist."""
    (problem,) = json_of(organisation.send("GET", f"/api/v1/customers{query}"))["problems"]
    assert (name, True) == (problem["path"], "externalId" in problem["reason"])


@pytest.mark.parametrize("value", ["a%00b", "a" * 201])
def test_an_impossible_identifier_is_refused(organisation: OrganisationClient, value: str) -> None:
    """Too long, or holding what cannot be kept."""
    answered = organisation.send("GET", f"/api/v1/customers?externalId={value}")
    assert (400, "externalId") == (answered.status_code, json_of(answered)["problems"][0]["path"])


def test_an_unknown_customer_is_an_empty_list(organisation: OrganisationClient) -> None:
    """A search that finds nobody is no failure."""
    assert {"items": [], "nextCursor": None} == organisation.get("/api/v1/customers", cardnumber="none")


def test_conditions_read_the_fields_that_an_organisation_sends(organisation: OrganisationClient) -> None:
    """Tier, loyalty type, custom and extended fields are those of the moment at which each bill was judged."""
    rule = (
        "currentCustomer.slabName=='GOLD' && currentCustomer.isLoyal && currentCustomer.extField_age>=18"
        " && currentCustomer.customFieldValueIncludes('city','Oslo') && currentCustomer.slabNumber==2.5"
    )
    organisation.define(group(target("TRANSACTION", "COUNT", expression=rule)))
    fields = {"slabName": "SILVER", "slabNumber": 2.5, "city": "Oslo", "shoes": 42}
    body = profile(("externalId", "anna"), fields=fields) | {"extendedFields": {"age": 18}}
    anna = registered(organisation, body)["createdId"]
    organisation.send_events(bill())
    registered(organisation, profile(("externalId", "anna"), fields={"slabName": "GOLD"}))
    organisation.send_events(bill())
    registered(organisation, profile(("externalId", "anna"), fields={"slabName": "SILVER"}))
    organisation.send_events(bill())
    assert [1] == [row["targetAchievedValue"] for row in organisation.rows(anna)]


@pytest.mark.parametrize("place", ["extendedFields", "loyaltyInfo"])
def test_a_field_that_is_no_value_is_refused_wherever_it_stands(organisation: OrganisationClient, place: str) -> None:
    """Rules could not read it."""
    body = profile(("externalId", "anna")) | {place: {"loyaltyType": ["a"]}}
    assert [f"{place}.loyaltyType: must be text, a number, true, false or null"] == problems(organisation, body)
