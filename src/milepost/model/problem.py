"""The three ways to fail: a Problem is described back, Refused stops a use case, an assertion is our own mistake."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with an input: where (a path such as `targets[0].name`), what, and the vendor's code if any."""

    path: str
    reason: str
    code: int = 300004


class Refused(Exception):
    """A use case may not go on; holds every problem found."""

    def __init__(self, *problems: Problem) -> None:
        """Keep the problems; at least one."""
        assert problems
        super().__init__("; ".join(f"{p.path}: {p.reason}" if p.path else p.reason for p in problems))
        self.problems = problems


class Unavailable(Exception):
    """The database cannot be reached now; nothing was done, or it is unknown whether it was: ask again."""


class Unfit(Exception):
    """The database may not be used as it is; the message says why and what to do about it."""
