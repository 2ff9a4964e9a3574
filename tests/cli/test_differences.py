"""What differs between a recorded answer and the one got, and which of it is explained."""

from decimal import Decimal
from typing import Any

import pytest

from milepost.cli.compat.differences import (
    ABSENT,
    KNOWN,
    Difference,
    Known,
    differences,
    explanation,
    made_ids,
    with_made_ids,
)


@pytest.mark.parametrize(
    "one, other",
    [
        (100, Decimal("100.0000")),
        (Decimal("0.10"), Decimal("0.1")),
        ({"a": 1, "b": [None, True]}, {"b": [None, True], "a": Decimal(1)}),
        (ABSENT, ABSENT),
    ],
)
def test_what_means_the_same_is_equal(one: Any, other: Any) -> None:
    """Numbers by value, keys in any order."""
    assert [] == list(differences(one, other))


@pytest.mark.parametrize("one, other", [(1, "1"), (0, False), (None, "null"), ([], {}), (Decimal(1), True)])
def test_kinds_are_not_mixed(one: Any, other: Any) -> None:
    """A text is no number, and a number no boolean."""
    assert [Difference("", one, other)] == list(differences(one, other))


def test_each_field_is_named() -> None:
    """By its path; what one of the two lacks is shown as absent, item by item in lists."""
    recorded = {"data": {"rows": [{"value": 5}, 1], "old": None}, "errors": None}
    got = {"data": {"rows": [{"value": 6}]}, "errors": None, "new": 1}
    assert [
        ("data.rows[0].value", 5, 6),
        ("data.rows[1]", 1, ABSENT),
        ("data.old", None, ABSENT),
        ("new", ABSENT, 1),
    ] == [one[:3] for one in differences(recorded, got)]


@pytest.mark.parametrize(
    "path, method, reason",
    [
        ("data.lastSyncTimeISO", "GET", "the time of the request"),
        ("data.targets[0].id", "POST", "an id that the server made for what the request created"),
        ("data.targets[0].id", "GET", None),
        (
            "data.targets[0].attribution.createdOn",
            "PUT",
            "the time and the till of the replayed request",
        ),
        ("data.targets[0].attribution.createdOn", "GET", None),
        ("data.targets[0].targetAchievedValue", "POST", None),
    ],
)
def test_known_differences_have_a_reason(path: str, method: str, reason: str | None) -> None:
    """Ids and stamps of what a replayed request made, and the time of the request; never a value."""
    assert reason == explanation(Difference(path, 1, 2), method, "/v3/targetGroups", KNOWN)


def test_what_was_added_is_known_only_where_nothing_was_recorded() -> None:
    """Older answers had no warnings; a warning that changed is another matter."""
    found = [Difference("warnings", one, [1]) for one in (ABSENT, None)]
    assert [True, False] == [explanation(one, "GET", "/v3/x", KNOWN) is not None for one in found]


def test_rows_that_nothing_made_are_of_the_time_of_the_request() -> None:
    """They have no id of their own; the stamps of those that have one are no accident."""
    recorded, got = {"targetId": None, "enrolledOn": "a"}, {"targetId": None, "enrolledOn": "b"}
    for own, known in ((None, True), (5, False)):
        (found,) = differences(recorded | {"targetId": own}, got | {"targetId": own})
        assert known == (explanation(found, "GET", "/v3/users/1/targetGroups", KNOWN) is not None)


def test_a_star_is_all_that_is_special() -> None:
    """Brackets of a path are brackets; the address may be asked for too."""
    known = [Known("data[0].x", "why", request="/v3/*")]
    assert "why" == explanation(Difference("data[0].x", 1, 2), "GET", "/v3/y", known)
    assert None is explanation(Difference("data0.x", 1, 2), "GET", "/v3/y", known)
    assert None is explanation(Difference("data[0].x", 1, 2), "GET", "/v2/y", known)


def test_ids_that_were_made_stand_for_the_recorded_ones() -> None:
    """Where a field is named as an id, as number or as text; amounts that look alike stay."""
    found = [Difference("data.id", 7, 12), Difference("data.value", 7, 9)]
    assert found[:1] == made_ids(found, "POST")
    assert [] == made_ids(found, "GET")
    made = {"7": "12"}
    recorded = {"id": 7, "targetId": "7", "targetRuleIds": [7, 8], "value": 7, "name": "7", "7": 7}
    assert {"id": 12, "targetId": "12", "targetRuleIds": [12, 8], "value": 7, "name": "7", "12": 7} == with_made_ids(
        recorded, made
    )
