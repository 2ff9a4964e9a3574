"""Changing a target group that is in force: what changes, what is left, what is refused (facts 3.1, 8 #40)."""

import asyncio
from typing import Any

import pytest

from tests.api.client import PASSWORD, Json, OrganisationClient, json_of
from tests.api.client_forms import FEBRUARY, JANUARY, MARCH, group, target

ADDRESSES = ("/v3/targetGroups/editTargetGroup/{id}", "/v3/targetGroups/{id}", "/v3/targetGroups")


def address(defined: Json) -> str:
    """Return where *defined* is changed."""
    return f"/v3/targetGroups/{defined['id']}"


def later(**changes: Any) -> Json:
    """Return a group that has not started yet: its first period is February."""
    return group(periods=(FEBRUARY, MARCH), **changes)


@pytest.mark.parametrize("path", ADDRESSES)
def test_a_group_is_changed_at_each_of_its_addresses(organisation: OrganisationClient, path: str) -> None:
    """Text, use, condition, places and goals change; the answer and later reads show the complete group."""
    defined = organisation.define(group(description="before"))
    rule = defined["targets"][0]
    wanted = {
        "id": defined["id"],
        "description": "after",
        "active": False,
        "targets": [
            {
                "id": rule["id"],
                "description": "rule",
                "expression": "currentTxn.value>5",
                "filters": [{"entityType": "STORE", "entityIds": [7]}],
                "defaultValues": [{"defaultValue": "50.50"}, {"defaultValue": 60}],
            }
        ],
    }
    shown = organisation.data("PUT", path.format(id=defined["id"]), wanted)
    (changed,) = shown["targets"]
    assert ("after", False, "rule", "currentTxn.value>5") == (
        shown["description"],
        shown["active"],
        changed["description"],
        changed["expression"],
    )
    assert [{"entityType": "STORE", "entityIds": [7]}] == changed["filters"]
    assert ["50.5", "60"] == [str(goal["defaultValue"]) for goal in changed["defaultValues"]]
    ids = [goal["id"] for goal in rule["defaultValues"]]
    assert ids == [goal["id"] for goal in changed["defaultValues"]]
    assert shown["targets"] == organisation.data("GET", f"{address(defined)}/targets")


def test_an_edit_answers_with_the_published_keys(organisation: OrganisationClient) -> None:
    """The complete group: what a creation shows, attribution, the running period and the instant of creation."""
    defined = organisation.define(
        group(description="d", fromDate="2026-01-01", toDate="2026-03-01", timeZoneName="UTC")
    )
    shown = organisation.data("PUT", address(defined), {"description": "e"})
    expected = [
        *("id", "attribution", "name", "fromDate", "toDate", "active", "preferredTillId", "periods", "activePeriod"),
        *("totalPeriods", "description", "targetEvaluationType", "recurringCycles", "frequency"),
        *("targetCycleStartDate", "targetCycleEndDate", "targetCycleStartDateISO", "targetCycleEndDateISO"),
        *("frequencyType", "trackingType", "targets", "leaderboardEnabled", "userCreated", "timeZoneName", "createdOn"),
    ]
    assert expected == list(shown)
    assert (shown["periods"][0], 1768910400000) == (shown["activePeriod"], shown["createdOn"])
    assert (-1, 0, "CUSTOM", 2) == tuple(
        shown[key] for key in ("recurringCycles", "frequency", "frequencyType", "totalPeriods")
    )
    assert [] == shown["targets"][0]["targetMilestoneTriggers"]


def test_an_edit_says_who_changed_what_and_when(organisation: OrganisationClient) -> None:
    """The group and the target that changed are of today; what did not change is as it was made."""
    defined = organisation.define(group())
    organisation.client.clock.set("2026-01-25T08:00:00.700Z")
    rule = defined["targets"][0]
    shown = organisation.data("PUT", address(defined), {"targets": [{"id": rule["id"], "description": "new"}]})
    stamps = [
        (one["attribution"]["createdOn"], one["attribution"]["lastUpdatedOn"])
        for one in (shown, shown["targets"][0], shown["periods"][0])
    ]
    made, changed = "2026-01-20T12:00:00.000+0000", "2026-01-25T08:00:01.000+0000"
    assert [(made, changed), (made, changed), (made, made)] == stamps
    assert organisation.till_code == shown["attribution"]["lastUpdatedBy"]["code"]


def test_each_edit_makes_a_version_and_one_that_changes_nothing_makes_none(organisation: OrganisationClient) -> None:
    """Versions of the definition are kept; sending back what was answered is no change, and warns of nothing."""
    defined = organisation.define(
        group(
            target(targetMilestoneTriggers=[{"triggerName": "h", "triggerValueType": "PERCENTAGE", "triggerValue": 9}])
        )
    )
    before = organisation.version()
    shown = organisation.data("PUT", address(defined), {"description": "one"})
    assert (before + 1, 2) == (organisation.version(), organisation.stored()["target_group_version"])
    again = json_of(organisation.put(address(defined), shown))
    assert (shown, None) == (again["data"], again["warnings"])
    assert json_of(organisation.put(address(defined), defined | {"description": "one"}))["warnings"] is None
    assert (before + 1, 2) == (organisation.version(), organisation.stored()["target_group_version"])


