"""Reading what is defined: groups listed and alone, free names, milestones in pages (facts 3.1)."""

from typing import Any

import pytest

from tests.api.client import Json, OrganisationClient, json_of
from tests.api.client_forms import FEBRUARY, JANUARY, MARCH, group, target

DECEMBER = {"refCode": "December", "startDate": "2025-12-01", "endDate": "2025-12-31"}


def names(groups: list[Json]) -> list[str]:
    """Return the names of *groups*."""
    return [one["name"] for one in groups]


def several(organisation: OrganisationClient) -> None:
    """Define a running group, one that is not active, and one that a customer made."""
    organisation.define(group(name="runs"))
    organisation.define(group(name="rests", active=False))
    organisation.define(group(target(enrolmentMethod="IMPORT"), name="own", userCreated=True))


@pytest.mark.parametrize(
    "query, expected",
    [
        ({}, ["rests", "runs"]),
        ({"includeOnlyActive": "true"}, ["runs"]),
        ({"includeUserCreatedTargetGroups": "true"}, ["own", "rests", "runs"]),
        ({"includeUserCreatedTargetGroups": "TRUE", "includeOnlyActive": "true"}, ["own", "runs"]),
    ],
)
def test_the_list_holds_the_requested_groups(
    organisation: OrganisationClient, query: dict[str, str], expected: list[str]
) -> None:
    """Inactive groups are listed unless left out; those that customers made only if asked for."""
    several(organisation)
    assert expected == names(organisation.data("GET", "/v3/targetGroups", **query))


def test_a_listed_group_has_no_targets_and_periods_on_request(organisation: OrganisationClient) -> None:
    """The keys of a creation without targets, with attribution and the moment of creation."""
    organisation.define(group(description="d"))
    (plain,) = organisation.data("GET", "/v3/targetGroups")
    (full,) = organisation.data("GET", "/v3/targetGroups", includePeriods="true")
    assert [
        *("id", "attribution", "name", "active", "preferredTillId", "activePeriod", "totalPeriods", "description"),
        *("targetEvaluationType", "recurringCycles", "frequency", "targetCycleStartDate", "targetCycleEndDate"),
        *("targetCycleStartDateISO", "targetCycleEndDateISO", "frequencyType", "trackingType", "leaderboardEnabled"),
        *("userCreated", "createdOn"),
    ] == list(plain)
    assert ["January", "February"] == [period["refCode"] for period in full.pop("periods")]
    assert plain == full


def test_a_group_alone_is_as_in_the_list(organisation: OrganisationClient) -> None:
    """Without targets and without the moment of creation; with periods if asked, also one that a customer made."""
    several(organisation)
    for listed in organisation.data("GET", "/v3/targetGroups", includeUserCreatedTargetGroups="true"):
        del listed["createdOn"], listed["targets"]
        path = f"/v3/targetGroups/{listed['id']}"
        assert listed == organisation.data("GET", path)
        shown = organisation.data("GET", path, includePeriods="true")
        assert shown.pop("periods") == organisation.data("GET", f"{path}/targetPeriods")
        assert listed == shown


def test_reads_show_whole_seconds_and_the_real_number_of_periods(organisation: OrganisationClient) -> None:
    """A creation echoes what was sent; later reads round its moment and count (facts 2.8, 8 #5)."""
    organisation.client.clock.set("2026-01-20T12:00:00.544Z")
    defined = organisation.define(group(totalPeriods=1))
    shown = organisation.data("GET", f"/v3/targetGroups/{defined['id']}")
    (rule,) = organisation.data("GET", f"/v3/targetGroups/{defined['id']}/targets")
    assert (1, 2) == (defined["totalPeriods"], shown["totalPeriods"])
    assert "2026-01-20T12:00:00.544+0000" == defined["targets"][0]["attribution"]["createdOn"]
    assert "2026-01-20T12:00:01.000+0000" == rule["attribution"]["createdOn"] == shown["attribution"]["createdOn"]


def test_a_unified_group_and_a_streak_are_read_as_they_are(organisation: OrganisationClient) -> None:
    """Members, threshold, levels: what the creation showed."""
    expression = {"aggregation": "SUM", "thresholdValue": 500}
    united = organisation.define(group(target(), target(), combinationType="ALL", unifiedTargetExpression=expression))
    streak = organisation.define(group(trackingType="STREAK", streaks=[{"name": "Gold", "targetCountOfSequence": 2}]))
    other, one = organisation.data("GET", "/v3/targetGroups")
    for key in ("combinationType", "unifiedTargetExpression"):
        assert united[key] == one[key]
    assert (streak["streaks"], "STREAKS") == (other["streaks"], other["trackingType"])


