"""What is wrong with a target is found at once: its names, rule, goals, triggers and filters."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from milepost.model.amount import AMOUNT_MAX
from milepost.model.target import (
    EnrolmentMethod,
    Evaluation,
    FilterKind,
    TriggerValueKind,
)
from milepost.rules.definition.draft import FilterDraft, TriggerDraft
from milepost.rules.definition.goals import TRIGGERS_MAX
from milepost.rules.definition.validation import FILTER_IDS_MAX, FILTERS_MAX
from tests.core.sample_drafts import found, made, problems, with_target

T = "targets[0]"


@pytest.mark.parametrize(
    "changes, expected",
    [
        ({"name": None}, [("name", 300004)]),
        ({"name": "t" * 201}, [("name", 310008)]),
        ({"name": "t "}, [("name", 300004)]),
        ({"description": "d" * 256}, [("description", 300004)]),
        ({"entity": None}, [("targetEntity", 300004)]),
        ({"kpi": None}, [("targetType", 300004)]),
        ({"event_name": ""}, [("eventName", 300004)]),
        ({"event_name": "e" * 201}, [("eventName", 300004)]),
        ({"event_name": "milepost.Enrol"}, [("eventName", 300004)]),
        ({"expression": "currentTxn.value >"}, [("expression", 300004)]),
        ({"expression": "currentTxn.value"}, [("expression", 300004)]),
        ({"expression": "currentLineItem.qty > 1"}, [("expression", 300004)]),
        ({"expression": "tru\0e"}, [("expression", 300004)]),
        ({"expression_tree": "\0"}, [("expressionJson", 300004)]),
        ({"expression_tree": "[1]"}, [("expressionJson", 300004)]),
        ({"expression": True, "expression_tree": '{"arity":"new"}'}, [("expressionJson", 300004)]),
    ],
)
def test_a_bad_target_is_refused_with_the_field(changes: dict[str, Any], expected: list[tuple[str, int]]) -> None:
    """Each mistake in a target is one problem at its path."""
    assert problems(with_target(**changes)) == [(f"{T}.{path}", code) for path, code in expected]


def test_a_target_name_at_its_limit_may_equal_its_groups() -> None:
    """Two hundred characters are accepted, and names are told apart by kind."""
    draft = replace(with_target(name="n" * 200), name="n" * 200)
    assert found(draft) == ()


def test_a_condition_holds_so_many_patterns_and_no_more() -> None:
    """Each may be tried on every line of a bill."""
    texts = [" || ".join(["currentTxn.basketCountRegex('brand','^N')>0"] * count) for count in (16, 17)]
    (problem,) = found(with_target(expression=texts[1]))
    assert "holds 17 patterns; there may be at most 16 in a condition" == problem.reason
    assert made(with_target(expression=texts[0])).targets[0].expression.count("Regex") == 16


def test_a_fault_of_a_rule_names_its_place() -> None:
    """The author learns at which character the rule fails."""
    (problem,) = found(with_target(expression="true && currentTxn.nothing > 5"))
    assert problem.path == f"{T}.expression"
    assert "(at character 9)" in problem.reason or "(at character 20)" in problem.reason


@pytest.mark.parametrize(
    "expression, tree, expected",
    [
        (None, None, "true"),
        (True, None, "true"),
        ("", None, "true"),
        (False, None, "false"),
        ("currentTxn.value>500", None, "currentTxn.value>500"),
        (True, '{"arity":"literal","value":"true","type":"boolean:primitive"}', "true"),
        (True, '{"arity":"literal","value":"false","type":"boolean:primitive"}', "false"),
        ("true", '{"arity":"literal","value":"false","type":"boolean:primitive"}', "true"),
    ],
)
def test_the_text_counts_and_the_tree_steps_in_for_it(expression: object, tree: str | None, expected: str) -> None:
    """Text is kept as typed; the tree counts only where no text was given."""
    built = made(with_target(expression=expression, expression_tree=tree)).targets[0]
    assert (built.expression, built.expression_tree) == (expected, tree)


def test_a_tree_that_is_not_understood_beside_a_text_is_kept() -> None:
    """Unknown trees do no harm as long as there is a text; the author is told."""
    draft = with_target(expression="true", expression_tree='{"arity":"new"}')
    assert found(draft) == ()
    assert made(draft).targets[0].expression_tree == '{"arity":"new"}'


@pytest.mark.parametrize(
    "goals, expected",
    [
        ((Decimal("0.0001"),), []),
        ((AMOUNT_MAX, Decimal("1.00000")), []),
        ((AMOUNT_MAX + 1,), ["defaultValues[0].defaultValue"]),
        ((Decimal("1.00001"),), ["defaultValues[0].defaultValue"]),
        ((Decimal("1" * 40),), ["defaultValues[0].defaultValue"]),
        ((Decimal("1e-400"),), ["defaultValues[0].defaultValue"]),
        ((Decimal("1e400"),), ["defaultValues[0].defaultValue"]),
        ((Decimal(0),), ["defaultValues[0].defaultValue"]),
        ((Decimal(-1),), ["defaultValues[0].defaultValue"]),
        ((Decimal(1), None), ["defaultValues[1].defaultValue"]),
        ((Decimal(1), Decimal(2), Decimal(3)), ["defaultValues"]),
    ],
)
def test_goals_are_exact_positive_amounts(goals: tuple[Decimal | None, ...], expected: list[str]) -> None:
    """A goal is above zero, at most 10^15, with at most four decimals, and there are no more than periods."""
    assert [problem.path for problem in found(with_target(goals=goals))] == [f"{T}.{path}" for path in expected]


def test_the_last_goal_is_repeated() -> None:
    """Fewer goals than periods: the last one holds for the rest."""
    built = made(with_target(goals=(Decimal("1.50"),)))
    assert [(goal.period_id, goal.value) for goal in built.targets[0].goals] == [
        (period.id, Decimal("1.5")) for period in built.periods
    ]


@pytest.mark.parametrize(
    "enrolment, expected",
    [
        (None, []),
        (EnrolmentMethod.IMPORT, []),
        (EnrolmentMethod.TRANSACTION, [f"{T}.defaultValues"]),
        (EnrolmentMethod.AUDIENCE_FILTER, [f"{T}.defaultValues"]),
    ],
)
def test_goals_may_be_missing_where_customers_bring_their_own(
    enrolment: EnrolmentMethod | None, expected: list[str]
) -> None:
    """Only listed customers can have own goals, so only their targets need no default."""
    assert [problem.path for problem in found(with_target(goals=(), enrolment=enrolment))] == expected


def test_goals_differ_by_period_only_on_the_calendar() -> None:
    """Windows of each customer's own have one goal for all."""
    draft = with_target(goals=(Decimal(1), Decimal(2)))
    assert (problems(draft), problems(replace(draft, evaluation=Evaluation.CYCLIC_WINDOW))) == (
        [],
        [(f"{T}.defaultValues", 300004)],
    )


