"""The tables of sentences: to teach scenarios a new word, add a function with its pattern where its table is filled.

Patterns match a whole sentence. Names are single words; amounts are plain numbers.

| table | sentences | filled in |
|---|---|---|
| `definitions` | at the beginning of a line, before the story | `defining` |
| `options` | indented below a target or a group | `defining` |
| `events` | what a customer does, after a date and a name | `happenings` |
| `clauses` | what more is said of it, after commas | `happenings` |
| `deeds` | all else that is done, after a date | `deeds` |
| `expectations` | after `then` | `expecting` |
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Generic, NamedTuple, TypeVar

from tests.scenarios.scenario_story import Changed, Json, Player

Meaning = TypeVar("Meaning", bound=Callable[..., Any])


class NoSense(Exception):
    """A line that no table knows."""


class Understood(NamedTuple):
    """A meaning, the words found for its parameters, and which parameters there are."""

    meaning: Callable[..., Any]
    words: Mapping[str, str]
    parameters: frozenset[str]


class Table(Generic[Meaning]):
    """Sentences of one kind."""

    def __init__(self, kind: str) -> None:
        """Begin an empty table."""
        self._kind = kind
        self._meanings: list[tuple[re.Pattern[str], Meaning]] = []

    def __call__(self, pattern: str) -> Callable[[Meaning], Meaning]:
        """Return a decorator that enters a meaning under *pattern*."""

        def enter(meaning: Meaning) -> Meaning:
            self._meanings.append((re.compile(pattern), meaning))
            return meaning

        return enter

    def find(self, sentence: str) -> Understood | None:
        """Return what *sentence* means; of several patterns that match the first one is meant, None if none does."""
        for pattern, meaning in self._meanings:
            found = pattern.fullmatch(sentence)
            if found is not None:
                words = {name: word for name, word in found.groupdict().items() if word is not None}
                return Understood(meaning, words, frozenset(pattern.groupindex))
        return None

    def understand(self, sentence: str) -> Understood:
        """Return what *sentence* means; raises NoSense where no pattern matches."""
        found = self.find(sentence)
        if found is None:
            raise NoSense(f"{self._kind}: {sentence!r}")
        return found


Doing = Callable[[Player], list[Changed] | None]

definitions: Table[Callable[..., None]] = Table("definition")
options: Table[Callable[..., None]] = Table("option of a target or a group")
events: Table[Callable[..., Json]] = Table("event")
clauses: Table[Callable[..., None]] = Table("clause of an event")
deeds: Table[Callable[..., Doing]] = Table("deed")
expectations: Table[Callable[..., tuple[object, object]]] = Table("expectation")