@pytest.mark.parametrize("path", ["/v3/targetGroups", "/v3/milestones", "/v3/targetGroups/1"])
def test_a_flag_is_true_or_false(organisation: OrganisationClient, path: str) -> None:
    """Any other text is refused."""
    flag = "require-periods" if path == "/v3/milestones" else "includePeriods"
    assert [(300004, f"{flag}: must be true or false")] == organisation.errors("GET", path, **{flag: "maybe"})


@pytest.mark.parametrize("path", ["1", "x", "99999999999999999999"])
def test_a_group_that_is_not_there_is_not_shown(organisation: OrganisationClient, path: str) -> None:
    """An unknown id, and what is no id, get the vendor's code, at each address of a group."""
    for address in ("", "/targets", "/targetPeriods"):
        (error,) = organisation.errors("GET", f"/v3/targetGroups/{path}{address}")
        assert 310017 == error[0]


@pytest.mark.parametrize(
    "kind, taken",
    [
        ("targetGroupName", "the group"),
        ("streakName", "The Group"),
        ("targetName", "the target"),
        ("streakLevelName", "gold"),
        ("periodName", "january"),
    ],
)
def test_a_name_is_valid_unless_it_is_taken(organisation: OrganisationClient, kind: str, taken: str) -> None:
    """Whatever its case, per kind; a name that nothing may have is not valid either."""
    levels = [{"name": "Gold", "targetCountOfSequence": 1}]
    organisation.define(group(target(name="The target"), name="The group", trackingType="STREAKS", streaks=levels))

    def valid(value: str) -> Any:
        return organisation.data("POST", "/v3/targetGroups/isValidName", {"type": kind, "value": value})

    wrong = ("", " x", "x" * 201, "a\0b")
    assert (False, True, [False] * 4) == (valid(taken), valid("Silver"), [valid(value) for value in wrong])
    assert (
        organisation.client.organisation().data("POST", "/v3/targetGroups/isValidName", {"type": kind, "value": taken})
        is True
    )


def test_a_kind_of_name_that_is_none_is_refused(organisation: OrganisationClient) -> None:
    """The vendor's code and words; a name has to be there."""
    path, invalid = "/v3/targetGroups/isValidName", (310145, "Invalid key is passed")
    assert [invalid] == organisation.errors("POST", path, {"type": "colour", "value": "red"})
    assert [invalid] == organisation.errors("POST", path, {"value": "red"})
    assert [(300004, "value: is needed")] == organisation.errors("POST", path, {"type": "targetName"})
    assert [(300004, "value: must be text")] == organisation.errors("POST", path, {"type": "targetName", "value": 5})


def milestones(organisation: OrganisationClient, **query: Any) -> list[str]:
    """Return the names of the milestones that *query* finds; its underscores stand for dashes."""
    told: list[Json] = organisation.data(
        "GET", "/v3/milestones", **{key.replace("_", "-"): text for key, text in query.items()}
    )
    return names(told)


@pytest.fixture
def four(organisation: OrganisationClient) -> OrganisationClient:
    """Return an organisation with a milestone of each status, and one that a customer made."""
    organisation.define(group(name="Ended winter", periods=(DECEMBER,)))
    organisation.define(group(target(kind="VISIT"), name="Live winter"))
    streak = {"trackingType": "STREAKS", "streaks": [{"name": "Gold", "targetCountOfSequence": 1}]}
    organisation.define(group(name="Upcoming spring", periods=(FEBRUARY, MARCH), **streak))
    organisation.define(group(target(), target("EVENT", "COUNT"), name="Stopped", active=False, combinationType="ANY"))
    organisation.define(group(target(enrolmentMethod="IMPORT"), name="Own", userCreated=True))
    return organisation


