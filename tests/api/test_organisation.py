"""`GET` and `PATCH /api/v1/organisation`: an organisation's settings, who changed them and when."""

from typing import Any

import pytest

from milepost.service.organisations.provisioning import organisation_by_name
from tests.api.client import ApiClient, Json, OrganisationClient, json_of
from tests.api.client_forms import bill, group, target


def patch(organisation: OrganisationClient, **settings: Any) -> Json:
    """Change settings; return the answer."""
    answered = organisation.send("PATCH", "/api/v1/organisation", json={"settings": settings})
    assert answered.status_code == 200, answered.text
    told: Json = json_of(answered)
    return told


def refused(organisation: OrganisationClient, body: Any) -> list[tuple[str, str]]:
    """Send a change that is refused; return what is wrong. Nothing is changed."""
    before = organisation.get("/api/v1/organisation")
    answered = organisation.send("PATCH", "/api/v1/organisation", json=body)
    assert (400, before) == (answered.status_code, organisation.get("/api/v1/organisation"))
    return [(problem["path"], problem["reason"]) for problem in json_of(answered)["problems"]]


def test_an_organisation_shows_its_settings(organisation: OrganisationClient) -> None:
    """Its name, zone and version, and what is in force though nobody set it."""
    told = organisation.get("/api/v1/organisation")
    assert (organisation.organisation.id, organisation.organisation.name, "UTC") == (
        told["id"],
        told["name"],
        told["zone"],
    )
    assert (1, "SUBTRACT", None) == (
        told["settings"]["version"],
        told["settings"]["settings"]["returns"],
        told["settings"]["settings"]["lateDays"],
    )


def test_only_named_settings_are_changed(organisation: OrganisationClient) -> None:
    """Numbers, truth values, lists and null as JSON has them; the rest stays."""
    outage = "2026-01-01T10:00:00Z/2026-01-01T18:00:00Z"
    told = patch(organisation, lateDays=3, leaderboards=False, outages=[outage], returns="IGNORE")["settings"][
        "settings"
    ]
    assert (3, False, [outage], "IGNORE", "KEEP") == (
        told["lateDays"],
        told["leaderboards"],
        told["outages"],
        told["returns"],
        told["afterAchievement"],
    )
    told = patch(organisation, lateDays=None, outages=[])["settings"]["settings"]
    assert (None, [], "IGNORE") == (told["lateDays"], told["outages"], told["returns"])


def test_a_change_has_an_author_and_an_instant(organisation: OrganisationClient) -> None:
    """The till that logged in, at the time of the clock."""
    organisation.client.clock.set("2026-01-21T08:00:00Z")
    told = patch(organisation, offsetDays=2)
    assert ("2026-01-21T08:00:00Z", organisation.till_code, "TILL") == (
        told["settings"]["changedAt"],
        told["settings"]["changedBy"]["code"],
        told["settings"]["changedBy"]["type"],
    )
    assert told["version"] == told["settings"]["version"]


def test_each_change_is_a_version(organisation: OrganisationClient) -> None:
    """Latest first, page by page; what changes nothing makes none."""
    for days in (1, 2, 2, 3):
        patch(organisation, lateDays=days)
    found: list[Json] = []
    cursor = ""
    while True:
        page = organisation.get("/api/v1/organisation/versions", cursor=cursor, limit=2)
        found += page["items"]
        if page["nextCursor"] is None:
            break
        cursor = page["nextCursor"]
    assert [3, 2, 1, None] == [one["settings"]["lateDays"] for one in found]
    assert sorted({one["version"] for one in found}, reverse=True) == [one["version"] for one in found]


def test_a_definition_is_a_version_of_the_organisation_but_none_of_its_settings(
    organisation: OrganisationClient,
) -> None:
    """Events are judged by something else, settings stay as they were."""
    before = organisation.get("/api/v1/organisation")
    organisation.define(group(target()))
    after = organisation.get("/api/v1/organisation")
    assert (before["version"] + 1, before["settings"]) == (after["version"], after["settings"])


def test_an_answer_names_the_version_that_judged(organisation: OrganisationClient) -> None:
    """Also where an event is a repetition: then the version that judged it first."""
    first = organisation.get("/api/v1/organisation")["version"]
    told = bill("10")
    assert [first] == [item["version"] for item in organisation.send_events(told)]
    second = patch(organisation, lateDays=9)["version"]
    assert [(first, "duplicate"), (second, "applied")] == [
        (item["version"], item["status"]) for item in organisation.send_events(told, bill("11"))
    ]


def test_settings_rule_events_from_their_version_on(organisation: OrganisationClient) -> None:
    """An event that comes too late by today's settings counted by yesterday's."""
    organisation.define(group(target()))
    late = "2026-01-20T10:00:00Z"
    organisation.client.clock.set("2026-02-10T00:00:00Z")
    counted, *_ = organisation.send_events(bill("10", time=late))
    patch(organisation, lateDays=1)
    passed, *_ = organisation.send_events(bill("10", time=late))
    assert ["counted", "too_late"] == [item["entries"][0]["reason"] for item in (counted, passed)]


def test_every_wrong_setting_is_reported_at_once(organisation: OrganisationClient) -> None:
    """By the names of the settings; nothing is changed."""
    told = refused(
        organisation,
        {"settings": {"lateDays": 500, "returns": "SOME", "colour": 1, "outages": "soon", "offsetDays": 1}},
    )
    assert ["lateDays", "returns", "colour", "outages"] == [path for path, _ in told]
    assert "is none or a number of days from 0 to 400" == told[0][1]


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        {"settings": 5},
        {"settings": {}, "name": "x"},
        {"settings": {"returns": {}}},
        {"settings": {"returns": "\0"}},
    ],
)
def test_a_body_that_is_none_is_refused(organisation: OrganisationClient, body: Any) -> None:
    """What the fields are is told."""
    assert refused(organisation, body)


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 201}, {"cursor": "x"}, {"cursor": "9" * 30}])
def test_a_bad_page_is_refused(organisation: OrganisationClient, query: Json) -> None:
    """A limit out of bounds, a cursor that nobody gave."""
    assert 400 == organisation.send("GET", "/api/v1/organisation/versions", params=query).status_code


def test_organisations_do_not_see_each_other(front: ApiClient, organisation: OrganisationClient) -> None:
    """A change of one is none of the other."""
    other = front.organisation()
    patch(organisation, lateDays=3)
    assert None is other.get("/api/v1/organisation")["settings"]["settings"]["lateDays"]


def test_an_organisation_is_found_by_its_name(organisation: OrganisationClient) -> None:
    """As the command line asks for it."""
    patch(organisation, lateDays=3)
    found = organisation.client.run(
        lambda: organisation_by_name(organisation.client.runtime.database, organisation.organisation.name.upper())
    )
    assert (organisation.organisation.id, 3) == (found.id, found.settings.late_days)
