"""What cannot be read of a request is reported with its path, all of it, and the rest is read all the same."""

import json
from decimal import Decimal
from typing import Any

import pytest

from milepost.api.capillary.definitions.target_groups.body import read_definition
from milepost.api.capillary.document import PROBLEMS_MAX
from milepost.model.problem import Problem, Refused
from milepost.model.target import Tracking


def told(body: Any) -> list[tuple[str, str]]:
    """Return path and reason of everything that cannot be read of *body*."""
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return [(problem.path, problem.reason) for problem in read_definition(text)[1]]


def test_every_wrong_type_is_reported_with_its_path() -> None:
    """Fields of a group, of its periods, targets and deeper are reported together."""
    body = {
        "name": 5,
        "active": "yes",
        "totalPeriods": True,
        "preferredTillId": "7",
        "periods": [{"refCode": 1.5, "startDate": 20240101}, 5, None],
        "targets": [
            {
                "targetType": "WEIGHT",
                "expression": 7,
                "defaultValues": [{"defaultValue": 1}, {"defaultValue": "many"}, {"defaultValue": True}],
                "filters": [{"entityType": "ROOM", "entityIds": [1, "two", 2.5]}],
            }
        ],
        "streaks": {},
    }
    assert dict(told(body)) == {
        "name": "must be text",
        "active": "must be true or false",
        "totalPeriods": "must be a whole number",
        "preferredTillId": "must be a whole number",
        "periods[0].refCode": "must be text",
        "periods[0].startDate": "must be text",
        "periods[1]": "must be an object",
        "periods[2]": "must be an object",
        "targets[0].targetType": (
            "must be one of QUANTITY, SALES, GROSS_SALES, COUNT, VISIT, REGULAR_POINTS, PROMOTIONAL_POINTS, "
            "ALL_POINTS, EXTENDED_FIELD, EVENT_ATTRIBUTE, ALL, REGULAR, PROMOTION, PROMOTIONAL"
        ),
        "targets[0].expression": "must be text or a truth value",
        "targets[0].defaultValues[1].defaultValue": "must be a number",
        "targets[0].defaultValues[2].defaultValue": "must be a number",
        "targets[0].filters[0].entityType": "must be one of STORE, ZONE, CONCEPT",
        "targets[0].filters[0].entityIds[1]": "must be a whole number",
        "targets[0].filters[0].entityIds[2]": "must be a whole number",
        "streaks": "must be a list",
    }


def test_what_can_be_read_is_read_beside_what_cannot() -> None:
    """One bad value leaves the others in place, at their places."""
    body = b'{"name": 5, "totalPeriods": 3, "periods": [1, {"refCode": "two"}], "colour": "red"}'
    draft, _ = read_definition(body)
    assert (draft.name, draft.total_periods, draft.periods[1].ref_code) == (None, 3, "two")


def test_unknown_fields_are_named() -> None:
    """An unknown field is a problem, at every depth."""
    body = {"colour": 1, "periods": [{"colour": 1}], "targets": [{"extendedFieldInfo": {"colour": 1}}]}
    assert [path for path, _ in told(body)] == [
        "periods[0].colour",
        "targets[0].extendedFieldInfo.colour",
        "colour",
    ]


def test_a_long_unknown_name_is_cut_in_the_message() -> None:
    """A name of a million characters is not sent back."""
    ((path, _),) = told({"x" * 100_000: 1})
    assert len(path) == 61


def test_fields_that_only_answers_have_are_left_out() -> None:
    """An answer that is sent back, with ids, stamps and statuses, is understood."""
    body = {
        "id": 5,
        "attribution": {},
        "createdOn": 1,
        "orgId": 1,
        "activePeriod": {},
        "periods": [{"id": 1, "attribution": None, "periodStatus": "LIVE", "targetGroupId": 0}],
        "targets": [
            {
                "id": 1,
                "attribution": {},
                "targetGroupId": 4,
                "emfRuleSetId": 1,
                "emfUnrolledRulesetId": 0,
                "targetPeriodDefaultValuesMap": {},
                "targetAudienceFilter": [],
                "defaultValues": [{"id": 1, "periodId": 2, "targetName": "x", "defaultValue": 1}],
                "targetMilestoneTriggers": [{"id": 1, "targetRuleId": 2}],
            }
        ],
        "streaks": [{"id": 1, "attribution": {}, "targetGroupId": 1}],
        "unifiedTargetExpression": {"ruleExpression": "(1 & 2)"},
    }
    assert told(body) == []


def test_the_published_leniencies_are_read() -> None:
    """A code as a number, a value as text, a bare truth value as rule, and the prose's words."""
    body = (
        b'{"trackingType": "STREAK", "periods": [{"refCode": 1720782952}],'
        b' "targets": [{"expression": true, "defaultValues": [{"defaultValue": "1.00"}, {"defaultValue": 0.1}]}]}'
    )
    draft, problems = read_definition(body)
    target = draft.targets[0]
    assert (problems, draft.tracking, draft.periods[0].ref_code) == ((), Tracking.STREAKS, "1720782952")
    assert (target.expression, target.goals) == (True, (Decimal("1.00"), Decimal("0.1")))


def test_the_prose_has_another_word_for_interrupted_streaks() -> None:
    """The singular is read as the word of the samples."""
    draft, problems = read_definition(b'{"trackingType": "NON_CONTINUOUS_STREAK"}')
    assert (problems, draft.tracking) == ((), Tracking.NON_CONTINUOUS_STREAKS)


def test_an_explicit_null_differs_from_absence_where_answers_show_it() -> None:
    """An aggregate window of null was sent; no other null was."""
    body = b'{"name": null, "targets": [{"extendedFieldInfo": {"aggregateWindow": null}}, {"extendedFieldInfo": {}}]}'
    draft, problems = read_definition(body)
    given = [target.metadata is not None and target.metadata.window_given for target in draft.targets]
    assert (problems, draft.name, given) == ((), None, [True, False])


def test_numbers_stay_exact() -> None:
    """A value with many digits is not rounded on the way in."""
    draft, _ = read_definition(
        b'{"targets": [{"defaultValues": [{"defaultValue": 0.1000000000000000055511151231257827}]}]}'
    )
    assert draft.targets[0].goals == (Decimal("0.1000000000000000055511151231257827"),)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"NaN",
        b'{"preferredTillId": NaN}',
        b'{"preferredTillId": Infinity}',
        b'{"name": "\xff"}',
        b'{"name": "\\ud800"}',
        b"[" * 100_000,
        b'{"periods": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"a": ' * 40 + b"1" + b"}" * 40,
        b'{"preferredTillId": ' + b"9" * 5_000 + b"}",
        json.dumps({"periods": [1] * (PROBLEMS_MAX + 1)}).encode(),
    ],
)
def test_what_is_no_request_is_refused(body: bytes) -> None:
    """Broken JSON, numbers that are none, and depth bombs are refused with a reason."""
    with pytest.raises(Refused):
        read_definition(body)


@pytest.mark.parametrize("body", [b"[]", b"5", b"null", b'"text"'])
def test_a_body_that_is_no_object_says_so(body: bytes) -> None:
    """JSON that is not an object is one problem of the whole body."""
    assert read_definition(body)[1] == (Problem("", "The body must be an object."),)


def test_a_list_too_long_to_be_validated_is_refused() -> None:
    """Thousands of entries are not looked at one by one."""
    ((path, reason),) = told({"targets": [{}] * 1_001})
    assert (path, "1000" in reason) == ("targets", True)
