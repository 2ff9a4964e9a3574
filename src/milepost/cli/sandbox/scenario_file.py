"""A scenario file: what happens in a sandbox, step by step, and what is expected after it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from milepost.cli.targets.yaml_text import read_yaml
from milepost.model.problem import Problem, Refused

STEPS = frozenset({"define", "send", "advance", "call", "receiver", "deliver", "expect"})
KEYS = frozenset({"scenario", "zone", "clock", "settings", "steps"})


class ScenarioStep(NamedTuple):
    """One step: its place from 1 on, what it does, and with what."""

    place: int
    kind: str
    content: Any


class Scenario(NamedTuple):
    """A scenario: its name, the organisation's zone and settings, where the clock begins, and the steps."""

    name: str
    zone: str
    clock: str
    settings: Mapping[str, str]
    steps: tuple[ScenarioStep, ...]


def read_scenario(path: Path) -> Scenario:
    """Read a scenario file. Raises Refused with every problem."""
    try:
        document = read_yaml(path.read_text("utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(Problem(f"{path}:", f"cannot be read: {error}")) from None
    if not isinstance(document, dict):
        raise Refused(Problem(f"{path}:", "must be a mapping"))
    problems = [Problem(f"{path}: {name}", "is not known here") for name in document if name not in KEYS]
    problems += [
        Problem(f"{path}: {name}", "must be text")
        for name in ("scenario", "clock")
        if not isinstance(document.get(name), str)
    ]
    listed = document.get("steps")
    if not isinstance(listed, list) or not listed:
        problems.append(Problem(f"{path}: steps", "must be a list of steps"))
        listed = []
    for place, step in enumerate(listed, start=1):
        if not isinstance(step, dict) or len(step) != 1 or not STEPS.issuperset(step):
            problems.append(Problem(f"{path}: step {place}", f"must be one of {', '.join(sorted(STEPS))}"))
    if problems:
        raise Refused(*problems)
    steps = tuple(ScenarioStep(place, *next(iter(step.items()))) for place, step in enumerate(listed, start=1))
    settings = {str(name): _word(value) for name, value in (document.get("settings") or {}).items()}
    return Scenario(
        name=document["scenario"],
        zone=str(document.get("zone") or "UTC"),
        clock=document["clock"],
        settings=settings,
        steps=steps,
    )


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
