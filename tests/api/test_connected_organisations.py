"""Connected organisations: DATA-SCOPE and DATA-SCOPE-ORG on the v3.1 routes (facts 7)."""

from typing import Any

import msgspec
import pytest

from milepost.model.problem import Refused
from milepost.model.time import EPOCH
from milepost.service.organisations.provisioning import add_organisation
from tests.api.client import ApiClient, Json, OrganisationClient, json_of
from tests.api.client_forms import bill, group, target

GATEWAY = "/api_gateway/intouch-api-v3"
PREFIXES = pytest.mark.parametrize("prefix", ["", GATEWAY])
ALL_TEXT = "Datascope 'ALL' is not supported for this 'API'"


class Family:
    """A parent, two children and a stranger, each with a customer and an IMPORT target."""

    def __init__(self, client: ApiClient) -> None:
        """Add them."""
        self.parent = client.organisation()
        self.child = client.organisation(parent=self.parent.organisation.name)
        self.other = client.organisation(parent=self.parent.organisation.name)
        self.stranger = client.organisation()
        self.targets = {organisation: self._target(organisation) for organisation in self.everybody}

    @property
    def everybody(self) -> tuple[OrganisationClient, ...]:
        """Return all organisations."""
        return self.parent, self.child, self.other, self.stranger

    def _target(self, organisation: OrganisationClient) -> str:
        defined = organisation.define(group(target(enrolmentMethod="IMPORT")))
        organisation.send_events(bill())
        return f"/v3.1/targetGroups/{defined['id']}/targets/{defined['targets'][0]['id']}"

    def enrol(
        self,
        caller: OrganisationClient,
        of: OrganisationClient,
        headers: dict[str, str],
        way: str = "enroll",
        prefix: str = "",
    ) -> Any:
        """Enrol Anna of *of*, asked for by *caller*; return the status and what was answered."""
        body = msgspec.json.encode([{"customerId": of.customer("anna")}])
        answered = caller.send("POST", f"{prefix}{self.targets[of]}/{way}", content=body, headers=headers)
        return told(answered.status_code, json_of(answered))

    def view(
        self, caller: OrganisationClient, of: OrganisationClient, headers: dict[str, str], prefix: str = ""
    ) -> Any:
        """Ask for the groups of Anna of *of*; return the organisations of the groups, or the errors."""
        path = (
            f"{prefix}/v3.1/users/{of.customer('anna')}/targetGroups?includeInactive=true&includeInactiveTargets=true"
        )
        answered = caller.send("GET", path, headers=headers)
        found = told(answered.status_code, json_of(answered))
        return found if isinstance(found, list) else found["userId"]


def told(status: int, answer: Json) -> Any:
    """Return the data of a success, or codes and messages."""
    assert status == (400 if answer["errors"] else 200)
    return answer["data"] if not answer["errors"] else [(one["code"], one["message"]) for one in answer["errors"]]


def scope(word: str, *organisations: OrganisationClient, header: str = "DATA-SCOPE-ORG") -> dict[str, str]:
    """Return the headers of a scope."""
    named = (
        {header: ", ".join(str(organisation.organisation.id) for organisation in organisations)}
        if organisations
        else {}
    )
    return {"DATA-SCOPE": word} | named


@pytest.fixture
def family(front: ApiClient) -> Family:
    """Return a family of the test's own."""
    return Family(front)


@PREFIXES
def test_a_parent_enrols_and_takes_out_in_a_child(family: Family, prefix: str) -> None:
    """OTHER names one child; the customer and the target are the child's."""
    headers = scope("OTHER", family.child)
    anna = family.child.customer("anna")
    assert anna == family.enrol(family.parent, family.child, headers, prefix=prefix)
    assert [1] == [len(family.child.get(f"/v3/users/{anna}/enrolledTargets")["data"])]
    assert anna == family.enrol(family.parent, family.child, headers, "unEnroll", prefix)


@PREFIXES
@pytest.mark.parametrize("headers", [{}, {"DATA-SCOPE": "SELF"}, {"DATA-SCOPE": "self"}])
def test_without_a_scope_the_callers_organisation_is_meant(
    family: Family, prefix: str, headers: dict[str, str]
) -> None:
    """SELF is the default, for parents and children."""
    for organisation in (family.parent, family.child, family.stranger):
        assert organisation.customer("anna") == family.enrol(organisation, organisation, headers, prefix=prefix)
        assert organisation.customer("anna") == family.view(organisation, organisation, headers, prefix)
    assert [(310011, "Invalid userId")] == family.view(family.parent, family.child, headers, prefix)


@pytest.mark.parametrize("way", ["enroll", "unEnroll"])
def test_all_is_for_reading_only(family: Family, way: str) -> None:
    """310141, before anything is looked at."""
    assert [(310141, ALL_TEXT)] == family.enrol(family.parent, family.child, scope("ALL"), way)


