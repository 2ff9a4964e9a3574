"""Saved answers of the vendor's own GET calls: which kind each is, and its parts put together by group and customer.

A brand that moves keeps what its calls answered: groups (alone, listed, as milestones), their targets, their periods,
and customers' target groups. What stands in an answer and is not known here is told, so that nothing is lost unseen.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from milepost.api.capillary.envelope import Json

ENVELOPE = frozenset({"data", "errors", "warnings", "pagination"})


class Saved:
    """What a pile of answers holds; `known` and `unknown` count fields by their paths."""

    def __init__(self) -> None:
        """Hold nothing yet."""
        self.groups: dict[int, Json] = {}
        self.users: dict[int, Json] = {}
        self.known: Counter[str] = Counter()
        self.unknown: Counter[str] = Counter()
        self.unread: list[str] = []

    def add(self, name: str, answer: Any) -> None:
        """Add the answer that a file called *name* holds, in its envelope or without."""
        data = answer["data"] if isinstance(answer, dict) and "data" in answer else answer
        if isinstance(answer, dict) and "data" in answer:
            self.unknown.update(key for key in answer if key not in ENVELOPE)
        found = False
        for item in data if isinstance(data, list) else [data]:
            found = self._add_one(item) or found
        if not found:
            self.unread.append(name)

    def whole_groups(self) -> Iterator[Json]:
        """Return the groups of which targets and, where they are listed, periods are known too, in the order of ids."""
        for id_ in sorted(self.groups):
            if self.groups[id_].get("targets"):
                yield self.groups[id_]

    def parts_without_group(self) -> list[int]:
        """Return the ids of groups of which the answers do not say enough: no group itself, or no targets."""
        return [id_ for id_, group in sorted(self.groups.items()) if not (group.get("targets") and "name" in group)]

    def _add_one(self, item: Any) -> bool:
        match item:
            case {"userId": int(user_id), "targetGroups": list()}:
                self.users[user_id] = item
            case {"id": int(group_id), "trackingType": str()}:
                self._group(group_id).update({key: value for key, value in item.items() if value is not None})
            case {"id": int(), "targetEntity": str(), "targetGroupId": int(group_id)}:
                self._part(group_id, "targets", item)
            case {"id": int(), "refCode": _, "targetGroupId": int(group_id)}:
                self._part(group_id, "periods", item)
            case _:
                return False
        return True

    def _group(self, group_id: int) -> Json:
        return self.groups.setdefault(group_id, {"id": group_id})

    def _part(self, group_id: int, name: str, item: Json) -> None:
        parts = [part for part in self._group(group_id).get(name, []) if part["id"] != item["id"]]
        self.groups[group_id][name] = [*parts, item]


def note_fields(saved: Saved, kind: str, value: Any, known: frozenset[str]) -> None:
    """Count the fields of *value*, a part of the answers called *kind*, that are *known* and that are not."""
    for name in value if isinstance(value, dict) else ():
        (saved.known if name in known else saved.unknown)[f"{kind}.{name}"] += 1
