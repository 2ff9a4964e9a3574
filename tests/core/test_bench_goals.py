"""A benchmark fails when a ratio is far from its goal, and only then."""

import pytest

from bench.goals import GOALS, far_from_goal, goal_lines

RATE, COST = "W1, 16 clients", "W3, cost(1000) / cost(10)"


@pytest.mark.parametrize(
    "name, ratio, is_far",
    [
        (RATE, 1.6, False),
        (RATE, 1.1, False),
        (RATE, 0.9, True),
        (COST, 1.0, False),
        (COST, 1.5, False),
        (COST, 1.6, True),
    ],
)
def test_a_third_is_let_pass(name: str, ratio: float, *, is_far: bool) -> None:
    """A ratio of rates may not be too small, one of costs not too large; neighbours of a machine cost up to a third."""
    assert far_from_goal({name: ratio}) == ([name] if is_far else [])


def test_ratios_without_a_goal_are_not_judged() -> None:
    """Other ratios are shown in the tables alone."""
    assert far_from_goal({"another": 0.0}) == goal_lines({"another": 0.0}) == []


def test_each_goal_is_said_to_be_met_or_missed() -> None:
    """The lines below the tables say what they are compared with."""
    assert goal_lines({RATE: GOALS[RATE].value, COST: 2.0}) == [
        f"{RATE}: 1.50, goal at least 1.5: met",
        f"{COST}: 2.00, goal at most 1.05: MISSED",
    ]
