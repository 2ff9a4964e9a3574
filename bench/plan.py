"""What a run is asked to do, and what it finds."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

SEED = 6
"""With it the targets match about as many events as performance.md wants: 8.8 of 50 targets for each."""


class Failed(Exception):
    """The run shows that something is wrong; its figures mean nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much is measured; `batch_events` is what each contestant of W2 receives in one round, by kind of users.

    On the board of W6 are `board_customers`. With `identities` W2 also has contestants without claims of events
    (eventIdentity CUSTOMER). `earlier` is the source tree of an earlier commit, a contestant of W1 and W4.
    """

    rounds: int
    customers: int
    board_customers: int
    batch_events: int
    seconds: float
    seed: int = SEED
    identities: bool = False
    earlier: Path | None = None

    @property
    def stream_events(self) -> int:
        """Return about how many events the whole run will take from the stream."""
        return self.batch_events * 2 * (self.rounds + 1)


class Finding(NamedTuple):
    """What one workload found: a table for people, facts and figures for JSON, and the ratios that have goals."""

    name: str
    columns: list[str]
    table: list[list[str]]
    facts: dict[str, Any]
    figures: dict[str, Any]
    ratios: Mapping[str, float] = {}


def say(message: str) -> None:
    """Print the progress of the run."""
    print(message, file=sys.stderr, flush=True)
