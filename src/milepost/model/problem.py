"""The ways to fail: a client gets each `Problem`, `Refused` ends a use case, an assertion is a defect of ours."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of an input: its path (such as `targets[0].name`), the reason, and the vendor's code for it."""

    path: str
    reason: str
    code: int = 300004


class Refused(Exception):
    """A use case may not go on. The exception holds every problem that was found."""

    def __init__(self, *problems: Problem) -> None:
        """Keep *problems*, of which there is at least one."""
        assert problems
        super().__init__("; ".join(f"{p.path}: {p.reason}" if p.path else p.reason for p in problems))
        self.problems = problems


class Unavailable(Exception):
    """The database cannot be reached now.

    Either nothing was written, or it is unknown whether the transaction was committed. The client should send the
    request again.
    """


class Fault(Exception):
    """The server could not do what was asked because of a mistake of ours or a database that is not as it should be.

    Nothing was written. The client keeps the request and sends it again (facts 8 #96).
    """


class DatabaseFault(Fault):
    """The database refused a statement because it is not as it should be: a table or a column is missing.

    It concerns whatever is asked next, not one event, so nothing is tried one by one after it.
    """


class Unfit(Exception):
    """The database may not be used in its present state. The message gives the reason and the remedy."""
