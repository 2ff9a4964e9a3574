"""Answers have the shapes of the vendor's published answers: keys, order, and the values of absent things."""

from typing import Any

from tests.api.client import Json, OrganisationClient, json_of
from tests.api.client_forms import FEBRUARY, JANUARY, bill, group, target

CYCLIC: Json = {
    "trackingType": "DEFAULT",
    "targetEvaluationType": "CYCLIC_WINDOW",
    "frequencyType": "DAILY",
    "frequency": 1,
    "totalPeriods": 2,
    "recurringCycles": 2,
    "periods": [{"refCode": "W1"}, {"refCode": "W2"}],
    "targetCycleStartDateISO": "2026-01-01T00:00:00Z",
    "targetCycleEndDateISO": "2026-01-21T17:00:00Z",
}
GATEWAY = "/api_gateway/intouch-api-v3"


def ranks(organisation: OrganisationClient, customer_id: int, *boards: Json, prefix: str = "") -> Json:
    """Return the answer to the call for a customer's ranks."""
    answered = organisation.client.send(
        "GET",
        f"{prefix}/v3.1/leaderboards/user/{customer_id}",
        json=list(boards),
        auth=(organisation.till_code, "Pass123word"),
    )
    assert 200 == answered.status_code, answered.text
    shown: Json = json_of(answered)
    return shown


def with_profile(organisation: OrganisationClient, *identifiers: Json, **names: str) -> int:
    """Register a customer with these identifiers."""
    profile = {"identifiers": list(identifiers), **names}
    return int(json_of(organisation.post("/v2/customers", {"profiles": [profile]}))["createdId"])


def test_ranks_have_lists_and_the_four_published_keys(organisation: OrganisationClient) -> None:
    """Unknown names are empty; `errors` and `warnings` are lists, also if a leaderboard cannot be shown."""
    board = organisation.define(group(leaderboardEnabled=True))
    wanted = {"targetGroupId": board["id"], "targetRuleId": board["targets"][0]["id"], "periodId": 0, "orgId": 0}
    anna = with_profile(organisation, {"type": "mobile", "value": "4915100000018"})
    for prefix in ("", GATEWAY):
        plain = ranks(organisation, anna, wanted, prefix=prefix)
        unknown = ranks(organisation, anna, wanted | {"targetRuleId": 999}, prefix=prefix)

        assert ["data", "errors", "warnings"] == list(plain)
        assert ([], []) == (plain["errors"], plain["warnings"])
        assert ([], 1) == (unknown["errors"], len(unknown["warnings"]))
        assert [("mobile", "4915100000018"), ("last_name", ""), ("first_name", ""), ("email", "")] == [
            *plain["data"]["userEnrichmentDetails"].items()
        ]


def test_ranks_show_what_is_known(organisation: OrganisationClient) -> None:
    """The names and the address of the customer's profile."""
    board = organisation.define(group(leaderboardEnabled=True))
    email = {"type": "email", "value": "anna@example.com"}
    anna = with_profile(organisation, email, firstName="Anna", lastName="Lee")
    shown = ranks(organisation, anna, {"targetGroupId": board["id"], "targetRuleId": board["targets"][0]["id"]})

    assert {"mobile": "", "last_name": "Lee", "first_name": "Anna", "email": "anna@example.com"} == (
        shown["data"]["userEnrichmentDetails"]
    )


def test_an_own_window_shows_when_the_next_one_begins(organisation: OrganisationClient) -> None:
    """The last window shows the group's end, which cuts it."""
    organisation.define(group(**CYCLIC))
    organisation.send_events(bill(5, time="2026-01-20T09:30:00Z"))
    rows = organisation.rows(organisation.customer("anna"), includeInactive="true")

    assert {"W1": "2026-01-21T09:30:00.000Z", "W2": "2026-01-21T17:00:00.000Z"} == {
        row["periodRefCode"]: row["periodEndDateWithTimeStamp"] for row in rows
    }


def test_a_level_has_its_dates_from_the_beginning(organisation: OrganisationClient) -> None:
    """They are null until the level is achieved."""
    levels = [{"name": "Once", "targetCountOfSequence": 1}, {"name": "Twice", "targetCountOfSequence": 2}]
    organisation.define(group(trackingType="STREAKS", streaks=levels))
    organisation.send_events(bill(5))
    (shown,) = organisation.groups(organisation.customer("anna"))
    organisation.send_events(bill(100))
    (later,) = organisation.groups(organisation.customer("anna"))

    assert [(None, None)] * 2 == dates(shown)
    assert [False, True] == [when == (None, None) for when in dates(later)]


def dates(shown: Json) -> list[tuple[Any, Any]]:
    """Return when each level of a group was achieved, in both notations."""
    return [(level["streakAchievedDateTime"], level["streakAchievedDateTimeISO"]) for level in shown["streaks"]]


def test_a_currency_has_its_declared_name(organisation: OrganisationClient) -> None:
    """Its identifier stands beside the name; a currency that was never declared has its identifier as name."""
    info = {"alternateCurrencyIdentifier": "qK3", "programId": 46}
    currencies = target("ALTERNATE_CURRENCIES", "ALL", extendedFieldInfo=info)
    organisation.define(group(currencies))
    anna = with_profile(organisation, {"type": "externalId", "value": "anna"})
    before = organisation.rows(anna, includeInactive="true")
    organisation.post("/api/v1/programs", [{"id": 46, "name": "Club"}])
    organisation.post("/api/v1/currencies", [{"programId": 46, "identifier": "qK3", "name": "Coins"}])
    after = organisation.rows(anna, includeInactive="true")

    assert {("qK3", "qK3")} == names(before)
    assert {("qK3", "Coins")} == names(after)


def names(rows: list[Json]) -> set[tuple[str, str]]:
    """Return identifier and name of the currency of the rows."""
    return {(row["alternateCurrencyIdentifier"], row["alternateCurrencyName"]) for row in rows}


def test_a_stopped_group_shows_its_targets_inactive(organisation: OrganisationClient) -> None:
    """In milestones, lists, its targets and edits; a copy that starts it again leaves its targets as they were."""
    made = organisation.define(group(target(), target(active=False), trackingType="DEFAULT"))
    path = f"/v3/targetGroups/{made['id']}"
    stopped = organisation.data("PUT", path, {"active": False})
    (milestone,) = organisation.data("GET", "/v3/milestones", status="STOPPED")
    (listed,) = organisation.data("GET", "/v3/targetGroups", includeUserCreatedTargetGroups="true")
    for targets in (
        stopped["targets"],
        milestone["targets"],
        listed["targets"],
        organisation.data("GET", f"{path}/targets"),
    ):
        assert [False, False] == [part["active"] for part in targets]
    answered = json_of(organisation.put(path, milestone | {"active": True}))

    assert [True, False] == [part["active"] for part in answered["data"]["targets"]]
    assert ["targets[0].active was left as it is"] == [
        warning["message"].partition(":")[0] for warning in answered["warnings"]
    ]


def test_groups_of_one_instant_are_listed_by_id(organisation: OrganisationClient) -> None:
    """The newest first, in milestones and in the list alike."""
    made = [organisation.define(group(periods=(period,)))["id"] for period in (JANUARY, FEBRUARY)]
    for path in ("/v3/targetGroups", "/v3/milestones"):
        assert made[::-1] == [shown["id"] for shown in organisation.data("GET", path)]