@pytest.mark.parametrize(
    "query, expected",
    [
        ({}, ["Stopped", "Upcoming spring", "Live winter", "Ended winter"]),
        ({"status": "LIVE"}, ["Live winter"]),
        ({"status": "UPCOMING"}, ["Upcoming spring"]),
        ({"status": "ENDED"}, ["Ended winter"]),
        ({"status": "STOPPED"}, ["Stopped"]),
        ({"status": "live, ended"}, ["Live winter", "Ended winter"]),
        ({"type": "STREAKS"}, ["Upcoming spring"]),
        ({"type": "STREAK"}, ["Upcoming spring"]),
        ({"type": "DEFAULT,UNIFIED"}, ["Stopped", "Live winter", "Ended winter"]),
        ({"target_on": "VISIT"}, ["Live winter"]),
        ({"target_on": "COUNT"}, ["Stopped"]),
        ({"name": "WINTER"}, ["Live winter", "Ended winter"]),
        ({"name": "winter", "status": "LIVE"}, ["Live winter"]),
        ({"start_date": "2026-03-01"}, ["Upcoming spring"]),
        ({"end_date": "2025-12-31"}, ["Ended winter"]),
        ({"end_date": "2026-01-01"}, ["Stopped", "Live winter", "Ended winter"]),
        ({"start_date": "2025-12-31T23:59:59.000Z", "end_date": "2025-12-31T23:59:59.000Z"}, ["Ended winter"]),
        ({"includeUserCreatedTargetGroups": "true", "type": "DEFAULT"}, ["Own", "Live winter", "Ended winter"]),
        ({"limit": "2"}, ["Stopped", "Upcoming spring"]),
        ({"limit": "2", "offset": "1"}, ["Live winter", "Ended winter"]),
        ({"limit": "3", "offset": "1"}, ["Ended winter"]),
        ({"offset": "7"}, []),
        ({"status": "", "name": ""}, ["Stopped", "Upcoming spring", "Live winter", "Ended winter"]),
    ],
)
def test_milestones_are_found_newest_first(
    four: OrganisationClient, query: dict[str, str], expected: list[str]
) -> None:
    """By status, kind, what is measured, part of a name and dates; a page at a time."""
    assert expected == milestones(four, **query)


def test_a_milestones_status_follows_the_clock(organisation: OrganisationClient) -> None:
    """It is live from its first instant to its last second, both of the cycle window that is shown."""
    organisation.define(group(name="one", periods=(JANUARY,)))
    for at, status in (
        ("2025-12-31T23:59:59.999Z", "UPCOMING"),
        ("2026-01-01T00:00:00Z", "LIVE"),
        ("2026-01-31T23:59:59.999Z", "LIVE"),
        ("2026-02-01T00:00:00Z", "ENDED"),
    ):
        organisation.client.clock.set(at)
        assert (at, ["one"]) == (at, milestones(organisation, status=status))


def test_a_page_says_where_it_stands(four: OrganisationClient) -> None:
    """Pagination first, lists instead of null, the total of all that was found."""
    told = json_of(four.send("GET", "/v3/milestones", params={"limit": "1", "offset": "1", "type": "DEFAULT"}))
    assert ["pagination", "data", "errors", "warnings"] == list(told)
    assert ({"limit": 1, "offset": 1, "total": 2}, [], []) == (told["pagination"], told["errors"], told["warnings"])
    usual = json_of(four.send("GET", "/v3/milestones"))
    assert {"limit": 10, "offset": 0, "total": 4} == usual["pagination"]


def test_a_milestone_has_its_targets_and_periods_on_request(organisation: OrganisationClient) -> None:
    """What an edit answers, and the organisation; periods only where they are required."""
    defined = organisation.define(group())
    whole = organisation.data("PUT", f"/v3/targetGroups/{defined['id']}", {})
    (full,) = organisation.data("GET", "/v3/milestones", **{"require-periods": "true"})
    assert whole | {"orgId": organisation.organisation.id} == full
    assert ["createdOn", "orgId"] == list(full)[-2:]
    (plain,) = organisation.data("GET", "/v3/milestones")
    assert {key: value for key, value in full.items() if key != "periods"} == plain


def test_each_problem_of_a_search_is_reported_at_once(organisation: OrganisationClient) -> None:
    """Each parameter with what it may be."""
    query = {"status": "GONE", "type": "X", "target-on": "WEIGHT", "limit": "101", "offset": "-1"}
    told = dict(message.split(": ", 1) for _, message in organisation.errors("GET", "/v3/milestones", **query))
    assert list(query) == list(told)
    assert "must be a whole number between 1 and 100" == told["limit"]
    assert "must be of LIVE, UPCOMING, ENDED, STOPPED, separated by commas" == told["status"]
    dates = {"start-date": "yesterday", "end-date": "2026-02-30"}
    assert 2 == len(organisation.errors("GET", "/v3/milestones", **dates))


def test_an_organisation_sees_its_own_groups_only(four: OrganisationClient) -> None:
    """Another organisation has none of it."""
    other = four.client.organisation()
    assert ([], []) == (milestones(other), other.data("GET", "/v3/targetGroups"))
