"""Targets of a group: listed, added, changed, put out of use, and taken together (facts 3.1, 3.3)."""

from typing import Any

import pytest

from tests.api.client import Json, OrganisationClient, json_of
from tests.api.client_forms import group, target

UNKNOWN = (310018, "Target rule is not found")


def address(defined: Json) -> str:
    """Return where the targets of *defined* are."""
    return f"/v3/targetGroups/{defined['id']}/targets"


def unified(defined: Json) -> str:
    """Return where a unified group is changed."""
    return f"/v3/targetGroups/{defined['id']}/unifiedTargets"


def test_a_target_put_out_of_use_is_listed_still(organisation: OrganisationClient) -> None:
    """Deleting answers true, also again, and the target is there and inactive; another one may take its place."""
    defined = organisation.define(group())
    old = defined["targets"][0]
    assert (True, True) == tuple(organisation.data("DELETE", f"{address(defined)}/{old['id']}") for _ in range(2))
    (listed,) = organisation.data("GET", address(defined))
    assert (old["id"], False, []) == (listed["id"], listed["active"], listed["targetMilestoneTriggers"])
    (new,) = organisation.data("POST", address(defined), [target()])
    assert [(old["id"], False), (new["id"], True)] == [
        (one["id"], one["active"]) for one in organisation.data("GET", address(defined))
    ]


@pytest.mark.parametrize("listed", [True, False])
def test_a_target_is_added_alone_or_in_a_list(organisation: OrganisationClient, listed: bool) -> None:  # noqa: FBT001 - a table's column
    """Either form is taken; the answer holds the new ones as a creation shows them; the path's group is theirs."""
    defined = organisation.define(group(targets=[]))
    organisation.client.clock.set("2026-01-21T00:00:00.123Z")
    one = target(name="late", targetGroupId=4)
    shown = organisation.data("POST", address(defined), [one] if listed else one)
    (rule,) = shown
    assert ("late", defined["id"], "2026-01-21T00:00:00.123+0000") == (
        rule["name"],
        rule["targetGroupId"],
        rule["attribution"]["createdOn"],
    )
    assert [period["id"] for period in defined["periods"]] == [goal["periodId"] for goal in rule["defaultValues"]]
    assert "targetMilestoneTriggers" not in rule
    assert ["late"] == [one["name"] for one in organisation.data("GET", address(defined))]


def test_goals_of_a_new_target_go_by_the_periods_they_name(organisation: OrganisationClient) -> None:
    """Out of order by id, else by place (facts 8 #33)."""
    defined = organisation.define(group(targets=[]))
    first, second = (period["id"] for period in defined["periods"])
    goals = [{"periodId": second, "defaultValue": 2}, {"periodId": first, "defaultValue": 1, "targetName": "x"}]
    (rule,) = organisation.data("POST", address(defined), target(defaultValues=goals))
    assert [(first, 1), (second, 2)] == [(goal["periodId"], goal["defaultValue"]) for goal in rule["defaultValues"]]


TOO_EARLY = "the expression ends too early (at character 18)"
NEW: tuple[tuple[Any, list[tuple[int, str]]], ...] = (
    ([], [(300004, "The body must be a list of at least one object.")]),
    (
        {},
        [
            *((300004, f"{name}: is needed") for name in ("name", "targetEntity", "targetType")),
        ],
    ),
    ([target("EVENT", "SALES")], [(310033, "Invalid target entity and target type combination")]),
    ([target(name="n" * 201)], [(310008, "Length of Target rule name cannot exceed 200")]),
    (
        [target(expression="currentTxn.value>")],
        [(300004, f"[0].expression: {TOO_EARLY}")],
    ),
    (
        [target() for _ in range(51)],
        [(300004, "targets: must not have more than 50 active entries for DEFAULT")],
    ),
    ([target(defaultValues=[])], [(300004, "[0].defaultValues: are needed unless enrolmentMethod is IMPORT")]),
)


@pytest.mark.parametrize("body, expected", NEW)
def test_each_problem_of_a_new_target_is_reported(
    organisation: OrganisationClient, body: Any, expected: list[tuple[int, str]]
) -> None:
    """With the codes of a creation; nothing is added."""
    defined = organisation.define(group(targets=[]))
    assert expected == organisation.errors("POST", address(defined), body)
    assert [] == organisation.data("GET", address(defined))


