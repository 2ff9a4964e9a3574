"""What the ratios of the workloads are meant to be, and what `--ci` lets pass."""

from collections.abc import Mapping
from typing import NamedTuple

SLACK = 1.5
"""A ratio may miss its goal by a third before `--ci` fails: neighbours on a machine cost that much."""


class Goal(NamedTuple):
    """A ratio that is to be reached, or, if *is_most*, not to be passed."""

    value: float
    is_most: bool = False

    def is_met(self, ratio: float) -> bool:
        """Return whether *ratio* is what it is meant to be."""
        return ratio <= self.value if self.is_most else ratio >= self.value

    def is_near(self, ratio: float) -> bool:
        """Return whether *ratio* is what it is meant to be, or misses it by at most a third."""
        return ratio <= self.value * SLACK if self.is_most else ratio >= self.value / SLACK


GOALS: Mapping[str, Goal] = {
    "W1, 1 client": Goal(1.0),
    "W1, 16 clients": Goal(1.5),
    "W1, 64 clients": Goal(2.5),
    "W2, 2 processes / SQL over 2 connections": Goal(1.35),
    "W2 over HTTP, 2 processes / SQL over 2 connections": Goal(1.1),
    "W3, cost(1000) / cost(10)": Goal(1.05, is_most=True),
    "W4, 1 client": Goal(3.0),
    "W4, 16 clients": Goal(3.5),
    "W5, backfill / SQL over 2 connections": Goal(2.0),
}
"""The goals by the names that findings give their ratios: of requests or events in a second, ours over the baseline."""


def goal_lines(ratios: Mapping[str, float]) -> list[str]:
    """Return a line for each of *ratios* that has a goal."""
    return [
        f"{name}: {ratio:.2f}, goal {'at most' if goal.is_most else 'at least'} {goal.value}: "
        f"{'met' if goal.is_met(ratio) else 'MISSED'}"
        for name, ratio in ratios.items()
        if (goal := GOALS.get(name)) is not None
    ]


def far_from_goal(ratios: Mapping[str, float]) -> list[str]:
    """Return the names of those *ratios* that miss their goal by more than a third."""
    return [name for name, ratio in ratios.items() if name in GOALS and not GOALS[name].is_near(ratio)]
