"""Audiences are renamed, and deleted once no target needs them."""

import asyncio

import httpx2
import pytest

from tests.api.client import PASSWORD, OrganisationClient, json_of
from tests.api.client_forms import FEBRUARY, group
from tests.api.test_audiences import ANNA, Audience


@pytest.fixture
def audience(organisation: OrganisationClient) -> Audience:
    """Return an audience of the test's own."""
    return Audience(organisation)


def called(audience: Audience, name: object) -> tuple[int, object]:
    """Ask for another name; return the status, and the name or what was wrong."""
    answered = audience.organisation.send("PATCH", audience.path, json={"name": name})
    told = json_of(answered)
    return answered.status_code, told["name"] if answered.status_code == 200 else told["problems"][0]["reason"]


def test_an_audience_is_renamed(audience: Audience) -> None:
    """A name may also change only in case; members and targets that name it stay."""
    audience.let_in(ANNA)
    audience.organisation.define(group(audience.target()))
    assert [(200, "Silver"), (200, "SILVER")] == [called(audience, "Silver"), called(audience, "SILVER")]
    shown = audience.organisation.get(audience.path)
    assert audience.made | {"name": "SILVER"} == shown | {"versions": audience.made["versions"]}
    assert [1] == [version["members"] for version in shown["versions"]]


def test_a_name_that_is_none_or_taken_is_refused(audience: Audience) -> None:
    """The name stays; one that was given up is free."""
    audience.organisation.post("/api/v1/audiences", {"name": "Silver"})
    for name, reason in (
        ("silver", 'an audience called "silver" exists already'),
        ("", "is needed"),
        ("x\0", "holds the character U+0000"),
        (7, "Expected `str`"),
    ):
        status, told = called(audience, name)
        assert (400, True) == (status, reason in str(told)), told
    assert "Gold" == audience.organisation.get(audience.path)["name"]
    assert (200, "Bronze") == called(audience, "Bronze")
    assert 200 == audience.organisation.post("/api/v1/audiences", {"name": "Gold"}).status_code


def test_an_audience_that_nothing_needs_is_deleted(audience: Audience) -> None:
    """It is answered once more, then not found anywhere, and its name is free again."""
    organisation, path = audience.organisation, audience.path
    audience.let_in(ANNA)
    gone = organisation.send("DELETE", path)
    assert (200, "Gold") == (gone.status_code, json_of(gone)["name"])
    assert [] == organisation.get("/api/v1/audiences")["items"]
    for method, address in (
        ("GET", path),
        ("PATCH", path),
        ("DELETE", path),
        ("GET", f"{path}/members"),
        ("POST", f"{path}/versions"),
        ("PUT", f"{path}/members/{organisation.customer('anna')}"),
    ):
        body = {"json": {"name": "x"}} if method == "PATCH" else {}
        told = json_of(organisation.send(method, address, **body))["problems"]
        assert ["there is no audience with this id"] == [one["reason"] for one in told], (method, address)
    named = json_of(organisation.post("/v3/targetGroups", group(audience.target())))["errors"]
    assert [True] == ["there is no audience with the id" in one["message"] for one in named]
    assert 200 == organisation.post("/api/v1/audiences", {"name": "gold"}).status_code


def test_an_audience_that_a_target_names_stays(audience: Audience) -> None:
    """Until the group is over or deleted; a group out of use may come back."""
    organisation = audience.organisation
    running = organisation.define(group(audience.target(), active=False))
    over = organisation.define(group(audience.target()))
    audience.let_in(ANNA)
    told = json_of(organisation.send("DELETE", audience.path))["problems"]
    assert ["is named by 2 targets whose groups are not over, such as "] == [
        one["reason"].partition('"')[0] for one in told
    ]
    organisation.data("DELETE", f"/v3/targetGroups/{running['id']}")
    assert 400 == organisation.send("DELETE", audience.path).status_code
    organisation.client.clock.set("2026-03-01T00:00:00Z")
    assert 200 == organisation.send("DELETE", audience.path).status_code
    assert ("January", 250) in audience.value("anna")
    assert over["id"] == organisation.data("GET", f"/v3/targetGroups/{over['id']}")["id"]


def test_it_is_deleted_or_named_but_not_both(audience: Audience) -> None:
    """The first of the two wins: a definition that names it, or the deletion."""
    organisation = audience.organisation

    async def together() -> tuple[httpx2.Response, httpx2.Response]:
        async with organisation.client.client(auth=(organisation.till_code, PASSWORD)) as client:
            asked = group(audience.target(), periods=(FEBRUARY,))
            return await asyncio.gather(
                client.post("/v3/targetGroups", json=asked), client.request("DELETE", audience.path)
            )

    assert [200, 400] == sorted(one.status_code for one in organisation.client.run(together))


def test_no_customer_enters_an_audience_that_is_deleted_meanwhile(audience: Audience) -> None:
    """A customer who was to enter is refused, or is a member before the audience is deleted."""
    organisation = audience.organisation

    async def together() -> tuple[httpx2.Response, httpx2.Response]:
        async with organisation.client.client(auth=(organisation.till_code, PASSWORD)) as client:
            return await asyncio.gather(
                client.request("DELETE", audience.path), client.post(f"{audience.path}/members", json=[ANNA])
            )

    gone, entered = organisation.client.run(together)
    assert 200 == gone.status_code
    assert entered.status_code == 200 or json_of(entered)["problems"][0]["path"] == "audienceId"
