"""Query parameters: read by hand, so that everything wrong with them is told at once."""

from collections.abc import Mapping
from enum import Enum
from typing import TypeVar

from milepost.api.http.body import id_of
from milepost.model.problem import Problem, Refused
from milepost.service.definitions.participation import UNKNOWN_GROUP, UNKNOWN_TARGET

Choice = TypeVar("Choice", bound=Enum)


def group_id_of(text: str) -> int:
    """Return the id of a group in an address; raises Refused where no group can have it."""
    found = id_of(text)
    if found is None:
        raise Refused(UNKNOWN_GROUP)
    return found


def target_id_of(text: str) -> int:
    """Return the id of a target in an address; raises Refused where no target can have it."""
    found = id_of(text)
    if found is None:
        raise Refused(UNKNOWN_TARGET)
    return found


def boolean(name: str, text: str, problems: list[Problem]) -> bool:
    """Return the truth value that *text* says, whatever its case."""
    if text.lower() not in {"true", "false"}:
        problems.append(Problem(name, "must be true or false"))
    return text.lower() == "true"


def number(name: str, text: str | None, least: int, most: int, usual: int, problems: list[Problem]) -> int:
    """Return the whole number that *text* is, the *usual* one if there is none."""
    if text is None:
        return usual
    found = id_of(text)
    if found is None or not least <= found <= most:
        problems.append(Problem(name, f"must be a whole number between {least} and {most}"))
        return usual
    return found


def words(
    name: str, text: str | None, known: Mapping[str, Choice], problems: list[Problem]
) -> frozenset[Choice] | None:
    """Return what the words of *text*, separated by commas in any case, stand for; None if there is no text."""
    if text is None or not text.strip():
        return None
    asked = [word.strip().upper() for word in text.split(",")]
    if any(word not in known for word in asked):
        problems.append(Problem(name, f"must be of {', '.join(known)}, parted by commas"))
        return None
    return frozenset(known[word] for word in asked)