def trigger(**changes: Any) -> TriggerDraft:
    """Return a sound trigger with *changes*."""
    return replace(TriggerDraft(name="Half", value_kind=TriggerValueKind.PERCENTAGE, value=Decimal(50)), **changes)


@pytest.mark.parametrize(
    "triggers, expected",
    [
        ((trigger(), trigger(name="All", value=Decimal(100))), []),
        ((trigger(value_kind=TriggerValueKind.ABSOLUTE, value=Decimal(5000)),), []),
        ((trigger(value=Decimal("100.1")),), ["[0].triggerValue"]),
        ((trigger(value=Decimal(0)),), ["[0].triggerValue"]),
        ((TriggerDraft(),), ["[0].triggerName", "[0].triggerValueType", "[0].triggerValue"]),
        ((trigger(), trigger(name="HALF")), ["[1].triggerName"]),
        (tuple(trigger(name=str(place)) for place in range(TRIGGERS_MAX)), []),
        (tuple(trigger(name=str(place)) for place in range(TRIGGERS_MAX + 1)), [""]),
    ],
)
def test_triggers_are_marks_with_names(triggers: tuple[TriggerDraft, ...], expected: list[str]) -> None:
    """A mark has a name of its own, a kind and a value that can be reached."""
    paths = [f"{T}.targetMilestoneTriggers{path}" for path in expected]
    assert [problem.path for problem in found(with_target(triggers=triggers))] == paths


@pytest.mark.parametrize(
    "filters, expected",
    [
        ((), []),
        ((FilterDraft(FilterKind.STORE, (1, 2)), FilterDraft(FilterKind.ZONE, ())), []),
        ((FilterDraft(None, (1,)),), ["[0].entityType"]),
        ((FilterDraft(FilterKind.STORE, (0,)),), []),
        ((FilterDraft(FilterKind.STORE, (-1,)),), ["[0].entityIds"]),
        ((FilterDraft(FilterKind.STORE, tuple(range(1, FILTER_IDS_MAX + 1))),), []),
        ((FilterDraft(FilterKind.STORE, tuple(range(1, FILTER_IDS_MAX + 2))),), ["[0].entityIds"]),
        ((FilterDraft(FilterKind.STORE, (1,)),) * FILTERS_MAX, []),
        ((FilterDraft(FilterKind.STORE, (1,)),) * (FILTERS_MAX + 1), [""]),
    ],
)
def test_filters_name_places(filters: tuple[FilterDraft, ...], expected: list[str]) -> None:
    """A filter has a kind and ids from 0, within limits; none given is told from an empty list."""
    draft = with_target(filters=filters)
    assert [problem.path for problem in found(draft)] == [f"{T}.filters{path}" for path in expected]
