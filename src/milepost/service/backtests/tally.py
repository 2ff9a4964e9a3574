"""Tallies of a back-test: counts of bounded size that are added part by part."""

from collections.abc import Mapping
from typing import TypeVar

from msgspec import Struct, field

Key = TypeVar("Key")

DIGITS = 3
"""Values are kept to so many leading digits, so that a tally does not grow with the number of customers."""


class Tally(Struct, kw_only=True):
    """How many customers take part, have begun and have achieved; how many reached which value, in units.

    `reached` counts by the highest goal that would have been achieved, `goals` by further goals (units as text).
    """

    enrolled: int = 0
    started: int = 0
    achieved: int = 0
    reached: dict[int, int] = field(default_factory=dict)
    goals: dict[str, int] = field(default_factory=dict)

    def add(self, other: "Tally") -> None:
        """Add the customers of *other*."""
        self.enrolled += other.enrolled
        self.started += other.started
        self.achieved += other.achieved
        _join(self.reached, other.reached)
        _join(self.goals, other.goals)

    def note_reached(self, units: int) -> None:
        """Count a customer who reached so many *units*."""
        _join(self.reached, {shortened(units): 1})


class Example(Struct, frozen=True, kw_only=True):
    """A customer who may be shown: values and goals in units, and whether each side achieved."""

    customer_id: int
    ref_code: str
    target: str
    draft: int
    live: int
    goal: int
    draft_achieved: bool
    live_achieved: bool


SideTallies = dict[str, dict[str, Tally]]
"""Tallies by the period's refCode and the target's name; the whole group has the name ''."""


class PartTally(Struct, kw_only=True):
    """The tally of a part: both sides, the lengths of the longest streaks, and customers to be shown by kind."""

    customers: int = 0
    events: int = 0
    differing: int = 0
    draft: SideTallies = field(default_factory=dict)
    live: SideTallies = field(default_factory=dict)
    draft_streaks: dict[int, int] = field(default_factory=dict)
    live_streaks: dict[int, int] = field(default_factory=dict)
    examples: dict[str, list[Example]] = field(default_factory=dict)

    def add(self, other: "PartTally") -> None:
        """Add the customers of *other*."""
        self.customers += other.customers
        self.events += other.events
        self.differing += other.differing
        for mine, theirs in ((self.draft, other.draft), (self.live, other.live)):
            for ref_code, targets in theirs.items():
                for name, tally in targets.items():
                    mine.setdefault(ref_code, {}).setdefault(name, Tally()).add(tally)
        _join(self.draft_streaks, other.draft_streaks)
        _join(self.live_streaks, other.live_streaks)
        for kind, examples in other.examples.items():
            self.examples[kind] = selected(kind, [*self.examples.get(kind, ()), *examples])


EXAMPLES_MAX = 2
"""Customers shown of each kind."""
MIDDLE_MAX = 64
"""Customers kept until the end, to find those nearest to the median."""
KINDS = ("top", "median", "justMissed", "gained", "lost")


def selected(kind: str, examples: list[Example]) -> list[Example]:
    """Return which of *examples* of a *kind* are kept: any order of adding leads to the same."""
    if kind == "median":
        return sorted(examples, key=lambda one: (one.customer_id * 2654435761 % 2**32, one.ref_code))[:MIDDLE_MAX]
    if kind in {"top", "justMissed"}:
        return sorted(examples, key=lambda one: (-one.draft, one.customer_id, one.ref_code))[:EXAMPLES_MAX]
    return sorted(examples, key=lambda one: (one.customer_id, one.ref_code))[:EXAMPLES_MAX]


def shortened(units: int) -> int:
    """Return *units* rounded down to three leading digits."""
    power = int(10 ** max(0, len(str(abs(units))) - DIGITS))
    return units // power * power


def _join(mine: dict[Key, int], theirs: Mapping[Key, int]) -> None:
    for key, count in theirs.items():
        mine[key] = mine.get(key, 0) + count
