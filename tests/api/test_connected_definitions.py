"""DATA-SCOPE and DATA-SCOPE-ORG on what defines and shows target groups, in a family of organisations (facts 7)."""

from typing import Any

import pytest

from milepost.api.http.body import write_json
from tests.api.client import ApiClient, Json, OrganisationClient, json_of
from tests.api.client_forms import MARCH, group, target
from tests.api.test_connected_organisations import ALL_TEXT, scope, told

GROUPS = "/v3/targetGroups"


class Family:
    """A parent, a child and a stranger, each with a group."""

    def __init__(self, client: ApiClient) -> None:
        """Add them."""
        self.parent = client.organisation()
        self.child = client.organisation(parent=self.parent.organisation.name)
        self.stranger = client.organisation()
        self.groups = {
            organisation: organisation.define(group()) for organisation in (self.parent, self.child, self.stranger)
        }

    def address(self, of: OrganisationClient, rest: str = "") -> str:
        """Return the address of the group of *of*."""
        return f"{GROUPS}/{self.groups[of]['id']}{rest}"


def asked(caller: OrganisationClient, method: str, path: str, headers: dict[str, str], body: Any = None) -> Any:
    """Ask as *caller*; return the data, or codes and messages."""
    answered = caller.send(method, path, headers=headers, content=None if body is None else write_json(body))
    return told(answered.status_code, json_of(answered))


@pytest.fixture
def family(front: ApiClient) -> Family:
    """Return a family of the test's own."""
    return Family(front)


def reads(family: Family, of: OrganisationClient) -> list[str]:
    """Return the addresses by which the group of *of* is read."""
    target_id = family.groups[of]["targets"][0]["id"]
    rest = ("", "/targetPeriods", "/targets", f"/targets/{target_id}/communications")
    return [family.address(of, one) for one in rest]


def test_a_parent_reads_what_its_children_define(family: Family) -> None:
    """By OTHER and ALL, one group or all; without a scope only its own."""
    parent, child, stranger = family.parent, family.child, family.stranger
    for path in reads(family, child):
        for headers in (scope("OTHER", child), scope("ALL")):
            assert asked(child, "GET", path, {}) == asked(parent, "GET", path, headers)
        assert [310017] == [code for code, _ in asked(parent, "GET", path, {})]
    for path in reads(family, stranger):
        assert [310017] == [code for code, _ in asked(parent, "GET", path, scope("ALL"))]
        assert [51512] == [code for code, _ in asked(parent, "GET", path, scope("OTHER", stranger))]


def ids(found: list[Json]) -> list[int]:
    """Return the ids of groups."""
    return [one["id"] for one in found]


def test_lists_hold_the_groups_of_each_organisation_in_scope(family: Family) -> None:
    """The parent's first; milestones newest first, in pages over all of them, each with its organisation."""
    parent, child = family.parent, family.child
    own, other = family.groups[parent]["id"], family.groups[child]["id"]
    assert [own] == ids(asked(parent, "GET", GROUPS, {}))
    assert [own, other] == ids(asked(parent, "GET", GROUPS, scope("ALL")))
    assert [other] == ids(asked(parent, "GET", GROUPS, scope("OTHER", child)))
    assert [own, other] == ids(asked(child, "GET", GROUPS, scope("ALL")))
    pages = [
        json_of(parent.send("GET", f"/v3/milestones?limit=1&offset={page}", headers=scope("ALL"))) for page in (0, 1)
    ]
    assert [2, 2] == [page["pagination"]["total"] for page in pages]
    shown = [(one["id"], one["orgId"]) for page in pages for one in page["data"]]
    assert [(other, child.organisation.id), (own, parent.organisation.id)] == shown


def test_a_parent_defines_and_edits_in_a_child(family: Family) -> None:
    """What it defines is the child's, named by the parent's till; the parent has none of it."""
    parent, child = family.parent, family.child
    there, own = scope("OTHER", child), family.groups[child]
    made = asked(parent, "POST", GROUPS, there, group(target(), target(), combinationType="ALL"))
    assert [made["id"], own["id"]] == ids(child.data("GET", GROUPS))
    taken = {"type": "targetGroupName", "value": made["name"]}
    assert [False, True] == [asked(parent, "POST", f"{GROUPS}/isValidName", one, taken) for one in (there, {})]
    first = family.address(child)
    target_path = f"{first}/targets/{own['targets'][0]['id']}"
    message = [{"communicationType": "START", "channelId": 1, "messageTemplate": "Off you go"}]
    for method, path, body in (
        ("PUT", first, {"description": "one"}),
        ("PUT", f"{GROUPS}/editTargetGroup/{own['id']}", {"description": "two"}),
        ("PUT", GROUPS, {"id": own["id"], "description": "three"}),
        ("POST", f"{first}/targetPeriods", [MARCH]),
        ("PUT", f"{first}/targetPeriods", [{"id": own["periods"][1]["id"], "description": "new"}]),
        ("POST", f"{GROUPS}/{made['id']}/targets", [target()]),
        ("PUT", f"{first}/targets", [{"id": own["targets"][0]["id"], "description": "new"}]),
        ("PUT", target_path, {"description": "newer"}),
        ("PUT", f"{GROUPS}/{made['id']}/unifiedTargets", {"deactivateTargetIds": [made["targets"][0]["id"]]}),
        ("POST", f"{target_path}/communications/upsert", message),
        ("DELETE", target_path, None),
        ("DELETE", first, None),
    ):
        (code, _), *_ = asked(parent, method, path, {}, body)
        assert 310017 == code, (method, path)
        done = asked(parent, method, path, there, body)
        assert not isinstance(done, list) or isinstance(done[0], dict), (method, path, done)
    assert [made["id"]] == ids(child.data("GET", GROUPS))
    assert parent.till_code == child.data("GET", f"{GROUPS}/{made['id']}")["attribution"]["createdBy"]["code"]


def test_writing_is_for_one_organisation(family: Family) -> None:
    """ALL is for reading; a child writes only to itself, and no organisation to one that is not connected."""
    parent, child, stranger = family.parent, family.child, family.stranger
    body = {"description": "x"}
    path = family.address(child)
    assert [(310141, ALL_TEXT)] == asked(parent, "PUT", path, scope("ALL"), body)
    assert [51512] == [code for code, _ in asked(child, "PUT", family.address(parent), scope("OTHER", parent), body)]
    assert [51512] == [
        code for code, _ in asked(parent, "PUT", family.address(stranger), scope("OTHER", stranger), body)
    ]
    assert [300004] == [code for code, _ in asked(parent, "GET", GROUPS, {"DATA-SCOPE": "SOME"})]