def test_absent_fields_stay(organisation: OrganisationClient) -> None:
    """An empty change and nulls leave everything as it is."""
    defined = organisation.define(group(target(description="d", filters=[]), description="g"))
    before = organisation.version()
    rule = {"id": defined["targets"][0]["id"], "description": None, "filters": None, "defaultValues": []}
    for body in ({}, {"description": None, "targets": None}, {"targets": [rule]}):
        assert "g" == organisation.data("PUT", address(defined), body)["description"]
    assert before == organisation.version()


def test_names_change_until_the_group_starts(organisation: OrganisationClient) -> None:
    """A group and its target get new names, their old ones are free again; another's name is refused."""
    organisation.define(later(name="Taken") | {"targets": [target(name="Taken rule")]})
    defined = organisation.define(later(name="Old") | {"targets": [target(name="Old rule")]})
    rule = defined["targets"][0]["id"]
    taken = {"name": "TAKEN", "targets": [{"id": rule, "name": "taken RULE"}]}
    assert [
        (310069, "Target group name already exists"),
        (300004, "targets[0].name: is the name of another target"),
    ] == organisation.errors("PUT", address(defined), taken)
    shown = organisation.data("PUT", address(defined), {"name": "New", "targets": [{"id": rule, "name": "NEW rule"}]})
    assert ("New", "NEW rule") == (shown["name"], shown["targets"][0]["name"])
    assert "NEW" == organisation.data("PUT", address(defined), {"name": "NEW"})["name"]
    assert "Old" == organisation.define(later(name="Old") | {"targets": [target(name="Old rule")]})["name"]


def test_names_stay_once_the_group_has_started(organisation: OrganisationClient) -> None:
    """A running group and its target keep their names, which rules and rewards speak of; the same name is no change."""
    defined = organisation.define(group())
    rule = defined["targets"][0]
    body = {"name": "x", "targets": [{"id": rule["id"], "name": "y"}]}
    reason = "cannot be changed once the group has started"
    assert [(300004, f"name: {reason}"), (300004, f"targets[0].name: {reason}")] == organisation.errors(
        "PUT", address(defined), body
    )
    same = {"name": defined["name"], "targets": [{"id": rule["id"], "name": rule["name"]}]}
    assert defined["name"] == organisation.data("PUT", address(defined), same)["name"]


LEFT: tuple[tuple[str, Any], ...] = (
    ("preferredTillId", 5),
    ("trackingType", "STREAKS"),
    ("targetEvaluationType", "CYCLIC_WINDOW"),
    ("frequencyType", "DAILY"),
    ("frequency", 3),
    ("recurringCycles", 3),
    ("fromDate", "2026-01-05"),
    ("toDate", "2026-12-31"),
    ("targetCycleStartDate", "2026-01-05T00:00:00.000Z"),
    ("targetCycleEndDateISO", "2026-12-31"),
    ("timeZoneName", "Asia/Kolkata"),
    ("userCreated", True),
    ("leaderboardEnabled", True),
    ("periods", [JANUARY | {"endDate": "2026-01-30"}]),
    ("streaks", [{"name": "Gold", "targetCountOfSequence": 1}]),
    ("combinationType", "ANY"),
    ("unifiedTargetExpression", {"aggregation": "SUM", "thresholdValue": 5}),
    ("capScope", "TRANSACTION"),
    ("streakFreezes", {"max": 1}),
)
LEFT_OF_TARGET: tuple[tuple[str, Any], ...] = (
    ("targetEntity", "LINEITEM"),
    ("targetType", "COUNT"),
    ("eventName", "Run"),
    ("enrolmentMethod", "IMPORT"),
    ("extendedFieldInfo", {"name": "points"}),
    (
        "targetMilestoneTriggers",
        [{"triggerName": "half", "triggerValueType": "PERCENTAGE", "triggerValue": 50}],
    ),
)


def test_a_field_that_cannot_be_changed_is_left_with_a_warning(organisation: OrganisationClient) -> None:
    """Each such field keeps its value, with a warning; the rest of the request is applied."""
    defined = organisation.define(group())
    rule = {"id": defined["targets"][0]["id"], **dict(LEFT_OF_TARGET)}
    told = json_of(organisation.put(address(defined), {**dict(LEFT), "description": "taken", "targets": [rule]}))
    named = [name for name, _ in LEFT] + [f"targets[0].{name}" for name, _ in LEFT_OF_TARGET]
    expected = {f"{name} cannot be changed and was left as it is." for name in named}
    assert expected == {warning["message"] for warning in told["warnings"]}
    assert {None} == {warning["code"] for warning in told["warnings"]}
    kept = {key: value for key, value in told["data"].items() if key in dict(LEFT) and key != "periods"}
    assert {key: value for key, value in defined.items() if key in kept} | {
        "frequency": 0,
        "frequencyType": "CUSTOM",
        "recurringCycles": -1,
    } == kept
    assert ("taken", defined["periods"]) == (told["data"]["description"], told["data"]["periods"])
    assert defined["targets"] == [
        {key: value for key, value in one.items() if key != "targetMilestoneTriggers"}
        for one in told["data"]["targets"]
    ]


