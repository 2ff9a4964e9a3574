"""Audiences: who is in them takes part in the targets that name them (facts 2.3, 4.13)."""

from typing import Any

import pytest

from tests.api.client import ApiClient, Json, OrganisationClient, json_of
from tests.api.client_forms import FEBRUARY, JANUARY, bill, group, target


class Audience:
    """An audience of an organisation, with Anna and Bob known to it."""

    def __init__(self, organisation: OrganisationClient, name: str = "Gold") -> None:
        """Make the audience."""
        self.organisation = organisation
        organisation.send_events(bill("250", customer="anna"), bill("30", customer="bob"))
        self.made = json_of(organisation.post("/api/v1/audiences", {"name": name}))
        self.path = f"/api/v1/audiences/{self.made['id']}"

    def let_in(self, *names: Json, **query: Any) -> Json:
        """Add customers to it; return the answer."""
        answered = self.organisation.post(f"{self.path}/members", list(names), **query)
        assert answered.status_code == 200, answered.text
        told: Json = json_of(answered)
        return told

    def members(self, **query: Any) -> list[int]:
        """Return its members, page by page."""
        found: list[int] = []
        cursor = ""
        while True:
            page = self.organisation.get(f"{self.path}/members", cursor=cursor, **query)
            found += [item["customerId"] for item in page["items"]]
            cursor = page["nextCursor"]
            if cursor is None:
                return found

    def target(self, **changes: Any) -> Json:
        """Return a target whose customers are those of the audience."""
        chosen = [{"audienceGroupId": self.made["id"]} | changes]
        return target(enrolmentMethod="AUDIENCE_FILTER", targetAudienceFilter=chosen)

    def value(self, external_id: str) -> list[tuple[str, Any]]:
        """Return what a customer has reached, by period."""
        rows = self.organisation.rows(self.organisation.customer(external_id), includeInactive="true")
        return [(row["periodRefCode"], row["targetAchievedValue"]) for row in rows]


@pytest.fixture
def audience(organisation: OrganisationClient) -> Audience:
    """Return an audience of the test's own."""
    return Audience(organisation)


ANNA, BOB = {"externalId": "anna"}, {"externalId": "bob"}


def test_an_audience_is_made_with_a_version(audience: Audience) -> None:
    """It has no members yet."""
    made = audience.made
    assert ("Gold", "2026-01-20T12:00:00Z", 0) == (made["name"], made["createdAt"], made["versions"][0]["members"])
    assert [made["versionId"]] == [version["id"] for version in made["versions"]]
    assert made == audience.organisation.get(audience.path)


def test_entering_enrols_in_the_targets_that_name_the_audience(audience: Audience) -> None:
    """From the running period on; what was bought in it before counts."""
    audience.organisation.define(group(audience.target()))
    assert {"versionId": audience.made["versionId"], "entered": 1, "already": 0, "unknown": []} == audience.let_in(ANNA)
    assert [("January", 250), ("February", 0)] == audience.value("anna")
    assert [] == audience.value("bob")


def test_before_the_first_period_a_member_takes_part_from_the_next(audience: Audience) -> None:
    """Where none runs."""
    audience.organisation.client.clock.set("2026-01-20T12:00:00Z")
    audience.organisation.define(group(audience.target(), periods=(FEBRUARY,)))
    audience.let_in(ANNA)
    assert [("February", 0)] == audience.value("anna")


def test_a_member_is_enrolled_in_a_target_defined_later(audience: Audience) -> None:
    """A server does it by and by, once."""
    audience.let_in(ANNA, BOB)
    audience.organisation.define(group(audience.target()))
    assert [] == audience.value("anna")
    audience.organisation.work()
    assert [("January", 250), ("February", 0)] == audience.value("anna")
    assert [("January", 30), ("February", 0)] == audience.value("bob")
    assert 0 == audience.organisation.work()


def test_leaving_the_audience_keeps_the_enrolment(audience: Audience) -> None:
    """Facts 8 #59."""
    audience.organisation.define(group(audience.target()))
    audience.let_in(ANNA)
    path = f"{audience.path}/members/{audience.organisation.customer('anna')}"
    assert [{"left": True}, {"left": False}] == [json_of(audience.organisation.send("DELETE", path)) for _ in range(2)]
    audience.organisation.send_events(bill("1", customer="anna"))
    assert ([], [("January", 251), ("February", 0)]) == (audience.members(), audience.value("anna"))


def test_one_customer_enters_by_id(audience: Audience) -> None:
    """A second time changes nothing."""
    audience.organisation.define(group(audience.target()))
    path = f"{audience.path}/members/{audience.organisation.customer('anna')}"
    told = [json_of(audience.organisation.send("PUT", path)) for _ in range(2)]
    assert [(1, 0), (0, 1)] == [(one["entered"], one["already"]) for one in told]
    assert [("January", 250), ("February", 0)] == audience.value("anna")


def test_an_upload_may_be_sent_again(audience: Audience) -> None:
    """Members stay members; the positions of unknown customers are answered."""
    audience.let_in(ANNA)
    told = audience.let_in(ANNA, {"externalId": "nobody"}, BOB, {"userId": 5}, ANNA)
    assert (1, 2, [1, 3]) == (told["entered"], told["already"], told["unknown"])
    assert sorted(audience.members()) == sorted(audience.organisation.customer(name) for name in ("anna", "bob"))


