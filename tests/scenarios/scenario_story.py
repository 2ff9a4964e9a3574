"""What a scenario consists of once it is read: an organisation's definitions, what happens, and what is expected.

Definitions and events are kept as the requests that a client would send. So the players cannot tell a scenario
differently: one sends them, the other reads them as the APIs do and goes on in memory.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple, Protocol

from milepost.model.time import Micros, Seconds

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
    """How far a customer is; `achieved_by` is the log id of the event that crossed, `marks` are those reached.

    `updated_at` is when it changed last, in epoch seconds.
    """

    value: Decimal
    goal: Decimal
    achieved_by: int | None
    marks: frozenset[str]
    updated_at: Seconds


class Level(NamedTuple):
    """How far a customer is on the way to a streak level, and in which period it was earned, if it was."""

    run: int
    total: int
    earned_in: str | None


class Called(NamedTuple):
    """The moment of a sentence: when it happens and when it is received, in epoch microseconds."""

    scenario: "Scenario"
    at: Micros
    received_at: Micros


@dataclass(frozen=True, slots=True)
class Happening:
    """An event as a client sends it; `received` in epoch microseconds."""

    event: Json
    received_at: Micros


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """A call that enrols a customer in a target from a period on; `received` in epoch microseconds.

    `period` is None where the server chooses it; `goals` are the customer's own, by the period's name.
    """

    customer: str
    target: str
    period: str | None
    balance: Decimal | None
    received_at: Micros
    goals: Mapping[str, Decimal] = field(default_factory=dict)
    reset: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """An intended award; `bill` is the body of the bill it is for, `currency` None for points."""

    customer: str
    id: str
    amount: Decimal
    kind: str
    currency: str | None
    program_id: int | None
    bill: Json | None
    received_at: Micros


@dataclass(frozen=True, slots=True)
class Definition:
    """The moment at which the targets are defined, in epoch microseconds, or refused for what is at a path."""

    received_at: Micros
    refused_at: str | None = None


@dataclass(frozen=True, slots=True)
class DatedAction:
    """What is done at a moment; `do` gives what it changed, where that is answered."""

    received_at: Micros
    do: "Callable[[Player], list[Changed] | None]"


@dataclass(frozen=True, slots=True)
class Expectation:
    """A sentence about how things stand, read again by each player."""

    sentence: str


class Step(NamedTuple):
    """A line of the story and what it says."""

    line: int
    text: str
    says: DatedAction | Definition | Expectation


class Player(Protocol):
    """Plays a story and answers how customers stand; instants in epoch microseconds."""

    scenario: "Scenario"

    def define(self, definition: Definition) -> None:
        """Put the scenario's groups in force, or see the last one refused."""

    def happen(self, happening: Happening) -> list[Changed]:
        """Apply an event; return what it changed."""

    def enrol(self, enrolment: Enrolment) -> None:
        """Enrol a customer."""

    def leave(self, customer: str, target: str, received_at: Micros) -> None:
        """Take a customer out of a target."""

    def grant(self, customer: str, group: str, freezes: int, received_at: Micros) -> None:
        """Grant a customer streak freezes."""

    def pause(self, customer: str, group: str, starts_at: Micros, ends_at: Micros, received_at: Micros) -> None:
        """Pause a customer's streak."""

    def decide(self, decision: Decision) -> Decimal:
        """Ask how much of an award may be given."""

    def set(self, name: str, value: str, received_at: Micros) -> None:
        """Change a setting of the organisation."""

    def edit(self, target: str, change: Json, received_at: Micros) -> None:
        """Change a target; *change* is the body that says what."""

    def count_stored(self, target: str, received_at: Micros) -> None:
        """Count events received before the target was created."""

    def enter(self, customer: str, audience: str, received_at: Micros) -> None:
        """Put a customer into an audience group."""

    def go_out(self, customer: str, audience: str, received_at: Micros) -> None:
        """Take a customer out of an audience group."""

    def merge(self, victim: str, survivor: str, received_at: Micros) -> None:
        """Merge one customer into another."""

    def pass_time(self, received_at: Micros) -> None:
        """Let time pass: notices of every period that opened or closed by then."""

    def seen(self, customer: str, target: str, period: str) -> Seen | None:
        """Return a customer's value; None while there is no row."""

    def window(self, customer: str, target: str, period: str) -> tuple[Micros, Micros]:
        """Return from when up to when a period runs for a customer."""

    def level(self, customer: str, level: str) -> Level:
        """Return how far a customer is on the way to a streak level."""

    def composite_cause(self, customer: str, group: str, period: str) -> int | None:
        """Return the log id of the event that achieved a unified group in a period, None if it is not achieved."""

    def left(self, customer: str, target: str, period: str) -> Decimal:
        """Return what may still be given under a cap."""

    def told(self, customer: str) -> list[str]:
        """Return what a customer's events led to, in words, oldest first."""


@dataclass(slots=True, kw_only=True)
class Scenario:
    """An organisation and a story, while it is read and after; groups are bodies of `POST /v3/targetGroups`.

    `figures` are the published figures that the scenario shows; `audiences` the audience groups that targets name.
    """

    name: str
    path: str
    zone: str = "UTC"
    settings: dict[str, str] = field(default_factory=dict)
    stages: list[Stage] = field(default_factory=list)
    periods: list[Json] = field(default_factory=list)
    groups: list[Json] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    figures: list[str] = field(default_factory=list)
    audiences: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """Return the name by which a test run shows it."""
        return f"{self.path}: {self.name}"

    def target_names(self) -> list[str]:
        """Return the names of the targets, in the order of their definition."""
        return [target["name"] for group in self.groups for target in group["targets"]]

    def group_of(self, target: str) -> Json:
        """Return the group of the target of this name."""
        return next(group for group in self.groups for one in group["targets"] if one["name"] == target)

    def place_ids(self) -> Mapping[str, int]:
        """Return every zone, concept and store an id of its own."""
        zones = [stage.zone for stage in self.stages if stage.zone]
        concepts = [stage.concept for stage in self.stages if stage.concept]
        names = dict.fromkeys([*zones, *concepts, *(stage.store for stage in self.stages)])
        return {name: number for number, name in enumerate(names, start=1)}
