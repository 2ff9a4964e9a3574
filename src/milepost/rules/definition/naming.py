"""What a name, a code or a text may be."""

import unicodedata
from collections.abc import Iterable, Iterator

from milepost.model.names import name_key
from milepost.model.problem import Problem

NAME_MAX = 200
"""Characters of a name (S0)."""

DESCRIPTION_MAX = 255
"""Characters of a description (S0)."""

MISSING = "is needed"


def name_problems(path: str, name: str | None, too_long: Problem | None = None) -> Iterator[Problem]:
    """Find what is wrong with a name; *too_long* replaces the usual words where the vendor has its own."""
    if name is None or not name.strip():
        yield Problem(path, MISSING)
        return
    if len(name) > NAME_MAX:
        yield too_long or Problem(path, f"must not be longer than {NAME_MAX} characters")
    if name != name.strip():
        # The vendor's rule sets cannot be made for such names (facts 2.1).
        yield Problem(path, "must not begin or end with a blank")
    if any(unicodedata.category(character) == "Cc" for character in name):
        yield Problem(path, "must not contain control characters")


def text_problems(path: str, text: str | None, length_max: int) -> Iterator[Problem]:
    """Find what is wrong with a text that may be absent or empty."""
    if text is None:
        return
    if len(text) > length_max:
        yield Problem(path, f"must not be longer than {length_max} characters")
    if "\0" in text:
        yield Problem(path, "must not contain the NUL character")


def duplicate_problems(named: Iterable[tuple[str, str | None]]) -> Iterator[Problem]:
    """Find names, given with their paths, that were used before in the same request, whatever their case."""
    first: dict[str, str] = {}
    for path, name in named:
        if name is None:
            continue
        before = first.setdefault(name_key(name), path)
        if before != path:
            yield Problem(path, f"is the same as {before}")
