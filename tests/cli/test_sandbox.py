"""`milepost sandbox …` and `milepost scenario run`: the clock on the command line, and stories in files."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from milepost.cli import app
from milepost.model.problem import Refused

SCENARIOS = Path(__file__).parents[2] / "docs" / "scenarios"
ENVIRONMENT = {"MILEPOST_UNSAFE_DURABILITY": "1"}


def run(url: str, *words: str) -> Result:
    """Run a command on the database at *url*."""
    return CliRunner(env=ENVIRONMENT).invoke(app, [*words, "--database-url", url])


def refusal(result: Result) -> str:
    """Return why a command was refused."""
    assert isinstance(result.exception, Refused), result.output
    return str(result.exception)


def test_a_clock_is_frozen_moved_let_run_and_reset(database_url: str) -> None:
    """Each command prints what the clock shows; backwards it does not move."""
    assert 0 == run(database_url, "org", "add", "Play", "--sandbox").exit_code
    words = ("--org", "Play")
    assert "the clock runs from" in run(database_url, "sandbox", "clock", *words).stdout
    reset = run(database_url, "sandbox", "reset", "--at", "2026-03-01T00:00:00", *words)
    assert "the clock stands at 2026-03-01T00:00:00Z\n" == reset.stdout
    moved = run(database_url, "sandbox", "advance", "--by", "36h", *words)
    assert "the clock stands at 2026-03-02T12:00:00Z\n" == moved.stdout
    assert "forward only" in refusal(run(database_url, "sandbox", "advance", "--to", "2026-03-01T00:00:00", *words))
    assert "the clock runs from 2026-03-02T12" in run(database_url, "sandbox", "run", *words).stdout
    assert json.loads(run(database_url, "sandbox", "freeze", "--json", *words).stdout)["frozen"]


def test_a_live_organisation_has_no_clock(database_url: str) -> None:
    """Nor can a sandbox be connected with one."""
    assert 0 == run(database_url, "org", "add", "Live").exit_code
    for words in (["clock"], ["freeze"], ["run"], ["advance", "--by", "1h"], ["reset"]):
        assert "is no sandbox" in refusal(run(database_url, "sandbox", *words, "--org", "Live"))
    assert "connected" in refusal(run(database_url, "org", "add", "Play", "--sandbox", "--parent", "Live"))
    assert 0 == run(database_url, "org", "add", "Play", "--sandbox").exit_code
    assert "connected" in refusal(run(database_url, "org", "add", "Child", "--parent", "Play"))


def test_the_scenarios_of_the_page_are_as_expected(database_url: str) -> None:
    """All files of docs/scenarios, one after the other in one database."""
    files = sorted(map(str, SCENARIOS.glob("*.yaml")))
    played = run(database_url, "scenario", "run", *files)
    assert 4 == len(files)
    assert (0, [f"{file}: as expected" for file in files]) == (played.exit_code, played.stdout.splitlines())


WRONG = {
    ("late-till.yaml", "value: 30, achieved: false", "value: 31, achieved: false"): ["- value: 31", "+ value: 30"],
    ("late-till.yaml", "value: 55, achieved: true", "value: 55, achieved: false"): ["+ achieved: True"],
    ("return-storm.yaml", "ranks: [anna, bert, carl]", "ranks: [bert, anna, carl]"): ["board of Spend"],
    ("dst-night.yaml", 'at: "2026-03-29T22:00:00Z"', 'at: "2026-03-29T23:00:00Z"'): ["fired"],
    ("late-till.yaml", "number: f-1, netAmount: 30}", "number: f-1, netAmount: 30}\n    status: refused"): [
        "step 2/1: expected refused, is applied"
    ],
}


@pytest.mark.parametrize("planted, shown", WRONG.items())
def test_a_wrong_expectation_is_shown(
    database_url: str, tmp_path: Path, planted: tuple[str, str, str], shown: list[str]
) -> None:
    """The scenarios can fail: each planted difference is named with its step."""
    name, before, after = planted
    text = (SCENARIOS / name).read_text()
    assert before in text
    file = tmp_path / name
    file.write_text(text.replace(before, after, 1))
    played = run(database_url, "scenario", "run", str(file))
    assert 1 == played.exit_code
    assert all(one in played.stdout for one in [f"{file}: differs", *shown]), played.stdout


@pytest.mark.parametrize(
    "text", ["- no mapping", "scenario: x\nclock: 2026-01-01\nsteps: []", "scenario: x\nclock: y\nsteps: [{dance: 1}]"]
)
def test_a_file_that_is_no_scenario_is_refused(database_url: str, tmp_path: Path, text: str) -> None:
    """Before anything is played."""
    file = tmp_path / "x.yaml"
    file.write_text(text + "\n")
    assert refusal(run(database_url, "scenario", "run", str(file)))
