"""Changes of a target group that are refused, with nothing of them done, and groups that are not there."""

from typing import Any

import pytest

from tests.api.client import Json, OrganisationClient
from tests.api.client_forms import group

NOT_FOUND = (310017, "Target group is not found or is deactivated")


def address(defined: Json) -> str:
    """Return where *defined* is changed."""
    return f"/v3/targetGroups/{defined['id']}"


IDS = "must be numbers between 0 and 9223372036854775807, and 0 restricts nothing"
LINES = "currentLineItem is known only to targets on line items, not to a condition on a bill (at character 1)"
WRONG: tuple[tuple[Json, list[tuple[int, str]]], ...] = (
    ({"description": "d" * 256}, [(300004, "description: must not be longer than 255 characters")]),
    (
        {"colour": 1, "active": "no"},
        [(300004, "active: must be true or false"), (300004, "colour: is not a field that is known here")],
    ),
    ({"targets": [{"id": 1}]}, [(310018, "Target rule is not found")]),
    ({"targets": [{}]}, [(310018, "is needed here: a target without an id is a new target")]),
)
WRONG_OF_TARGET: tuple[tuple[Json, list[str]], ...] = (
    ({"description": "d" * 256}, ["description: must not be longer than 255 characters"]),
    ({"filters": [{"entityIds": [-1]}]}, ["filters[0].entityType: is needed", f"filters[0].entityIds: {IDS}"]),
    ({"defaultValues": [{"defaultValue": 0}]}, ["defaultValues[0].defaultValue: must be greater than 0"]),
    ({"defaultValues": [{}]}, ["defaultValues[0].defaultValue: is needed"]),
    (
        {"defaultValues": [{"defaultValue": 1}] * 3},
        ["defaultValues: must not have more entries than the group has periods (2)"],
    ),
    ({"expression": "currentLineItem.qty>1"}, [f"expression: {LINES}"]),
)


@pytest.mark.parametrize("body, expected", WRONG)
def test_each_problem_of_a_group_edit_is_reported(
    organisation: OrganisationClient, body: Json, expected: list[tuple[int, str]]
) -> None:
    """Where, what and why; nothing is changed."""
    defined = organisation.define(group())
    before = organisation.version()
    assert expected == organisation.errors("PUT", address(defined), body)
    assert before == organisation.version()


@pytest.mark.parametrize("change, reasons", WRONG_OF_TARGET)
def test_each_problem_of_a_target_edit_is_reported(
    organisation: OrganisationClient, change: Json, reasons: list[str]
) -> None:
    """Where, what and why; what else the request asks for is not done either."""
    defined = organisation.define(group())
    before = organisation.version()
    body = {"description": "new", "targets": [{"id": defined["targets"][0]["id"], **change}]}
    expected = [(300004, f"targets[0].{reason}") for reason in reasons]
    assert expected == organisation.errors("PUT", address(defined), body)
    assert before == organisation.version()


def test_two_values_for_one_period_are_refused(organisation: OrganisationClient) -> None:
    """By name and by place, or twice by name."""
    defined = organisation.define(group())
    period = defined["periods"][0]["id"]
    goals = [{"periodId": period, "defaultValue": 1}, {"periodId": period, "defaultValue": 2}]
    body = {"targets": [{"id": defined["targets"][0]["id"], "defaultValues": goals}]}
    assert [(300004, "targets[0].defaultValues: must not hold two values for one period")] == organisation.errors(
        "PUT", address(defined), body
    )


def test_a_target_stands_once_in_a_request(organisation: OrganisationClient) -> None:
    """Two changes of one target would leave it open which holds."""
    defined = organisation.define(group())
    rule = {"id": defined["targets"][0]["id"]}
    assert [(300004, "targets[1].id: stands twice in the request")] == organisation.errors(
        "PUT", address(defined), {"targets": [rule, rule]}
    )


def test_goals_stay_alike_where_each_customer_has_a_clock(organisation: OrganisationClient) -> None:
    """Different goals need dates of the calendar; one goal for all may change."""
    body = group(targetEvaluationType="CYCLIC_WINDOW", totalPeriods=2, periods=())
    defined = organisation.define(body)
    rule = defined["targets"][0]["id"]
    goals = [{"defaultValue": 1}, {"defaultValue": 2}]
    assert [
        (300004, "targets[0].defaultValues: may differ between periods only for FIXED_CALENDAR_WINDOW")
    ] == organisation.errors("PUT", address(defined), {"targets": [{"id": rule, "defaultValues": goals}]})
    shown = organisation.data("PUT", address(defined), {"targets": [{"id": rule, "defaultValues": goals[:1]}]})
    assert [1, 1] == [goal["defaultValue"] for goal in shown["targets"][0]["defaultValues"]]
    assert "activePeriod" not in shown


