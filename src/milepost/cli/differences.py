"""What differs between a recorded answer and the one got, field by field, and which of it is explained.

Nothing here asks anybody: values go in, values come out. Numbers are compared by value, lists place by place.
"""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

ABSENT = "(absent)"
"""What is shown of a field that one of the two does not have."""

READING = ("GET",)
WRITING = ("POST", "PUT", "PATCH", "DELETE")


class Difference(NamedTuple):
    """A field that differs: where it is, what was recorded and what was got, and what is null beside it in both."""

    path: str
    recorded: Any
    got: Any
    nulls: frozenset[str] = frozenset()


class Known(NamedTuple):
    """An explained difference: of which fields and calls, and why.

    `path` and `request` are patterns in which `*` stands for any text; `added` speaks of fields that were not recorded,
    `null` of fields beside which the one of that name is null in both answers.
    """

    path: str
    reason: str
    methods: tuple[str, ...] = (*READING, *WRITING)
    request: str = "*"
    added: bool = False
    null: str | None = None

    def explains(self, difference: Difference, method: str, address: str) -> bool:
        """Return whether this is the reason for a difference in the answer to a call."""
        if method not in self.methods or (self.added and difference.recorded != ABSENT):
            return False
        if self.null is not None and self.null not in difference.nulls:
            return False
        return _fits(difference.path, self.path) and _fits(address, self.request)


KNOWN: Sequence[Known] = (
    Known("*lastSyncTime*", "the time of the request"),
    Known("*enrolledOn*", "a row that nothing made yet is of the time of the request", READING, null="targetId"),
    Known("*lastUpdatedOn*", "a row that nothing made yet is of the time of the request", READING, null="targetId"),
    Known("*requestId", "made for each request"),
    Known("*attribution.*", "when, and by which till, the replayed request made or changed it", WRITING),
    Known("*createdOn*", "the time of the replayed request", WRITING),
    Known("*lastUpdatedOn*", "the time of the replayed request", WRITING),
    Known("*createdBy*", "the till that replays", WRITING),
    Known("*lastUpdatedBy*", "the till that replays", WRITING),
    Known("*.id", "made by the server for what the request created", ("POST",)),
    Known("*Id", "made by the server for what the request created", ("POST",)),
    Known("*.entity", "the customer's id, made by the server", ("POST",)),
    Known("*RuleSetId", "numbers of each server's own, which lead to nothing"),
    Known("*RulesetId", "numbers of each server's own, which lead to nothing"),
    Known("data.accessToken", "made for each request", request="*/oauth/token/generate"),
    Known("data.ttlSeconds", "a setting of the server", request="*/oauth/token/generate"),
    Known("warnings", "older answers of the vendor had no warnings", added=True),
    Known("*ISO", "older answers of the vendor had no ISO twins of stamps", added=True),
)


def differences(recorded: Any, got: Any, path: str = "", nulls: frozenset[str] = frozenset()) -> Iterator[Difference]:
    """Return every field in which two values differ; what is absent is shown as such."""
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
    """Return the reason for a difference in the answer to a call; None if there is none."""
    return next((one.reason for one in known if one.explains(difference, method, address)), None)


def made_ids(found: Sequence[Difference], method: str) -> list[Difference]:
    """Return the differences that are ids, made by the server for what a call created."""
    if method != "POST":
        return []
    return [
        one
        for one in found
        if one.path.lower().endswith("id") and all(type(value) is int for value in (one.recorded, one.got))
    ]


def with_made_ids(value: Any, made: dict[str, str], name: str = "") -> Any:
    """Return a recorded body or answer as it reads with the ids that were made since.

    Fields that are named as ids change, and keys that are ids.
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