def test_the_name_of_a_new_target_must_be_free(organisation: OrganisationClient) -> None:
    """In the whole organisation, whatever its case."""
    organisation.define(group(target(name="Spend")))
    defined = organisation.define(group(targets=[]))
    assert [(300004, "[0].name: is the name of another target")] == organisation.errors(
        "POST", address(defined), [target(name="SPEND")]
    )
    assert [(300004, "name: is the name of another target")] == organisation.errors(
        "POST", address(defined), target(name="SPEND")
    )


def test_a_customers_own_group_enrols_by_list(organisation: OrganisationClient) -> None:
    """Another enrolment is taken with a warning, as at its creation (facts 4.12, 8 #89)."""
    defined = organisation.define(group(userCreated=True, targets=[]))
    answered = json_of(organisation.post(address(defined), [target()]))
    assert ["[0].enrolmentMethod: goals of customers have IMPORT; with TRANSACTION every customer takes part."] == [
        warning["message"] for warning in answered["warnings"]
    ]


def test_targets_are_changed_together(organisation: OrganisationClient) -> None:
    """The answer holds those that were sent, in that order, as reads show them."""
    defined = organisation.define(group(target(), target(), combinationType="ALL"))
    one, other = (rule["id"] for rule in defined["targets"])
    shown = organisation.data("PUT", address(defined), [{"id": other, "description": "o"}, {"id": one, "active": True}])
    assert [(other, "o", []), (one, None, [])] == [
        (rule["id"], rule.get("description"), rule["targetMilestoneTriggers"]) for rule in shown
    ]
    assert [UNKNOWN] == organisation.errors("PUT", address(defined), [{"id": 5}])
    assert [(310018, "is needed here: a target without an id is a new target")] == organisation.errors(
        "PUT", address(defined), [{}]
    )


def test_a_streaks_target_is_changed_alone(organisation: OrganisationClient) -> None:
    """Condition, tree, places and goals; the answer is the group, the path's ids win over the body's."""
    streak: Json = {"trackingType": "STREAKS", "streaks": [{"name": "Gold", "targetCountOfSequence": 2}]}
    defined = organisation.define(group(**streak))
    rule = defined["targets"][0]["id"]
    body = {"id": 30, "targetGroupId": 19, "expression": "currentTxn.value>9", "defaultValues": [{"defaultValue": 8}]}
    shown = organisation.data("PUT", f"{address(defined)}/{rule}", body)
    assert (defined["id"], rule, "currentTxn.value>9", [8, 8]) == (
        shown["id"],
        shown["targets"][0]["id"],
        shown["targets"][0]["expression"],
        [goal["defaultValue"] for goal in shown["targets"][0]["defaultValues"]],
    )
    assert defined["streaks"] == shown["streaks"]
    assert [(300004, "description: must not be longer than 255 characters")] == organisation.errors(
        "PUT", f"{address(defined)}/{rule}", {"description": "d" * 256}
    )


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize("rule", ["1", "x", "99999999999999999999"])
def test_a_target_that_is_not_there_is_refused(organisation: OrganisationClient, method: str, rule: str) -> None:
    """The vendor's code; one of another group is not there either."""
    defined, other = organisation.define(group()), organisation.define(group())
    body: Json | None = {} if method == "PUT" else None
    assert [UNKNOWN] == organisation.errors(method, f"{address(defined)}/{rule}", body)
    assert [UNKNOWN] == organisation.errors(method, f"{address(defined)}/{other['targets'][0]['id']}", body)


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_a_unified_group_changes_threshold_members_and_rule(organisation: OrganisationClient, method: str) -> None:
    """The three keys come back: the rule names what is in use, the targets are those that were sent."""
    expression = {"aggregation": "SUM", "thresholdValue": 500}
    members = [target() for _ in range(3)]
    defined = organisation.define(group(*members, combinationType="ANY", unifiedTargetExpression=expression))
    one, two, three = (rule["id"] for rule in defined["targets"])
    body = {
        "unifiedTargetExpression": {"thresholdValue": "750.5", "ruleExpression": "(1)"},
        "targets": [{"id": two, "defaultValues": [{"defaultValue": 3}]}, target(name=f"new by {method}")],
        "deactivateTargetIds": [one],
    }
    shown = organisation.data(method, unified(defined), body)
    assert ["unifiedTargetExpression", "targets", "deactivateTargetIds"] == list(shown)
    four = shown["targets"][1]["id"]
    told = shown["unifiedTargetExpression"]
    assert ("SUM", "750.5", f"({two} | {three} | {four})") == (
        told["aggregation"],
        str(told["thresholdValue"]),
        told["ruleExpression"],
    )
    assert ([two, four], [one]) == ([rule["id"] for rule in shown["targets"]], shown["deactivateTargetIds"])
    assert [(one, False), (two, True), (three, True), (four, True)] == [
        (rule["id"], rule["active"]) for rule in organisation.data("GET", address(defined))
    ]


