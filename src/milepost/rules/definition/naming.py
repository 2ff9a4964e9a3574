"""Validates names, codes and texts."""

import unicodedata
from collections.abc import Iterable, Iterator

from milepost.model.names import name_key
from milepost.model.problem import Problem

NAME_MAX = 200
"""The largest number of characters in a name (S0)."""

DESCRIPTION_MAX = 255
"""The largest number of characters in a description (S0)."""

MISSING = "is needed"


def name_problems(path: str, name: str | None, too_long: Problem | None = None) -> Iterator[Problem]:
    """Yield the problems of a name. *too_long* replaces the usual problem where the vendor has its own."""
    if name is None or not name.strip():
        yield Problem(path, MISSING)
        return
    if len(name) > NAME_MAX:
        yield too_long or Problem(path, f"must not be longer than {NAME_MAX} characters")
    if name != name.strip():
        # The vendor cannot make rule sets for such names (facts 2.1).
        yield Problem(path, "must not begin or end with a blank")
    if any(unicodedata.category(character) == "Cc" for character in name):
        yield Problem(path, "must not contain control characters")


def text_problems(path: str, text: str | None, length_max: int) -> Iterator[Problem]:
    """Yield the problems of a text that may be absent or empty."""
    if text is None:
        return
    if len(text) > length_max:
        yield Problem(path, f"must not be longer than {length_max} characters")
    if "\0" in text:
        yield Problem(path, "must not contain the NUL character")


def duplicate_problems(named: Iterable[tuple[str, str | None]]) -> Iterator[Problem]:
    """Yield a problem for each name that occurs again, in any case; *named* holds pairs of a path and a name."""
    first: dict[str, str] = {}
    for path, name in named:
        if name is None:
            continue
        before = first.setdefault(name_key(name), path)
        if before != path:
            yield Problem(path, f"is the same as {before}")
