"""Query parameters, read by hand so that all their problems are reported at once."""

from collections.abc import Mapping
from enum import Enum
from typing import TypeVar

from milepost.api.http.body import id_of
from milepost.model.problem import Problem, Refused
from milepost.service.definitions.participation import UNKNOWN_GROUP, UNKNOWN_TARGET

Choice = TypeVar("Choice", bound=Enum)


def group_id_of(text: str) -> int:
    """Return the id of a target group in an address; raises Refused if *text* is no id."""
    id_ = id_of(text)
    if id_ is None:
        raise Refused(UNKNOWN_GROUP)
    return id_


def target_id_of(text: str) -> int:
    """Return the id of a target in an address; raises Refused if *text* is no id."""
    id_ = id_of(text)
    if id_ is None:
        raise Refused(UNKNOWN_TARGET)
    return id_


def boolean(name: str, text: str, problems: list[Problem]) -> bool:
    """Return the truth value that *text* says, in any case; a problem is added to *problems*."""
    if text.lower() not in {"true", "false"}:
        problems.append(Problem(name, "must be true or false"))
    return text.lower() == "true"


def number(name: str, text: str | None, least: int, most: int, usual: int, problems: list[Problem]) -> int:
    """Return the whole number that *text* is, the *usual* one if there is no text; a problem is added to *problems*."""
    if text is None:
        return usual
    value = id_of(text)
    if value is None or not least <= value <= most:
        problems.append(Problem(name, f"must be a whole number between {least} and {most}"))
        return usual
    return value


def words(
    name: str, text: str | None, choices: Mapping[str, Choice], problems: list[Problem]
) -> frozenset[Choice] | None:
    """Return the *choices* that the words of *text* name; None if there is no text.

    Words are separated by commas, in any case: `started,ENDED`. A problem is added to *problems*.
    """
    if text is None or not text.strip():
        return None
    wanted = [word.strip().upper() for word in text.split(",")]
    if any(word not in choices for word in wanted):
        problems.append(Problem(name, f"must be of {', '.join(choices)}, separated by commas"))
        return None
    return frozenset(choices[word] for word in wanted)
