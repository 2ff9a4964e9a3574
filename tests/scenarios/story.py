"""What a scenario consists of once it is read: a brand as it is defined, what happens, and what is expected then.

Definitions and events are kept as the requests that a client would send. So the players cannot tell a scenario
differently: one sends them, the other reads them as the faces do and goes on in memory.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple, Protocol

Json = dict[str, Any]


class Stage(NamedTuple):
    """A store with the names of its zone and concept, if it has any."""

    store: str
    zone: str | None
    concept: str | None


class Changed(NamedTuple):
    """What an event changed: the names of the target and the period, why, and the value before and after."""

    target: str
    period: str
    reason: str
    before: Decimal
    after: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """How far a customer is; `achieved_by` is the log id of the event that crossed, `marks` are those reached."""

    value: Decimal
    goal: Decimal
    achieved_by: int | None
    marks: frozenset[str]


@dataclass(frozen=True, slots=True)
class Happening:
    """An event as a client sends it; `heard` in epoch microseconds."""

    event: Json
    heard: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """A call that enrols a customer in a target from a period on; `heard` in epoch microseconds."""

    customer: str
    target: str
    period: str
    balance: Decimal | None
    heard: int


@dataclass(frozen=True, slots=True)
class Definition:
    """The moment at which the targets are defined, in epoch microseconds."""

    heard: int


@dataclass(frozen=True, slots=True)
class Expectation:
    """A sentence about how things stand, read again by each player."""

    sentence: str


class Step(NamedTuple):
    """A line of the story and what it says."""

    line: int
    text: str
    says: Happening | Enrolment | Definition | Expectation


class Player(Protocol):
    """Somebody who can play a story and be asked how things stand."""

    def define(self, definition: Definition) -> None:
        """Put the scenario's groups in force."""

    def happen(self, happening: Happening) -> list[Changed]:
        """Let an event happen; give what it changed."""

    def enrol(self, enrolment: Enrolment) -> None:
        """Enrol a customer."""

    def seen(self, customer: str, target: str, period: str) -> Seen | None:
        """Give how far a customer is; None while there is nothing to see."""


@dataclass(slots=True, kw_only=True)
class Scenario:
    """A brand and a story, while it is read and after; groups are bodies of `POST /v3/targetGroups`."""

    name: str
    path: str
    zone: str = "UTC"
    settings: dict[str, str] = field(default_factory=dict)
    stages: list[Stage] = field(default_factory=list)
    periods: list[Json] = field(default_factory=list)
    groups: list[Json] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)

    def __str__(self) -> str:
        """Give the name by which a test run shows it."""
        return f"{self.path}: {self.name}"

    def target_names(self) -> list[str]:
        """Give the names of the targets, in the order of their definition."""
        return [target["name"] for group in self.groups for target in group["targets"]]

    def place_ids(self) -> Mapping[str, int]:
        """Give every zone, concept and store an id of its own."""
        zones = [stage.zone for stage in self.stages if stage.zone]
        concepts = [stage.concept for stage in self.stages if stage.concept]
        names = dict.fromkeys([*zones, *concepts, *(stage.store for stage in self.stages)])
        return {name: number for number, name in enumerate(names, start=1)}
