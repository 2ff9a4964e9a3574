"""Names of events: which are kept, and which are mistaken for others (facts 8 #65)."""

from collections.abc import Container
from functools import lru_cache

from milepost.model.definitions.completion import TARGET_COMPLETED
from milepost.model.event import BILL, COMMANDS, CURRENCY, CUSTOMER_UPDATE, POINTS, REGISTRATION, RETURN, REVERSAL

OWN_PREFIX = "milepost."
"""How the names of our own commands begin."""

WITH_FIELDS = (BILL, RETURN, POINTS, CURRENCY, REVERSAL)
"""The names whose data have fields of their own; data of any other event are attributes."""

BUILT_IN = (*WITH_FIELDS, REGISTRATION, CUSTOMER_UPDATE, TARGET_COMPLETED)
"""The names that mean something to Milepost."""

EDITS_MAX = 2
"""How many letters may differ between a misspelt name and the one that is meant."""

NAMES_REMEMBERED_MAX = 10_000

_LIKE = ((BILL, {"number", "netAmount"}), (BILL, {"billNumber", "billAmount"}), (RETURN, {"returnType", "original"}))
_LIKE_AWARD = {"amount", "programId"}


def is_own_name(name: str) -> bool:
    """Whether *name* is that of an event that only Milepost itself makes: a command or an achievement."""
    return name in COMMANDS or name == TARGET_COMPLETED or name.startswith(OWN_PREFIX)


def refusal_of_own_name(name: str) -> str:
    """Return why an event may not be called *name*, which is kept for Milepost itself."""
    return f'"{name}" is kept for Milepost itself'


def is_built_in(name: str) -> bool:
    """Whether *name* means something to Milepost, be it our own or one that clients send."""
    return name in BUILT_IN or name in COMMANDS


@lru_cache(maxsize=NAMES_REMEMBERED_MAX)
def misspelt(name: str) -> str | None:
    """Return the built-in name that *name* seems to misspell: another case, or at most two letters; None if none."""
    lower = name.lower()
    for built_in in BUILT_IN:
        if lower == built_in.lower() and name != built_in:
            return built_in
    return next((built_in for built_in in BUILT_IN if 0 < _edits(lower, built_in.lower()) <= EDITS_MAX), None)


def resembled(fields: Container[str]) -> str | None:
    """Return the built-in name whose data have the *fields* of an event; None if there is none.

    For example `returnType` and `original` are the fields of a return.
    """
    for name, needed in _LIKE:
        if all(field in fields for field in needed):
            return name
    if all(field in fields for field in _LIKE_AWARD):
        return CURRENCY if "currency" in fields else POINTS
    return None


def _edits(first: str, second: str) -> int:
    """Return how many letters have to be changed, added or left out; a number above EDITS_MAX stands for more."""
    if abs(len(first) - len(second)) > EDITS_MAX:
        return EDITS_MAX + 1
    before = list(range(len(second) + 1))
    for row, letter in enumerate(first, 1):
        here = [row]
        for column, other in enumerate(second, 1):
            here.append(min(before[column] + 1, here[-1] + 1, before[column - 1] + (letter != other)))
        before = here
    return before[-1]
