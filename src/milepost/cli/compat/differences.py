"""The differences between a recorded answer and a new one, field by field, and the reasons that explain some of them.

Pure functions. Numbers are compared by value, lists position by position.
"""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

ABSENT = "(absent)"
"""Shown for a field that one of the two answers lacks."""

READING = ("GET",)
WRITING = ("POST", "PUT", "PATCH", "DELETE")


class Difference(NamedTuple):
    """A field that differs: its path, the recorded and the new value, and its sibling fields that are null in both."""

    path: str
    recorded: Any
    got: Any
    nulls: frozenset[str] = frozenset()


class Known(NamedTuple):
    """A known difference: the fields and requests that it explains, and the reason.

    `path` and `request` are patterns in which `*` matches any text. With `added` it explains only fields that were not
    recorded; with `null` only fields that have a sibling of that name which is null in both answers.
    """

    path: str
    reason: str
    methods: tuple[str, ...] = (*READING, *WRITING)
    request: str = "*"
    added: bool = False
    null: str | None = None

    def explains(self, difference: Difference, method: str, address: str) -> bool:
        """Return whether this explains a difference in the answer to the request *method* *address*."""
        if method not in self.methods or (self.added and difference.recorded != ABSENT):
            return False
        if self.null is not None and self.null not in difference.nulls:
            return False
        return _fits(difference.path, self.path) and _fits(address, self.request)


KNOWN: Sequence[Known] = (
    Known("*lastSyncTime*", "the time of the request"),
    Known("*enrolledOn*", "the time of the request, in a row that no event has created yet", READING, null="targetId"),
    Known(
        "*lastUpdatedOn*", "the time of the request, in a row that no event has created yet", READING, null="targetId"
    ),
    Known("*requestId", "made anew for each request"),
    Known("*attribution.*", "the time and the till of the replayed request", WRITING),
    Known("*createdOn*", "the time of the replayed request", WRITING),
    Known("*lastUpdatedOn*", "the time of the replayed request", WRITING),
    Known("*createdBy*", "the till of the replayed request", WRITING),
    Known("*lastUpdatedBy*", "the till of the replayed request", WRITING),
    Known("*.id", "an id that the server made for what the request created", ("POST",)),
    Known("*Id", "an id that the server made for what the request created", ("POST",)),
    Known("*.entity", "the customer's id, which the server made", ("POST",)),
    Known("*RuleSetId", "internal numbers of each server, which no call takes"),
    Known("*RulesetId", "internal numbers of each server, which no call takes"),
    Known("data.accessToken", "made anew for each request", request="*/oauth/token/generate"),
    Known("data.ttlSeconds", "a setting of the server", request="*/oauth/token/generate"),
    Known("warnings", "older answers of the vendor had no warnings", added=True),
    Known("*ISO", "older answers of the vendor had no ISO twins of stamps", added=True),
)


def differences(recorded: Any, got: Any, path: str = "", nulls: frozenset[str] = frozenset()) -> Iterator[Difference]:
    """Return every field in which two values differ; a field that one of them lacks is shown as ABSENT."""
    if isinstance(recorded, dict) and isinstance(got, dict):
        nulls = frozenset(name for name, value in recorded.items() if value is None and got.get(name, ABSENT) is None)
        for name in [*recorded, *(name for name in got if name not in recorded)]:
            inner = f"{path}.{name}" if path else str(name)
            yield from differences(recorded.get(name, ABSENT), got.get(name, ABSENT), inner, nulls)
    elif isinstance(recorded, list) and isinstance(got, list):
        for place in range(max(len(recorded), len(got))):
            one = recorded[place] if place < len(recorded) else ABSENT
            other = got[place] if place < len(got) else ABSENT
            yield from differences(one, other, f"{path}[{place}]", nulls)
    elif not _equal(recorded, got):
        yield Difference(path, recorded, got, nulls)


def explanation(difference: Difference, method: str, address: str, known: Sequence[Known]) -> str | None:
    """Return the reason that explains a difference in the answer to a request; None if none does."""
    return next((entry.reason for entry in known if entry.explains(difference, method, address)), None)


def made_ids(different: Sequence[Difference], method: str) -> list[Difference]:
    """Return the differences that are ids which the server made for what a POST created."""
    if method != "POST":
        return []
    return [
        difference
        for difference in different
        if difference.path.lower().endswith("id")
        and all(type(value) is int for value in (difference.recorded, difference.got))
    ]


def with_made_ids(value: Any, made: dict[str, str], name: str = "") -> Any:
    """Return a recorded body or answer with its recorded ids replaced by the new ids in *made*.

    Ids are the values of fields whose names end in `id`, `ids` or `entity`, and keys of objects that are ids.
    """
    if isinstance(value, dict):
        return {made.get(key, key): with_made_ids(inner, made, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [with_made_ids(inner, made, name) for inner in value]
    if name.lower().endswith(("id", "ids", "entity")) and type(value) in {int, str} and str(value) in made:
        return type(value)(made[str(value)])
    return value


def _fits(text: str, pattern: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text) is not None


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | Decimal) and isinstance(other, int | Decimal):
        return one == other
    return type(one) is type(other) and bool(one == other)