def test_how_many_targets_suffice_may_change(organisation: OrganisationClient) -> None:
    """Our own key, between 1 and the number of targets in use; taking targets out of use keeps to it."""
    defined = organisation.define(group(target(), target(), target(), combinationType="ANY"))
    wanted = {"unifiedTargetExpression": {"minTargetsToAchieve": 3}}
    assert 3 == organisation.data("PUT", unified(defined), wanted)["unifiedTargetExpression"]["minTargetsToAchieve"]
    path = "unifiedTargetExpression.minTargetsToAchieve"
    assert [(300004, f"{path}: must be between 1 and the number of active targets (2)")] == organisation.errors(
        "DELETE", f"{address(defined)}/{defined['targets'][0]['id']}"
    )
    every = organisation.define(group(target(), target(), combinationType="ALL"))
    assert [(300004, f"{path}: is allowed only with combinationType ANY")] == organisation.errors(
        "PUT", unified(every), {"unifiedTargetExpression": {"minTargetsToAchieve": 1}}
    )


FEW = "targets: must have 2 to 50 active entries for UNIFIED"
MARK = {"triggerName": "h", "triggerValueType": "ABSOLUTE", "triggerValue": 1}
EXPRESSION = "unifiedTargetExpression"


def test_each_problem_of_a_unified_change_is_reported(organisation: OrganisationClient) -> None:
    """Unknown ids, an aggregation without a threshold, too few members; nothing of it is done."""
    defined = organisation.define(group(target(), target(), combinationType="ALL"))
    one, two = (rule["id"] for rule in defined["targets"])
    before = organisation.version()
    cases: tuple[tuple[Json, tuple[str, ...]], ...] = (
        ({"deactivateTargetIds": [two]}, (FEW,)),
        ({"deactivateTargetIds": ["x"]}, ("deactivateTargetIds[0]: must be a whole number",)),
        (
            {"targets": [{"id": one}], "deactivateTargetIds": [one]},
            ("deactivateTargetIds[0]: is also among the targets of the request", FEW),
        ),
        ({EXPRESSION: {"thresholdValue": 5}}, (f"{EXPRESSION}: needs aggregation and thresholdValue together",)),
        (
            {EXPRESSION: {"aggregation": "SUM", "thresholdValue": 0}},
            (f"{EXPRESSION}.thresholdValue: must be greater than 0",),
        ),
        (
            {"targets": [target(targetMilestoneTriggers=[MARK])]},
            ("targets[0].targetMilestoneTriggers: are not allowed with UNIFIED",),
        ),
    )
    for body, reasons in cases:
        assert [(300004, reason) for reason in reasons] == organisation.errors("PUT", unified(defined), body)
    for body in ({"deactivateTargetIds": [1]}, {"targets": [{"id": 1}]}):
        assert [UNKNOWN] == organisation.errors("PUT", unified(defined), body)
    assert before == organisation.version()


def test_only_a_unified_group_is_changed_as_one(organisation: OrganisationClient) -> None:
    """The others have no expression to change."""
    defined = organisation.define(group())
    assert [(300004, "the target group is not unified")] == organisation.errors("PUT", unified(defined), {})


def test_a_group_keeps_two_hundred_targets_at_most(organisation: OrganisationClient) -> None:
    """With those out of use, which stay so that what they counted can be explained."""
    defined = organisation.define(group(target(active=False), targets=[]))
    more = [target(active=False) for _ in range(200)]
    organisation.data("POST", address(defined), more)
    assert [(300004, "targets: must not have more than 200 entries, with deactivated ones")] == organisation.errors(
        "POST", address(defined), more[0] | {"name": "one more"}
    )


def test_a_target_that_cannot_be_evaluated_yet_says_so(organisation: OrganisationClient) -> None:
    """The warning of a creation comes with an addition too."""
    defined = organisation.define(group(targets=[]))
    told = json_of(organisation.post(address(defined), target(kind="ALL")))
    assert "ALL of TRANSACTION cannot be evaluated yet" in told["warnings"][0]["message"]
