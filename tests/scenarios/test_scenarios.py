"""Every scenario is played twice, in memory and over HTTP; both must agree with what it says, and with each other."""

from pathlib import Path
from typing import assert_never

import pytest

from tests.scenarios.engine_player import EnginePlayer
from tests.scenarios.http_player import HttpPlayer
from tests.scenarios.scenario_file import scenarios_of
from tests.scenarios.scenario_story import Changed, DatedAction, Definition, Expectation, Player, Scenario, Step
from tests.scenarios.vocabulary import NoSense, expectations

pytestmark = pytest.mark.usefixtures("rows")

FILES = sorted(Path(__file__).parent.glob("*.scenario"))
SCENARIOS = [scenario for file in FILES for scenario in scenarios_of(file)]


def played(scenario: Scenario, player: Player) -> list[list[Changed]]:
    """Play *scenario* and hold it to what it says; return what each event changed."""
    changes: list[list[Changed]] = []
    for step in story(scenario):
        match step.says:
            case Definition():
                player.define(step.says)
            case DatedAction(_, do):
                changes.append(do(player) or [])
            case Expectation(sentence):
                understood = expectations.understand(sentence)
                silent = {"target": scenario.target_names()[-1]} if "target" in understood.parameters else {}
                words = silent | dict(understood.words)
                expected, actual = understood.meaning(player, **words)
                assert (step.line, step.text, expected) == (step.line, step.text, actual)
            case _ as never:
                assert_never(never)
    return changes


def story(scenario: Scenario) -> list[Step]:
    """Return the steps; by default the targets are defined when the first event is received."""
    first = next(step.says for step in scenario.steps if not isinstance(step.says, Expectation))
    if any(isinstance(step.says, Definition) for step in scenario.steps):
        return scenario.steps
    return [Step(0, "", Definition(first.received_at)), *scenario.steps]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
def test_scenario(scenario: Scenario, request: pytest.FixtureRequest) -> None:
    """The engine and both APIs agree with the written story."""
    turns = any(step.text.endswith("time passes") for step in scenario.steps)
    front = request.getfixturevalue("front_of_time" if turns else "front")
    in_memory = played(scenario, EnginePlayer(scenario))
    over_http = played(scenario, HttpPlayer(front, scenario))
    assert in_memory == over_http


def test_scenarios_have_names_of_their_own() -> None:
    """A failing scenario is found by its name."""
    names = [str(scenario) for scenario in SCENARIOS]
    assert sorted(set(names)) == sorted(names)


def test_every_scenario_expects_something() -> None:
    """A story without an expectation would hold whatever happened."""
    idle = [
        str(scenario)
        for scenario in SCENARIOS
        if not any(isinstance(step.says, Expectation) for step in scenario.steps)
    ]
    assert [] == idle


@pytest.mark.parametrize("line", ["2017-01-01 10:00  Anna flies away", "colour red", "  colour red", "nothing"])
def test_a_line_without_sense_is_named(tmp_path: Path, line: str) -> None:
    """The message names file and line."""
    path = tmp_path / "odd.scenario"
    path.write_text(f"Scenario: odd\n\n{line}\n")
    with pytest.raises(NoSense, match=r"odd\.scenario:3"):
        scenarios_of(path)


def test_a_wrong_expectation_is_reported(tmp_path: Path) -> None:
    """What is stated wrongly fails, with its line."""
    path = tmp_path / "wrong.scenario"
    path.write_text(
        "Scenario: wrong\nperiod May from 2017-05-01 to 2017-05-31\ntarget Spend is SALES of TRANSACTION, goal 10\n"
        "2017-05-01 10:00  Anna buys for 9\nthen Anna has 10 of 10 in May, achieved by 1\n"
    )
    (scenario,) = scenarios_of(path)
    with pytest.raises(AssertionError, match="then Anna has 10 of 10 in May"):
        played(scenario, EnginePlayer(scenario))
