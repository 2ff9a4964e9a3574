"""Zones, concepts, stores and tills: added and changed by code, all of a request or none, and listed in pages."""

import asyncio
from typing import Any

import httpx2
import pytest

from milepost.service.organisations.draft_checks import DRAFTS_MAX, TEXT_CHARACTERS_MAX
from tests.api.client import PASSWORD, ApiClient, Json, OrganisationClient, json_of
from tests.api.client_forms import bill, group, target


def kept(organisation: OrganisationClient, kind: str, body: Any) -> list[Json]:
    """Send places that are taken; return them as answered."""
    answered = organisation.post(f"/api/v1/{kind}", body)
    assert 200 == answered.status_code, answered.text
    items: list[Json] = json_of(answered)["items"]
    return items


def problems(organisation: OrganisationClient, kind: str, body: Any) -> list[tuple[str, str]]:
    """Send places that are refused; return path and reason of each problem."""
    answered = organisation.post(f"/api/v1/{kind}", body)
    assert 400 == answered.status_code, answered.text
    return [(problem["path"], problem["reason"]) for problem in json_of(answered)["problems"]]


def test_places_are_added_in_the_order_of_the_request(organisation: OrganisationClient) -> None:
    """The answer gives each with its id; a name that is left out is the code."""
    zones = kept(organisation, "zones", [{"code": "south", "name": "South"}, {"code": "north"}])
    assert [("south", "South"), ("north", "north")] == [(zone["code"], zone["name"]) for zone in zones]
    assert ["id", "code", "name"] == list(zones[0])
    assert 2 == len({zone["id"] for zone in zones})


def test_a_store_stands_in_a_zone_and_a_till_in_a_store(organisation: OrganisationClient) -> None:
    """Codes name what a place belongs to."""
    kept(organisation, "zones", {"code": "north"})
    kept(organisation, "concepts", [{"code": "outlet", "name": "Outlet"}])
    (store,) = kept(organisation, "stores", [{"code": "s1", "name": "One", "zone": "north", "concept": "outlet"}])
    (till,) = kept(organisation, "tills", [{"code": "t1", "store": "s1"}])
    assert [None, None, None] == [store["externalId"], store["externalId1"], store["externalId2"]]
    assert ("north", "outlet", "s1") == (store["zone"], store["concept"], till["store"])
    assert [store] == organisation.get("/api/v1/stores")["items"]


def test_a_known_code_is_changed(organisation: OrganisationClient) -> None:
    """What is left out stays as it is; the id never changes."""
    kept(organisation, "zones", [{"code": "north"}, {"code": "south"}])
    (before,) = kept(organisation, "stores", [{"code": "s1", "name": "One", "zone": "north"}])
    (moved,) = kept(organisation, "stores", [{"code": "s1", "zone": "south"}])
    (renamed,) = kept(organisation, "stores", [{"code": "s1", "name": "Uno", "id": before["id"]}])
    assert (before | {"zone": "south"}, before | {"zone": "south", "name": "Uno"}) == (moved, renamed)
    assert {"zone": 2, "store": 1, "till": 1} == organisation.stored()


def test_a_place_may_bring_its_id(organisation: OrganisationClient) -> None:
    """Target filters name places by ids that another system may have given."""
    (store,) = kept(organisation, "stores", [{"code": "s1", "id": 75027647}])
    assert 75027647 == store["id"]


def test_a_given_id_never_keeps_a_new_place_out(organisation: OrganisationClient) -> None:
    """Ids that are made later go round those that were brought."""
    (first,) = kept(organisation, "zones", [{"code": "a"}])
    kept(organisation, "zones", [{"code": "b", "id": first["id"] + 1}, {"code": "c", "id": first["id"] + 2}])
    made = kept(organisation, "zones", [{"code": "d"}, {"code": "e"}])
    assert 5 == len({zone["id"] for zone in organisation.get("/api/v1/zones")["items"]})
    assert ["d", "e"] == [zone["code"] for zone in made]


