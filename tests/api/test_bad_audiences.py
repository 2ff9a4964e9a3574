"""Audiences, members and filters that are none: each refused, and nothing kept."""

from typing import Any

import pytest

from tests.api.client import OrganisationClient, json_of
from tests.api.client_forms import group, target
from tests.api.test_audiences import ANNA, Audience


@pytest.fixture
def audience(organisation: OrganisationClient) -> Audience:
    """Return an audience of the test's own."""
    return Audience(organisation)


@pytest.mark.parametrize(
    "chosen, expected",
    [
        (
            [{"audienceGroupId": 5}],
            "targets[0].targetAudienceFilter[0].audienceGroupId: there is no audience with the id 5",
        ),
        ([{"audienceGroupId": 2**70}], "targets[0].targetAudienceFilter[0].audienceGroupId: there is no audience"),
        ([{}], "targets[0].targetAudienceFilter[0].audienceGroupId: "),
        ([{"colour": 5}], "targets[0].targetAudienceFilter[0].colour: is not a field that is known here"),
    ],
)
def test_an_audience_that_is_none_is_refused(organisation: OrganisationClient, chosen: Any, expected: str) -> None:
    """The definition is refused, and says which."""
    asked = group(target(enrolmentMethod="AUDIENCE_FILTER", targetAudienceFilter=chosen))
    told = json_of(organisation.post("/v3/targetGroups", asked))["errors"]
    assert expected in told[0]["message"]


def test_what_does_not_go_with_an_audience_is_refused(audience: Audience) -> None:
    """Another way of enrolling, a version of another audience, the same audience twice."""
    chosen = {"audienceGroupId": audience.made["id"]}
    by_list = group(target(enrolmentMethod="IMPORT", targetAudienceFilter=[chosen]))
    elsewhere = group(target(enrolmentMethod="AUDIENCE_FILTER", targetAudienceFilter=[chosen | {"versionId": 5}]))
    twice = group(target(enrolmentMethod="AUDIENCE_FILTER", targetAudienceFilter=[chosen, chosen]))
    told = [
        json_of(audience.organisation.post("/v3/targetGroups", one))["errors"] for one in (by_list, elsewhere, twice)
    ]
    assert [1, 1, 1] == [len(errors) for errors in told]
    for errors, words in zip(
        told, ("only with enrolmentMethod AUDIENCE_FILTER", "is no version", "is listed twice"), strict=True
    ):
        assert words in errors[0]["message"]


@pytest.mark.parametrize(
    "body", [{"name": ""}, {"name": "x" * 201}, {"name": "a\0"}, {}, [], {"name": 5}, {"name": "a", "b": 1}]
)
def test_a_bad_audience_is_refused(organisation: OrganisationClient, body: Any) -> None:
    """Nothing of it is stored."""
    assert 400 == organisation.post("/api/v1/audiences", body).status_code
    assert [] == organisation.get("/api/v1/audiences")["items"]


def test_a_name_is_taken_once(audience: Audience) -> None:
    """Whatever its case."""
    told = json_of(audience.organisation.post("/api/v1/audiences", {"name": "GOLD"}))
    assert [("name", 'an audience called "GOLD" exists already')] == [
        (p["path"], p["reason"]) for p in told["problems"]
    ]


@pytest.mark.parametrize(
    "body",
    [{}, "x", [5], [{}], [{"externalId": "a", "mobile": "b"}], [{"externalId": ""}], [{"name": "a"}], [{"userId": -5}]],
)
def test_a_bad_upload_adds_no_member(audience: Audience, body: Any) -> None:
    """Each problem names the position in the list."""
    good = [ANNA, *body] if isinstance(body, list) else body
    assert 400 == audience.organisation.post(f"{audience.path}/members", good).status_code
    assert [] == audience.members()


@pytest.mark.parametrize(
    "body",
    [b"", b"externalId,mobile\na,b\n", b"colour\nred\n", b"\xff\xfe", b'externalId\n"anna', b"externalId\nan\0na\n"],
)
def test_a_bad_file_adds_no_member(audience: Audience, body: bytes) -> None:
    """An unreadable file is refused as a whole."""
    path, headers = f"{audience.path}/members", {"Content-Type": "text/csv"}
    assert 400 == audience.organisation.send("POST", path, content=body, headers=headers).status_code


def test_an_unknown_audience_is_not_found(audience: Audience) -> None:
    """No id, an id of nothing, and that of another organisation."""
    other = audience.organisation.client.organisation()
    for path in ("/api/v1/audiences/x", "/api/v1/audiences/5", audience.path):
        for method, rest in (("GET", ""), ("GET", "/members"), ("POST", "/versions"), ("PUT", "/members/5")):
            assert (400, path, rest) == (other.send(method, f"{path}{rest}").status_code, path, rest)
    assert 400 == audience.organisation.send("GET", f"{audience.path}/members", params={"versionId": "5"}).status_code
    assert 400 == audience.organisation.send("PUT", f"{audience.path}/members/5").status_code


@pytest.mark.parametrize("cursor", ["x", "1", "-", "1-", "99999999999-5", "1-x"])
def test_an_invented_cursor_is_refused(audience: Audience, cursor: str) -> None:
    """Of members."""
    assert 400 == audience.organisation.send("GET", f"{audience.path}/members", params={"cursor": cursor}).status_code
