"""Each period is turned once for each customer, whatever fails at whichever statement; planted bugs are found."""

import subprocess
import sys

import pytest

from tests.simulation.scheduler_simulation import LOST_RETRY, Simulation

AGAIN = "python -m tests.simulation.scheduler_simulation"
SEEDS_MAX = 500
BUGS = (
    "no fence",
    "no lock",
    "a silent transaction goes on",
    "notices outside the transaction",
    "the position is not kept",
    "boundaries planned again",
    "a page begins with the last customer",
    "a page leaves a customer out",
    LOST_RETRY,
)


def check(seeds: range) -> None:
    """Run each seed; a failure says how to repeat it."""
    for seed in seeds:
        assert "" == (wrong := Simulation(seed).run()), f"{wrong}; repeat it with: {AGAIN} {seed}"


def test_each_period_turns_once_whatever_fails() -> None:
    """100 seeds."""
    check(range(100))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_each_period_turns_once_with_many_seeds() -> None:
    """10,000 seeds."""
    check(range(10_000))


@pytest.mark.parametrize("bug", BUGS)
def test_a_planted_bug_is_found(bug: str) -> None:
    """A broken promise of the store or of the worker is seen within 500 seeds."""
    found = next((seed for seed in range(SEEDS_MAX) if Simulation(seed, bug).run()), None)
    assert found is not None, f"{bug}: not found within {SEEDS_MAX} seeds"
    sys.stdout.write(f"{bug}: seed {found}\n")


def test_a_seed_is_one_run() -> None:
    """Two processes with one seed do the same, step by step; another seed does something else."""
    command = [sys.executable, "-m", "tests.simulation.scheduler_simulation"]
    first, second, other = (
        subprocess.run([*command, seed], check=True, capture_output=True, text=True).stdout for seed in "771"
    )
    assert first == second
    assert first.splitlines()[0] == "all is well"
    assert first != other