def test_a_parent_reads_what_its_children_have(family: Family) -> None:
    """OTHER names children, ALL is everybody in the family."""
    anna = family.child.customer("anna")
    assert anna == family.view(family.parent, family.child, scope("OTHER", family.child))
    assert anna == family.view(family.parent, family.child, scope("OTHER", family.other, family.child))
    assert anna == family.view(family.parent, family.child, scope("OTHER", family.child, header="DATA-SCOPE-ORGS"))
    assert anna == family.view(family.parent, family.child, scope("ALL"))
    assert [(310011, "Invalid userId")] == family.view(family.parent, family.child, scope("OTHER", family.other))
    assert [(310011, "Invalid userId")] == family.view(family.parent, family.stranger, scope("ALL"))


def test_a_child_reads_itself_and_its_parent(family: Family) -> None:
    """By ALL; by OTHER only itself, and it writes to nobody else."""
    assert family.parent.customer("anna") == family.view(family.child, family.parent, scope("ALL"))
    assert family.child.customer("anna") == family.view(family.child, family.child, scope("OTHER", family.child))
    assert [(310011, "Invalid userId")] == family.view(family.child, family.other, scope("ALL"))
    for of in (family.other, family.parent):
        assert [51512] == [code for code, _ in family.view(family.child, of, scope("OTHER", of))]
        assert [51512] == [code for code, _ in family.enrol(family.child, of, scope("OTHER", of))]


def test_headers_that_make_no_scope_are_refused(family: Family) -> None:
    """No organisations: 310144; strangers: 51512, known or not; and what cannot be read."""
    parent, child = family.parent, family.child
    nobody = {"DATA-SCOPE": "OTHER", "DATA-SCOPE-ORG": "7"}
    foreign = scope("OTHER", family.stranger)
    for ask in (family.enrol, family.view):
        assert [310144] == [code for code, _ in ask(parent, child, scope("OTHER"))]
        assert [310144] == [code for code, _ in ask(parent, child, {"DATA-SCOPE": "OTHER", "DATA-SCOPE-ORG": " "})]
        assert [(51512, "Organisations are not in the hierarchy: 7")] == ask(parent, child, nobody)
        ((code, message),) = ask(parent, child, foreign)
        assert (51512, str(family.stranger.organisation.id)) == (code, message.rpartition(" ")[2])
        assert [51512] == [code for code, _ in ask(parent, child, scope("OTHER", family.child, family.stranger))]
        assert [300004] == [code for code, _ in ask(parent, child, scope("OTHER", child, family.other, parent))]
        assert [300004] == [code for code, _ in ask(parent, child, {"DATA-SCOPE": "SOME"})]
        assert [300004] == [code for code, _ in ask(parent, child, {"DATA-SCOPE-ORG": "x"})]
    assert [300004] == [code for code, _ in family.enrol(parent, child, scope("OTHER", child, family.other))]


def test_all_of_more_than_two_children_is_refused(front: ApiClient, family: Family) -> None:
    """The vendor's limit."""
    front.organisation(parent=family.parent.organisation.name)
    ((code, message),) = family.view(family.parent, family.child, scope("ALL"))
    assert (300004, True) == (code, "at most 2 children; this organisation has 3" in message)


def test_organisations_are_connected_in_two_levels(front: ApiClient, family: Family) -> None:
    """A child has no children, and a parent must be there."""
    database = front.runtime.database

    def added(parent: str) -> str:
        with pytest.raises(Refused) as refused:
            front.run(lambda: add_organisation(database, name="x", zone="UTC", now=EPOCH, parent=parent))
        return str(refused.value)

    assert "has a parent itself" in added(family.child.organisation.name)
    assert 'there is no organisation called "nobody"' in added("nobody")


@PREFIXES
def test_boards_are_those_of_the_organisation_that_has_them(front: ApiClient, prefix: str) -> None:
    """A parent sees a child's board and ranks; an organisation named in a body must be one that is asked about."""
    parent = front.organisation()
    child = front.organisation(parent=parent.organisation.name)
    defined = child.define(group(target(), leaderboardEnabled=True))
    child.send_events(bill("40"))
    ids = {"targetGroupId": defined["id"], "targetRuleId": defined["targets"][0]["id"]}
    top = f"{prefix}/v3.1/leaderboards/targetGroups/{defined['id']}?targetId={ids['targetRuleId']}"
    ranks = f"{prefix}/v3.1/leaderboards/user/{child.customer('anna')}"

    def ranked(caller: OrganisationClient, headers: dict[str, str], **more: Any) -> Any:
        content = msgspec.json.encode([ids | more])
        answered = caller.send("GET", ranks, content=content, headers=headers)
        return told(answered.status_code, json_of(answered))

    for headers in (scope("OTHER", child), scope("ALL")):
        page = json_of(parent.send("GET", top, headers=headers))
        assert [40] == [one["achievedValue"] for one in page["data"]["rankings"]]
        (rank,) = ranked(parent, headers, orgId=child.organisation.id)["userRanks"]
        assert (1, child.organisation.id) == (rank["rank"], rank["orgId"])
    assert [310017] == [error["code"] for error in json_of(parent.send("GET", top))["errors"]]
    assert [(310011, "Invalid userId")] == ranked(parent, {})
    assert [51512] == [code for code, _ in ranked(child, {}, orgId=parent.organisation.id)]
