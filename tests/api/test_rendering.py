"""What an answer shows beyond the published samples: windows, triggers, levels, unified targets, statuses."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from milepost.api.capillary.definitions.target_groups.answer import created_group
from milepost.api.capillary.envelope import answer, failure
from milepost.api.http.body import write_json
from milepost.model.problem import Problem
from milepost.model.target import AggregateFunction, FilterKind, Kpi, Tracking, TriggerValueKind, WindowKind
from milepost.model.time import Micros
from milepost.rules.calendar import calendar_of
from milepost.rules.definition.draft import (
    CombinationDraft,
    FilterDraft,
    GroupDraft,
    MetadataDraft,
    TriggerDraft,
    WindowDraft,
)
from tests.api.test_seed_definitions import as_json
from tests.core.sample_drafts import GROUP, NOW, SPEND, group, made, streak, with_target

UTC = calendar_of("UTC")


def shown(draft: GroupDraft, at: str = "2024-10-15T12:00:00Z") -> dict[str, Any]:
    """Return the data of the answer to a sound draft, seen at an instant."""
    return as_json(created_group(made(draft), UTC, UTC.read(at).instant))


@pytest.mark.parametrize(
    "metadata, expected",
    [
        (MetadataDraft(name="points"), {"name": "points"}),
        (MetadataDraft(name="points", window_given=True), {"name": "points", "aggregateWindow": None}),
        (
            MetadataDraft(
                name="steps",
                aggregate=AggregateFunction.SUM,
                window=WindowDraft(kind=WindowKind.MAX, unit="DAY", value="1"),
                window_given=True,
            ),
            {
                "name": "steps",
                "aggregateFunction": "SUM",
                "aggregateWindow": {"windowType": "MAX", "windowTimeUnit": "DAY", "windowValue": "1"},
            },
        ),
        (MetadataDraft(), {}),
    ],
)
def test_metadata_is_echoed(metadata: MetadataDraft, expected: dict[str, Any]) -> None:
    """What was said of a measure comes back, an explicit null too, and nothing else."""
    assert shown(with_target(metadata=metadata))["targets"][0]["extendedFieldInfo"] == expected


def test_triggers_are_shown_with_their_target() -> None:
    """A trigger comes back with its id, its kind and the rule it belongs to."""
    trigger = TriggerDraft(name="Half", value_kind=TriggerValueKind.PERCENTAGE, value=Decimal("50.0"))
    target = shown(with_target(triggers=(trigger,)))["targets"][0]
    (given,) = target["targetMilestoneTriggers"]
    assert {key: value for key, value in given.items() if key != "id"} == {
        "triggerName": "Half",
        "isActive": True,
        "triggerType": "USER_TRIGGER",
        "triggerValueType": "PERCENTAGE",
        "triggerValue": 50,
        "targetRuleId": target["id"],
    }


def test_filters_are_shown_kind_first() -> None:
    """The vendor turns the keys of a filter round; an empty list of ids stays."""
    filters = (FilterDraft(FilterKind.ZONE, (2, 1)), FilterDraft(FilterKind.STORE, ()))
    given = shown(with_target(filters=filters))["targets"][0]["filters"]
    assert [list(entry.items()) for entry in given] == [
        [("entityType", "ZONE"), ("entityIds", [2, 1])],
        [("entityType", "STORE"), ("entityIds", [])],
    ]


def test_streak_levels_stand_between_periods_and_their_number() -> None:
    """Levels are shown after the periods, each with its group."""
    data = shown(streak(1, 2))
    keys = list(data)
    assert keys[keys.index("periods") : keys.index("totalPeriods")] == ["periods", "streaks"]
    assert [(level["name"], level["targetCountOfSequence"]) for level in data["streaks"]] == [
        ("Level 1", 1),
        ("Level 2", 2),
    ]


@pytest.mark.parametrize("any_of, joined, word", [(False, " & ", "ALL"), (True, " | ", "ANY")])
def test_a_unified_group_shows_its_rule(any_of: bool, joined: str, word: str) -> None:  # noqa: FBT001 - a table's column
    """The rule joins the ids of the active targets in their order."""
    targets = (replace(SPEND, name="A"), replace(SPEND, name="B", active=False), replace(SPEND, name="C"))
    data = shown(group(tracking=Tracking.UNIFIED, any_of=any_of, targets=targets))
    ids = [str(target["id"]) for target in data["targets"] if target["active"]]
    expected = {"aggregation": None, "thresholdValue": None, "ruleExpression": f"({joined.join(ids)})"}
    assert (data["combinationType"], data["unifiedTargetExpression"]) == (word, expected)


def test_how_many_targets_suffice_is_shown_only_if_said() -> None:
    """Our extension for "any n of m" comes back with the overall target."""
    combination = CombinationDraft(aggregation=AggregateFunction.SUM, threshold=Decimal("5000.50"), least=2)
    targets = (replace(SPEND, name="A"), replace(SPEND, name="B"))
    data = shown(group(tracking=Tracking.UNIFIED, any_of=True, targets=targets, combination=combination))
    given = data["unifiedTargetExpression"]
    assert (given["aggregation"], given["thresholdValue"], given["minTargetsToAchieve"]) == (
        "SUM",
        Decimal("5000.5"),
        2,
    )


@pytest.mark.parametrize(
    "at, expected",
    [
        ("2024-09-30T23:59:59.999Z", ["NOT_STARTED", "NOT_STARTED"]),
        ("2024-10-01T00:00:00Z", ["RUNNING", "NOT_STARTED"]),
        ("2024-10-31T23:59:59.999Z", ["RUNNING", "NOT_STARTED"]),
        ("2024-11-01T00:00:00Z", ["ENDED", "RUNNING"]),
        ("2024-12-01T00:00:00Z", ["ENDED", "ENDED"]),
    ],
)
def test_a_periods_status_follows_from_the_clock(at: str, expected: list[str]) -> None:
    """A period runs from its first instant up to, not including, the first one after it."""
    assert [period["periodStatus"] for period in shown(GROUP, at)["periods"]] == expected


def test_a_target_without_goals_shows_an_empty_map() -> None:
    """Where customers bring their own goals, the list and the map are there and empty."""
    target = shown(with_target(goals=()))["targets"][0]
    assert (target["defaultValues"], target["targetPeriodDefaultValuesMap"]) == ([], {})


def test_amounts_are_numbers_with_the_digits_they_need() -> None:
    """JSON shows decimals as numbers: 1 for 1.00, 0.5 for 0.50, and the largest amount in full."""
    goals = (Decimal("1.00"), Decimal("0.50"))
    text = write_json(shown(with_target(goals=goals))["targets"][0]["defaultValues"]).decode()
    assert ('"defaultValue":1}' in text, '"defaultValue":0.5}' in text) == (True, True)
    largest = write_json(shown(with_target(goals=(Decimal(10) ** 15,)))["targets"][0]["defaultValues"]).decode()
    assert '"defaultValue":1000000000000000}' in largest


def test_an_answer_always_has_its_three_keys() -> None:
    """Data, errors and warnings are always there; a warning has no code."""
    assert list(as_json(answer({}))) == ["data", "errors", "warnings"]
    assert as_json(answer(5, ["mind"]))["warnings"] == [{"code": None, "message": "mind"}]
    assert as_json(answer(5))["warnings"] is None


def test_a_failure_speaks_the_vendors_words_or_says_where() -> None:
    """Codes with words of their own keep them; invalid input is told with path and reason; nothing is told twice."""
    problems = (
        Problem("targets[0].targetType", "Invalid target entity and target type combination", 310033),
        Problem("targets[1].targetType", "Invalid target entity and target type combination", 310033),
        Problem("targets[0].description", "must not be longer than 255 characters"),
        Problem("", "The body must be an object."),
    )
    start = "Invalid input, check all values and ensure they are correct."
    assert as_json(failure(problems)) == {
        "data": None,
        "errors": [
            {"code": 310033, "message": "Invalid target entity and target type combination"},
            {"code": 300004, "message": f"{start} targets[0].description: must not be longer than 255 characters"},
            {"code": 300004, "message": f"{start} The body must be an object."},
        ],
        "warnings": None,
    }


def test_extended_field_targets_are_shown_like_others() -> None:
    """A field that is summed comes back with its name."""
    data = shown(with_target(kpi=Kpi.EXTENDED_FIELD, metadata=MetadataDraft(name="litres")))
    assert data["targets"][0]["extendedFieldInfo"] == {"name": "litres"}


def test_stamps_of_periods_are_rounded_and_those_of_targets_are_not() -> None:
    """Half a second after the full one, periods show the next second."""
    built = replace(made(GROUP), attribution=replace(made(GROUP).attribution, created_at=Micros(NOW + 717_000)))
    data = as_json(created_group(built, UTC, NOW))
    stamps = (data["periods"][0]["attribution"]["createdOn"], data["targets"][0]["attribution"]["createdOn"])
    assert stamps == ("2024-10-15T12:00:01.000+0000", "2024-10-15T12:00:00.717+0000")