def test_one_goal_stays_where_one_total_fills_all_periods(organisation: OrganisationClient) -> None:
    """Until achieved: once the group has started, another goal would share out again what was achieved."""
    windows: Json = {"targetEvaluationType": "PERIOD_AGNOSTIC_WINDOW", "totalPeriods": 2, "periods": ()}
    reason = "targets[0].defaultValues: cannot be changed for PERIOD_AGNOSTIC_WINDOW once the group has started"
    for start, errors in (("2026-01-20T12:00:00.000Z", [(300004, reason)]), ("2026-01-21T00:00:00.000Z", None)):
        defined = organisation.define(group(targetCycleStartDate=start, targetCycleEndDate="2026-12-31", **windows))
        rule = defined["targets"][0]["id"]
        for goal, expected in ((100, None), (50, errors)):
            body = {"targets": [{"id": rule, "defaultValues": [{"defaultValue": goal}]}]}
            if expected is None:
                organisation.data("PUT", address(defined), body)
            else:
                assert expected == organisation.errors("PUT", address(defined), body)


@pytest.mark.parametrize("path", ["1", "x", "-1", "99999999999999999999", "editTargetGroup/1", "editTargetGroup/x"])
def test_a_group_that_is_not_there_is_not_changed(organisation: OrganisationClient, path: str) -> None:
    """An unknown id, and what is no id, get the vendor's code."""
    assert [NOT_FOUND] == organisation.errors("PUT", f"/v3/targetGroups/{path}", {})


def test_a_group_of_another_organisation_is_not_found(organisation: OrganisationClient) -> None:
    """Ids of others lead nowhere."""
    defined = organisation.define(group())
    other = organisation.client.organisation()
    for method, path in (("PUT", ""), ("GET", ""), ("DELETE", ""), ("GET", "/targets"), ("GET", "/targetPeriods")):
        body: Json | None = {} if method == "PUT" else None
        assert [NOT_FOUND] == other.errors(method, f"{address(defined)}{path}", body)


def test_without_an_address_the_body_names_the_group(organisation: OrganisationClient) -> None:
    """The bare address needs the id in the body; at a group's address the body's id is not looked at."""
    defined = organisation.define(group())
    assert [(300004, "id: is needed")] == organisation.errors("PUT", "/v3/targetGroups", {"description": "x"})
    assert "x" == organisation.data("PUT", address(defined), {"id": 19, "description": "x"})["description"]


def test_a_body_that_is_none_is_refused(organisation: OrganisationClient) -> None:
    """No JSON, no object."""
    defined = organisation.define(group())
    assert [(300004, "The body must be an object.")] == organisation.errors("PUT", address(defined), [])
    assert 400 == organisation.put(address(defined), b"{").status_code


def test_a_deleted_group_is_gone_and_keeps_its_names(organisation: OrganisationClient) -> None:
    """Deleting answers true, once; afterwards nothing finds the group, and its name is still taken."""
    defined = organisation.define(group(name="Gone"))
    assert organisation.data("DELETE", address(defined)) is True
    for method, path in (
        *(("GET", ""), ("PUT", ""), ("DELETE", "")),
        *(("GET", "/targets"), ("POST", "/targets"), ("PUT", "/targets"), ("POST", "/unifiedTargets")),
        *(("GET", "/targetPeriods"), ("POST", "/targetPeriods"), ("PUT", "/targetPeriods")),
    ):
        body: Any = None if method in {"GET", "DELETE"} else {} if path in {"", "/unifiedTargets"} else [{}]
        assert [NOT_FOUND] == organisation.errors(method, f"{address(defined)}{path}", body)
    assert [] == organisation.data("GET", "/v3/targetGroups")
    assert [] == organisation.data("GET", "/v3/milestones")
    assert (310069, "Target group name already exists") in organisation.errors(
        "POST", "/v3/targetGroups", group(name="gone")
    )
