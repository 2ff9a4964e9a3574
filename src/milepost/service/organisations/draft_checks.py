"""Checks that places and declarations share: texts, ids, repetitions and the number of drafts in one request."""

from collections.abc import Iterable, Iterator

from milepost.model.problem import Problem, Refused

TEXT_CHARACTERS_MAX = 200
ID_MAX = 2**53
"""The largest id that every JSON reader keeps exact."""

DRAFTS_MAX = 10_000
"""Drafts in one request."""


def text_problems(path: str, text: str | None) -> Iterator[Problem]:
    """Report a text that is blank, too long, or holds a character that PostgreSQL cannot store; None is no text."""
    if text is not None and (not text.strip() or len(text) > TEXT_CHARACTERS_MAX or "\0" in text):
        yield Problem(path, f"must have 1 to {TEXT_CHARACTERS_MAX} characters, none of them U+0000")


def id_problems(path: str, id_: int | None) -> Iterator[Problem]:
    """Report an id that is out of range; None is no id."""
    if id_ is not None and not 0 < id_ <= ID_MAX:
        yield Problem(path, f"must be from 1 to {ID_MAX}")


def repeated_positions(keys: Iterable[object]) -> list[int]:
    """Return the positions of keys that stand earlier in the request too."""
    seen: set[object] = set()
    positions: list[int] = []
    for position, key in enumerate(keys):
        if key in seen:
            positions.append(position)
        seen.add(key)
    return positions


def refuse(problems: Iterable[Problem]) -> None:
    """Raise Refused with *problems*, if there are any."""
    reasons = tuple(problems)
    if reasons:
        raise Refused(*reasons)
