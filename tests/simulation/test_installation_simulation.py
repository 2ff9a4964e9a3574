"""R17: seeded runs of the real write path, fold, scheduler and relay on PostgreSQL.

A failure names its seed and the command that repeats it: SIMULATED_SEED is run alone.
"""

import asyncio
import hashlib
import os
from collections.abc import Iterator
from itertools import count
from typing import NamedTuple

import psycopg
import pytest

from milepost.service.ingest.lanes.lane import Limits
from milepost.store.sql.visibility import ALL, seeing
from tests.conftest import administer, url_of
from tests.simulation.faulty_store import CLOCK
from tests.simulation.installation import Installation
from tests.simulation.outcome import check
from tests.simulation.planted_mistakes import PLANTED
from tests.store.fixtures_db import House, open_house, started_server

ALONE = os.environ.get("SIMULATED_SEED")
SMALL = range(6) if ALONE is None else range(int(ALONE), int(ALONE) + 1)
SEEDS = [SMALL, pytest.param(range(1_000, 1_250), marks=[pytest.mark.slow, pytest.mark.timeout(1_800)])]
FIRST, FOUND_BY = 20, 500
REPEAT = "SIMULATED_SEED={} python3 dev.py test tests/simulation/test_installation_simulation.py -k fails"
REPEATED = 5
_NUMBERS = count(1)


class Stage(NamedTuple):
    """A database with an organisation, from which each seed gets a copy."""

    admin_url: str
    name: str
    house: House


@pytest.fixture(scope="module")
def stage(admin_url: str, template: str) -> Iterator[Stage]:
    """Return a stage."""
    name = f"simulation_{next(_NUMBERS)}"
    administer(admin_url, f"create database {name} template {template} strategy file_copy")
    url = url_of(admin_url, name)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(CLOCK)

    async def prepared() -> House:
        async with open_house(url, servers=1) as house:
            return House((), house.org_id, house.groups)

    yield Stage(admin_url, name, asyncio.run(prepared()))
    administer(admin_url, f"drop database {name} with (force)")


def simulate(stage: Stage, seed: int) -> list[str]:
    """Run one seed and check what came of it; return the trace. Raises AssertionError, which names the seed."""
    name = f"{stage.name}_{seed}"
    administer(stage.admin_url, f"create database {name} template {stage.name} strategy file_copy")
    url = url_of(stage.admin_url, name)

    async def life() -> list[str]:
        installation = Installation(url, stage.house, seed)
        await installation.run()
        async with started_server(url, Limits(), 1) as server:
            await check(installation, House((server,), stage.house.org_id, stage.house.groups), url)
        return installation.conductor.trace

    try:
        with seeing(ALL):
            return asyncio.run(life())
    except Exception as error:
        raise AssertionError(f"seed {seed} ({REPEAT.format(seed)}): {error}") from error
    finally:
        administer(stage.admin_url, f"drop database {name} with (force)")


def digest(trace: list[str]) -> str:
    """Return a digest of a trace."""
    return hashlib.sha256("\n".join(trace).encode()).hexdigest()


@pytest.mark.parametrize("seeds", SEEDS, ids=str)
def test_everything_is_there_once_whatever_fails(stage: Stage, seeds: range) -> None:
    """Each bill is stored and counted once, each achievement and each end of a month is told of once."""
    traces = [simulate(stage, seed) for seed in seeds]
    if ALONE is not None:
        return
    everything = " ".join(line for trace in traces for line in trace)
    for happened in ("lost before it began", "lost before its COMMIT", "lost after its COMMIT", "killed", "request"):
        assert happened in everything


def test_a_seed_is_one_run(stage: Stage) -> None:
    """The same seed chooses the same at each turn, whatever the machine does meanwhile; another seed does not."""
    first, second, other = (digest(simulate(stage, seed)) for seed in (REPEATED, REPEATED, REPEATED + 1))
    assert first == second != other


@pytest.mark.parametrize("mistake", PLANTED)
def test_a_planted_mistake_is_found(stage: Stage, mistake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Control: within a few seeds a run ends with what must not be."""
    PLANTED[mistake](monkeypatch)
    assert any(is_found(stage, seed) for seed in range(FIRST, FIRST + FOUND_BY))


def is_found(stage: Stage, seed: int) -> bool:
    """Whether the run of a seed ends with what must not be."""
    try:
        simulate(stage, seed)
    except AssertionError:
        return True
    return False
