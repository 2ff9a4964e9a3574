"""`/api/v1/targetGroups/rules`: what target groups say in words, and what a definition would say."""

from tests.api.client import Json, OrganisationClient, json_of

RULES = "/api/v1/targetGroups/rules"
SPEND: Json = {
    "name": "Spring",
    "trackingType": "DEFAULT",
    "preferredTillId": 0,
    "totalPeriods": 1,
    "periods": [{"refCode": "2026-03", "startDate": "2026-03-01", "endDate": "2026-03-31"}],
    "targets": [
        {
            "name": "Spend in March",
            "targetEntity": "TRANSACTION",
            "targetType": "SALES",
            "expression": "currentTxn.value>=20",
            "enrolmentMethod": "TRANSACTION",
            "defaultValues": [{"defaultValue": 100}],
        }
    ],
}
SENTENCE = (
    "The net amount of every bill counts if the net amount of the bill is at least 20, from 1 March 2026 to "
    "31 March 2026; the goal is 100."
)


def test_groups_and_drafts_are_listed_with_their_words(organisation: OrganisationClient) -> None:
    """A group in force, its draft beside it, and a group that is only drafted."""
    group = organisation.define(SPEND)
    change = SPEND | {"targets": [SPEND["targets"][0] | {"defaultValues": [{"defaultValue": 80}]}]}
    organisation.send("PUT", f"/api/v1/targetGroups/{group['id']}/draft", json=change)
    target = SPEND["targets"][0] | {"name": "More"}
    drafted = json_of(organisation.post("/api/v1/targetGroups/drafts", SPEND | {"name": "New", "targets": [target]}))
    items = organisation.get(RULES)["items"]

    assert [("New", False), ("Spring", True)] == [(one["name"], one["live"]) for one in items]
    assert [drafted["targetGroupId"], group["id"]] == [one["targetGroupId"] for one in items]
    assert [1, 1] == [one["draft"]["revision"] for one in items]
    assert SENTENCE == items[1]["targets"][0]["sentence"]
    assert group["targets"][0]["id"] == items[1]["targets"][0]["targetId"]


def test_a_definition_is_said_in_words_and_not_kept(organisation: OrganisationClient) -> None:
    """With its periods as instants; nothing is listed afterwards, and its names are still free."""
    told = json_of(organisation.post(f"{RULES}?language=de", SPEND))

    assert "Spend in March" == told["targets"][0]["name"]
    assert "100" in told["targets"][0]["sentence"]
    assert [("2026-03", "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z")] == [
        (one["refCode"], one["startsAt"], one["endsAt"]) for one in told["periods"]
    ]
    assert [] == organisation.get(RULES)["items"]
    assert "Spring" == organisation.define(SPEND)["name"]


def test_all_that_is_wrong_is_said_at_once(organisation: OrganisationClient) -> None:
    """Each problem names its field, also one of a definition whose names are taken."""
    organisation.define(SPEND)
    wrong = SPEND | {"targets": [SPEND["targets"][0] | {"expression": "currentTxn.values>1", "defaultValues": []}]}
    answered = organisation.post(RULES, wrong)
    paths = {problem["path"] for problem in answered.json()["problems"]}

    assert 400 == answered.status_code
    assert {"targets[0].expression", "targets[0].defaultValues"} <= paths


def test_the_organisation_says_what_time_it_is(organisation: OrganisationClient) -> None:
    """By the server's clock, which the pages count days from."""
    organisation.client.clock.set("2026-02-03T04:05:06Z")

    assert "2026-02-03T04:05:06Z" == organisation.get("/api/v1/organisation")["now"]
