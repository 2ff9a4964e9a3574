"""The vendor's published figures (facts 4.17): each of them is a scenario, which names it."""

import pytest

from tests.scenarios.test_scenarios import SCENARIOS

pytestmark = pytest.mark.usefixtures("rows")

SCENARIOS_MIN = 80

FIGURES = (
    "until achieved: 1200 against 1000",
    "fixed: 1200 against 1000",
    "cyclic: 1200 against 1000",
    "carry: 8000 to go",
    "carry: 6346.15 to go",
    "buffer of 5 days",
    "balance 300 of 1000",
    "re-enrolment at 250",
    "a mark at 80 % of 20",
    "marks at 20, 50 and 100 %",
    "the highest of a day",
    "the average of 50, 60 and 70",
    "a streak of specific days",
    "a weekly streak over 2 months",
    "a first day of 13 hours",
    "a back-dated group",
    "a cap of 300 per transaction",
    "a leaderboard at 21000",
    "unified: ANY, SUM 5000",
)
"""One for each row of the table, in its order."""


def test_each_published_figure_is_a_scenario() -> None:
    """Every published figure has a scenario, and no scenario claims a figure that was not published."""
    named = [figure for scenario in SCENARIOS for figure in scenario.figures]
    assert sorted(FIGURES) == sorted(set(named))


def test_there_are_many_scenarios() -> None:
    """Every rule in a scenario can be read."""
    assert len(SCENARIOS) >= SCENARIOS_MIN