def test_a_list_comes_in_pages(organisation: OrganisationClient) -> None:
    """By code, at most as many as asked for; the cursor leads on and ends as null."""
    kept(organisation, "zones", [{"code": f"z{number}"} for number in (3, 1, 2, 5, 4)])
    pages = [organisation.get("/api/v1/zones", limit=2)]
    while (cursor := pages[-1]["nextCursor"]) is not None:
        pages.append(organisation.get("/api/v1/zones", limit=2, cursor=cursor))
    assert [["z1", "z2"], ["z3", "z4"], ["z5"]] == [[item["code"] for item in page["items"]] for page in pages]
    assert ["items", "nextCursor"] == list(pages[0])


@pytest.mark.parametrize("limit", ["0", "201", "-1", "x", "1e3"])
def test_a_page_has_a_limit(organisation: OrganisationClient, limit: str) -> None:
    """From 1 to 200; anything else is refused."""
    answered = organisation.send("GET", "/api/v1/tills", params={"limit": limit})
    assert (400, "limit") == (answered.status_code, json_of(answered)["problems"][0]["path"])


@pytest.mark.parametrize(
    "kind, body, expected",
    [
        ("zones", [{"name": "x"}], [("[0].code", "is missing")]),
        ("zones", [{"code": 5}], [("[0].code", "Expected `str`, got `int`")]),
        ("zones", [{"code": "a", "colour": 1}], [("[0].colour", "is not a field here; there are code, id, name")]),
        ("zones", [{"code": "a"}, 5], [("[1]", "must be a JSON object")]),
        ("zones", 5, [("[0]", "must be a JSON object")]),
        ("zones", [{"code": " "}], [("[0].code", "must have 1 to 200 characters, none of them U+0000")]),
        ("zones", [{"code": "a\0"}], [("[0].code", "must have 1 to 200 characters, none of them U+0000")]),
        ("zones", [{"code": "a", "name": "\0"}], [("[0].name", "must have 1 to 200 characters, none of them U+0000")]),
        ("zones", [{"code": "a", "id": 0}], [("[0].id", "must be from 1 to 9007199254740992")]),
        ("zones", [{"code": "a", "id": 2**53 + 1}], [("[0].id", "must be from 1 to 9007199254740992")]),
        ("zones", [{"code": "a"}, {"code": "a"}], [("[1].code", '"a" stands twice in the request')]),
        ("stores", [{"code": "a", "zone": "z"}], [("[0].zone", 'there is no zone with the code "z"')]),
        ("stores", [{"code": "a", "concept": "c"}], [("[0].concept", 'there is no concept with the code "c"')]),
        ("tills", [{"code": "a", "store": "s"}], [("[0].store", 'there is no store with the code "s"')]),
        (
            "tills",
            [{"code": "a", "id": "7"}, {"code": [], "name": 1}],
            [
                ("[0].id", "Expected `int | null`, got `str`"),
                ("[1].code", "Expected `str`, got `array`"),
                ("[1].name", "Expected `str | null`, got `int`"),
            ],
        ),
    ],
)
def test_a_bad_place_spoils_the_request(
    organisation: OrganisationClient, kind: str, body: Any, expected: list[tuple[str, str]]
) -> None:
    """Everything that is wrong is reported with its path, and nothing of the request is stored."""
    good = [{"code": "good"}] if isinstance(body, list) else []
    shifted = [*body, *good] if isinstance(body, list) else body
    assert expected == problems(organisation, kind, shifted)
    assert {"till": 1} == organisation.stored()


def test_an_id_has_one_code(organisation: OrganisationClient) -> None:
    """A known id under another code, and a known code under another id, are at odds with what is known."""
    kept(organisation, "zones", [{"code": "a", "id": 7}])
    assert ["[0].id", "[1].id"] == [
        path for path, _ in problems(organisation, "zones", [{"code": "b", "id": 7}, {"code": "a", "id": 8}])
    ]


