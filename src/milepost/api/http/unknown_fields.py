"""Fields that a body does not have, refused by name in the same words everywhere."""

from collections.abc import Collection, Iterable

from milepost.model.problem import Problem

_REASON = "is not a field here"


def unknown_fields(names: Iterable[str], known: Collection[str], prefix: str = "") -> list[Problem]:
    """Return a problem for each of *names* that is not *known*; its path is the name after *prefix*."""
    return [
        Problem(f"{prefix}{name}", f"{_REASON}; there are {', '.join(known)}") for name in names if name not in known
    ]


def is_unknown_field(problem: Problem) -> bool:
    """Whether *problem* is that of a field that the body does not have."""
    return problem.reason.startswith(_REASON)
