"""Communications about targets, kept as data, and the channels they go by (facts 2.10, 3.4)."""

from typing import Any

import pytest

from tests.api.client import Json, OrganisationClient
from tests.api.client_forms import group

START: Json = {"communicationType": "START", "channelId": 1, "messageTemplate": "Off you go"}
WHOLE: Json = {
    "communicationType": "REMINDER",
    "channelId": 2,
    "subjectTemplate": "Nearly there",
    "messageTemplate": "Only {{gap}} to go",
    "sender": "shop@example.org",
    "offsetDays": -3,
    "active": False,
}


def address(organisation: OrganisationClient) -> str:
    """Define a group and give where the communications about its target are."""
    defined = organisation.define(group())
    return f"/v3/targetGroups/{defined['id']}/targets/{defined['targets'][0]['id']}/communications"


def test_there_are_three_channels(organisation: OrganisationClient) -> None:
    """With the numbers that communications name."""
    expected = [{"id": 1, "name": "SMS"}, {"id": 2, "name": "EMAIL"}, {"id": 3, "name": "MOBILE PUSH"}]
    assert expected == organisation.data("GET", "/v3/targetGroups/channels")


def test_communications_are_kept_and_read(organisation: OrganisationClient) -> None:
    """An upsert answers without configs, a read has them, empty; ids and owners are ours, whatever the body says."""
    path = address(organisation)
    sent = [WHOLE, START | {"targetId": 1, "targetGroupId": 2, "configs": [{}], "attribution": None}]
    kept = organisation.data("POST", f"{path}/upsert", sent)
    assert [one | {"configs": []} for one in kept] == organisation.data("GET", path)
    keys = ["id", "attribution", "targetId", "targetGroupId", *WHOLE]
    assert (keys, list(WHOLE.values())) == (list(kept[0]), list(kept[0].values())[4:])
    assert START | {"active": True} == {name: kept[1][name] for name in list(kept[1])[4:]}
    group_id, target_id = (int(part) for part in path.split("/")[3:6:2])
    assert [(target_id, group_id)] * 2 == [(one["targetId"], one["targetGroupId"]) for one in kept]
    assert organisation.till_code == kept[0]["attribution"]["createdBy"]["code"]


def test_a_communication_with_an_id_is_changed(organisation: OrganisationClient) -> None:
    """What is not said stays; what changed is of today; the order is that of the request."""
    path = address(organisation)
    first, second = organisation.data("POST", f"{path}/upsert", [START, WHOLE])
    organisation.client.clock.set("2026-01-21T00:00:00Z")
    changes = [{"id": second["id"], "active": True, "offsetDays": 0}, {"id": first["id"]}, START]
    shown = organisation.data("POST", f"{path}/upsert", changes)
    assert [second["id"], first["id"]] == [one["id"] for one in shown[:2]]
    stamped = second["attribution"] | {
        "lastUpdatedOn": "2026-01-21T00:00:00.000+0000",
        "lastUpdatedOnISO": "2026-01-21T00:00:00Z",
    }
    assert second | {"active": True, "offsetDays": 0, "attribution": stamped} == shown[0]
    assert first == shown[1]
    assert 3 == len(organisation.data("GET", path))


def test_keeping_communications_is_no_new_version(organisation: OrganisationClient) -> None:
    """They change nothing of what events mean."""
    path = address(organisation)
    before = organisation.version()
    organisation.data("POST", f"{path}/upsert", [START])
    assert before == organisation.version()


WRONG: tuple[tuple[Any, list[str]], ...] = (
    ({}, ["The body must be a list of at least one object."]),
    ([{}], ["[0].communicationType: is needed", "[0].channelId: is needed", "[0].messageTemplate: is needed"]),
    ([START | {"communicationType": "END"}], ["[0].communicationType: must be one of START, FINISH, CHANGE, REMINDER"]),
    ([START | {"channelId": 4}], ["[0].channelId: must be one of 1, 2, 3"]),
    ([START | {"channelId": True}], ["[0].channelId: must be one of 1, 2, 3"]),
    ([START | {"messageTemplate": " "}], ["[0].messageTemplate: is needed"]),
    ([START | {"messageTemplate": "m" * 4001}], ["[0].messageTemplate: must not be longer than 4000 characters"]),
    ([START | {"messageTemplate": "m\0"}], ["[0].messageTemplate: must not contain the NUL character"]),
    ([START | {"subjectTemplate": "s" * 256}], ["[0].subjectTemplate: must not be longer than 255 characters"]),
    ([START | {"sender": "s" * 201}], ["[0].sender: must not be longer than 200 characters"]),
    ([START | {"offsetDays": 401}], ["[0].offsetDays: must be between -400 and 400"]),
    ([START, {"id": 1}], ["[1].id: is no communication of this target"]),
    ([START | {"colour": 1}], ["[0].colour: is not a field that is known here"]),
    ([START] * 101, ["a target must not have more than 100 communications"]),
)


@pytest.mark.parametrize("body, reasons", WRONG)
def test_each_problem_of_a_communication_is_reported(
    organisation: OrganisationClient, body: Any, reasons: list[str]
) -> None:
    """Where and what; nothing of the request is stored."""
    path = address(organisation)
    assert [(300004, reason) for reason in reasons] == organisation.errors("POST", f"{path}/upsert", body)
    assert [] == organisation.data("GET", path)


def test_a_communication_comes_once_in_a_request(organisation: OrganisationClient) -> None:
    """Two changes of one would leave it open which holds."""
    path = address(organisation)
    (kept,) = organisation.data("POST", f"{path}/upsert", [START])
    twice = [{"id": kept["id"]}, {"id": kept["id"]}]
    assert [(300004, "[1].id: stands twice in the request")] == organisation.errors("POST", f"{path}/upsert", twice)


@pytest.mark.parametrize("method, end", [("GET", ""), ("POST", "/upsert")])
def test_an_unknown_target_has_no_communications(organisation: OrganisationClient, method: str, end: str) -> None:
    """An unknown or deleted group, another organisation's, and an unknown target: the vendor's codes."""
    path = address(organisation)
    group_path = path.partition("/targets/")[0]
    body = [START] if method == "POST" else None

    def code(asking: OrganisationClient, where: str) -> int:
        ((found, _),) = asking.errors(method, f"{where}/communications{end}", body)
        return found

    target_path = path.removesuffix("/communications")
    other = organisation.client.organisation()
    assert [310017, 310017, 310018, 310018, 310017] == [
        code(organisation, target_path.replace(group_path, "/v3/targetGroups/1")),
        code(organisation, target_path.replace(group_path, "/v3/targetGroups/x")),
        code(organisation, f"{group_path}/targets/1"),
        code(organisation, f"{group_path}/targets/x"),
        code(other, target_path),
    ]
    organisation.data("DELETE", group_path)
    assert 310017 == code(organisation, target_path)