def test_a_request_has_a_limit_of_places(organisation: OrganisationClient) -> None:
    """At the limit all are taken, one more and none."""
    assert DRAFTS_MAX == len(kept(organisation, "zones", [{"code": f"z{number}"} for number in range(DRAFTS_MAX)]))
    counted = f"a request may hold {DRAFTS_MAX} items; this one holds {DRAFTS_MAX + 1}"
    assert [("", counted)] == problems(
        organisation, "concepts", [{"code": f"z{number}"} for number in range(DRAFTS_MAX + 1)]
    )


def test_a_code_has_a_limit(organisation: OrganisationClient) -> None:
    """At the limit it is taken, one character more and it is refused."""
    code = "c" * TEXT_CHARACTERS_MAX
    assert [code] == [zone["code"] for zone in kept(organisation, "zones", [{"code": code}])]
    assert ["[0].code"] == [path for path, _ in problems(organisation, "zones", [{"code": code + "c"}])]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[" * 100_000, b'[{"code": NaN}]', b'[{"code": "a", "id": ' + b"9" * 5_000 + b"}]"]
)
def test_a_body_that_is_no_json_is_refused(organisation: OrganisationClient, body: bytes) -> None:
    """A stated error, and nothing is stored."""
    assert [""] == [path for path, _ in problems(organisation, "zones", body)]


def test_a_body_of_20_megabytes_is_refused(organisation: OrganisationClient) -> None:
    """Past 4 MiB nothing is read on."""
    assert 413 == organisation.post("/api/v1/stores", b" " * 20_000_000).status_code


def test_events_see_a_store_where_it_stands_now_and_the_past_stays(organisation: OrganisationClient) -> None:
    """A store that moves to another zone changes what comes, not what was."""
    (north, _) = kept(organisation, "zones", [{"code": "north"}, {"code": "south"}])
    kept(organisation, "stores", [{"code": "s", "zone": "north"}])
    organisation.define(group(target(filters=[{"entityType": "ZONE", "entityIds": [north["id"]]}])))
    sent = bill("5", store={"code": "s"})
    (first,) = organisation.send_events(sent)
    kept(organisation, "stores", [{"code": "s", "zone": "south"}])
    (again, later) = organisation.send_events(sent, bill("7", store={"code": "s"}))
    assert (1, "duplicate", first["entries"], []) == (
        len(first["entries"]),
        again["status"],
        again["entries"],
        later["entries"],
    )


def test_a_store_has_external_ids(organisation: OrganisationClient) -> None:
    """Three, each changed alone; what is not said stays, and what is no name is refused."""
    (store,) = kept(organisation, "stores", [{"code": "s1", "externalId": "A", "externalId2": "B"}])
    (changed,) = kept(organisation, "stores", [{"code": "s1", "externalId1": "C", "externalId2": "D"}])
    assert store | {"externalId1": "C", "externalId2": "D"} == changed
    refused = organisation.post("/api/v1/stores", [{"code": "s1", "externalId": " ", "externalId1": "x" * 201}])
    assert ["[0].externalId", "[0].externalId1"] == [one["path"] for one in json_of(refused)["problems"]]
    assert [changed] == organisation.get("/api/v1/stores")["items"]


def test_a_file_that_is_too_long_keeps_nobody_waiting(front: ApiClient, organisation: OrganisationClient) -> None:
    """Its rows are counted beside the event loop, before any is looked at."""
    rows = "".join(f"s{number},store {number}\n" for number in range(150_000))
    gaps: list[float] = []

    async def tick() -> None:
        loop = asyncio.get_running_loop()
        while True:
            before = loop.time()
            await asyncio.sleep(0.005)
            gaps.append(loop.time() - before)

    async def send() -> httpx2.Response:
        ticking = asyncio.create_task(tick())
        async with front.client(auth=(organisation.till_code, PASSWORD)) as client:
            answered = await client.post(
                "/api/v1/stores", content=f"code,name\n{rows}", headers={"content-type": "text/csv"}
            )
        ticking.cancel()
        return answered

    answered = front.run(send)
    assert 400 == answered.status_code
    assert "this one holds 150000" in answered.text
    assert max(gaps) < 0.3