def test_an_upload_may_be_csv(audience: Audience) -> None:
    """One column, named by the kind of identifier; blank lines are passed over."""
    body = b"\xef\xbb\xbfexternalId\r\nanna\r\n\r\n bob \r\nnobody\r\n"
    answered = audience.organisation.send(
        "POST", f"{audience.path}/members", content=body, headers={"Content-Type": "text/csv; charset=utf-8"}
    )
    assert (2, [2]) == (json_of(answered)["entered"], json_of(answered)["unknown"])


def test_members_are_listed_page_by_page(audience: Audience) -> None:
    """Each once."""
    names = [f"customer {number}" for number in range(7)]
    audience.organisation.send_events(*(bill("1", customer=name) for name in names))
    audience.let_in(*({"externalId": name} for name in names))
    assert sorted(audience.organisation.customer(name) for name in names) == sorted(audience.members(limit=3))
    assert 7 == audience.organisation.get(audience.path)["versions"][0]["members"]


def test_a_version_has_members_of_its_own(audience: Audience) -> None:
    """Targets that name an earlier one go on with that; where none is named today's is meant."""
    audience.organisation.define(group(audience.target()))
    first = audience.made["versionId"]
    renewed = json_of(audience.organisation.post(f"{audience.path}/versions", b""))
    assert [first, renewed["versionId"]] == [version["id"] for version in renewed["versions"]]
    audience.let_in(ANNA)
    assert [] == audience.value("anna")
    audience.let_in(BOB, versionId=first)
    assert [("January", 30), ("February", 0)] == audience.value("bob")
    newer = audience.organisation.define(group(audience.target()))
    (chosen,) = newer["targets"][0]["targetAudienceFilter"]
    assert renewed["versionId"] == chosen["versionId"]


def test_a_definition_shows_its_audiences(audience: Audience) -> None:
    """As the vendor's reads do (facts 2.3)."""
    made = audience.organisation.define(group(audience.target(versionId=audience.made["versionId"])))["targets"][0]
    assert [
        {
            "audienceGroupId": audience.made["id"],
            "versionId": audience.made["versionId"],
            "audienceFilterMetaId": made["id"],
            "lastUpdatedOn": "2026-01-20T12:00:00.000+0000",
        }
    ] == made["targetAudienceFilter"]


def test_a_customer_who_left_the_target_is_enrolled_only_by_entering_again(audience: Audience) -> None:
    """Coming into the audience again is coming back."""
    made = audience.organisation.define(group(audience.target()))
    audience.let_in(ANNA)
    anna = audience.organisation.customer("anna")
    path = f"/v3/targetGroups/{made['id']}/targets/{made['targets'][0]['id']}/unEnroll"
    assert 200 == audience.organisation.post(path, [{"customerId": anna}]).status_code
    audience.organisation.work()
    audience.organisation.send_events(bill("1", customer="anna"))
    assert ("January", 250) == audience.value("anna")[0]
    audience.organisation.send("DELETE", f"{audience.path}/members/{anna}")
    audience.let_in(ANNA)
    audience.organisation.send_events(bill("2", customer="anna"))
    assert ("January", 252) == audience.value("anna")[0]


def test_audiences_are_listed_by_id(front: ApiClient) -> None:
    """Page by page."""
    organisation = front.organisation()
    ids = [json_of(organisation.post("/api/v1/audiences", {"name": name}))["id"] for name in ("a", "b", "c")]
    page = organisation.get("/api/v1/audiences", limit=2)
    rest = organisation.get("/api/v1/audiences", cursor=page["nextCursor"], limit=2)
    assert (ids, None) == ([item["id"] for item in page["items"] + rest["items"]], rest["nextCursor"])


def test_a_target_that_is_added_names_audiences_too(audience: Audience) -> None:
    """In a group that is there already; who is in is enrolled."""
    audience.let_in(ANNA)
    made = audience.organisation.define(group(targets=[]))
    path = f"/v3/targetGroups/{made['id']}/targets"
    added = json_of(audience.organisation.post(path, [audience.target()]))["data"]
    assert audience.made["versionId"] == added[0]["targetAudienceFilter"][0]["versionId"]
    assert (
        audience.made["id"] == audience.organisation.get(path)["data"][0]["targetAudienceFilter"][0]["audienceGroupId"]
    )
    audience.organisation.work()
    assert [("January", 250), ("February", 0)] == audience.value("anna")
    unknown = target(enrolmentMethod="AUDIENCE_FILTER", targetAudienceFilter=[{"audienceGroupId": 5}])
    told = json_of(audience.organisation.post(path, [unknown]))["errors"]
    assert "there is no audience with the id 5" in told[0]["message"]


def test_a_target_that_is_put_back_in_force_asks_anew(audience: Audience) -> None:
    """A customer who entered meanwhile is enrolled then."""
    made = audience.organisation.define(group(audience.target()))
    path = f"/v3/targetGroups/{made['id']}/targets"
    one = made["targets"][0]["id"]
    assert 200 == audience.organisation.send("DELETE", f"{path}/{one}").status_code
    audience.let_in(BOB)
    audience.organisation.work()
    answered = audience.organisation.send("PUT", path, json=[{"id": one, "active": True}])
    assert answered.status_code == 200, answered.text
    assert [] == audience.value("bob")
    audience.organisation.work()
    assert ("January", 30) == audience.value("bob")[0]


def test_a_deactivated_target_enrols_no_member(audience: Audience) -> None:
    """What was asked for before is done with."""
    audience.let_in(ANNA)
    audience.organisation.define(group(audience.target(), periods=(JANUARY,), active=False))
    assert 0 == audience.organisation.work()