def test_edits_at_the_same_time_lose_nothing(organisation: OrganisationClient) -> None:
    """Edits are made one after the other: each makes a version of the result of the one before."""
    defined = organisation.define(group())
    rule = {"id": defined["targets"][0]["id"]}
    bodies: list[tuple[str, str, Any]] = [
        ("PUT", "", {"description": "text"}),
        ("PUT", "", {"targets": [rule | {"expression": "currentTxn.value>1"}]}),
        ("PUT", "/targets", [rule | {"filters": [{"entityType": "ZONE", "entityIds": [1]}]}]),
        ("POST", "/targetPeriods", [MARCH]),
        ("PUT", "/targetPeriods", [{"id": defined["periods"][0]["id"], "description": "first"}]),
    ]
    before = organisation.version()

    async def together() -> list[int]:
        async with organisation.client.client(auth=(organisation.till_code, PASSWORD)) as client:
            sent = (client.request(method, f"{address(defined)}{path}", json=body) for method, path, body in bodies)
            return [answered.status_code for answered in await asyncio.gather(*sent)]

    assert [200] * 5 == organisation.client.run(together)
    shown = organisation.data("PUT", address(defined), {})
    (changed,) = shown["targets"]
    assert ("text", "currentTxn.value>1", 1, 3, "first", before + 5) == (
        shown["description"],
        changed["expression"],
        len(changed["filters"]),
        len(changed["defaultValues"]),
        shown["periods"][0]["description"],
        organisation.version(),
    )


def test_the_validity_follows_the_last_period(organisation: OrganisationClient) -> None:
    """An edit pulls toDate up to the last period's end where it lies before."""
    defined = organisation.define(group(toDate="2026-02-10"))
    assert "2026-02-10" == defined["toDate"]
    assert "2026-02-28" == organisation.data("PUT", address(defined), {"description": "x"})["toDate"]


def test_a_new_condition_leaves_no_old_tree(organisation: OrganisationClient) -> None:
    """Text without a tree drops the tree of the text before; the same text keeps it; a tree alone is understood."""
    tree = '{"arity":"literal","value":"true","type":"boolean:primitive"}'
    defined = organisation.define(group(target(expression="true", expressionJson=tree)))
    rule = defined["targets"][0]["id"]

    def edited(**changes: Any) -> tuple[str, str | None]:
        (one,) = organisation.data("PUT", address(defined), {"targets": [{"id": rule, **changes}]})["targets"]
        return one["expression"], one.get("expressionJson")

    assert ("true", tree) == edited(expression="true")
    assert ("currentTxn.value>5", None) == edited(expression="currentTxn.value>5")
    assert ("true", tree) == edited(expressionJson=tree)
    assert ("true", tree) == edited(expression=True, expressionJson=tree)


def test_a_new_condition_on_lines_warns_of_returns(organisation: OrganisationClient) -> None:
    """Once the group has started; which lines of an earlier bill counted is asked of the condition of now."""
    defined = organisation.define(group(target("LINEITEM")))
    rule = {"id": defined["targets"][0]["id"], "expression": 'currentLineItem.code=="milk"'}
    told = json_of(organisation.put(address(defined), {"targets": [rule]}))
    words = "a return of some lines of an earlier bill reverses the lines for which it is true now."
    assert [{"code": None, "message": f"targets[0].expression: {words}"}] == told["warnings"]
    assert json_of(organisation.put(address(defined), {"targets": [rule]}))["warnings"] is None


def test_goals_go_by_their_period_or_by_their_place(organisation: OrganisationClient) -> None:
    """A goal that names a period is of it alone; without names, the last one goes on; ended periods keep theirs."""
    defined = organisation.define(group(periods=(JANUARY, FEBRUARY, MARCH)))
    rule, periods = defined["targets"][0]["id"], [period["id"] for period in defined["periods"]]

    def edited(*goals: Json) -> tuple[list[int], Any]:
        body = {"targets": [{"id": rule, "defaultValues": list(goals)}]}
        told = json_of(organisation.put(address(defined), body))
        return [goal["defaultValue"] for goal in told["data"]["targets"][0]["defaultValues"]], told["warnings"]

    assert ([100, 7, 100], None) == edited({"periodId": periods[1], "defaultValue": 7})
    assert ([5, 6, 6], None) == edited({"defaultValue": 5}, {"defaultValue": 6})
    organisation.client.clock.set("2026-02-01T00:00:00Z")
    left = "targets[0].defaultValues of January, which has ended, cannot be changed and was left as it is."
    assert ([5, 9, 9], [{"code": None, "message": left}]) == edited({"defaultValue": 9})
