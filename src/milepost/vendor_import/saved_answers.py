"""Saved answers of the vendor's own GET calls, sorted by kind and joined by target group and customer.

An organisation that moves to Milepost saves the answers to its calls: target groups (alone, listed, as milestones),
their targets, their periods, and customers' target groups. Fields that are not known here are counted and reported, so
that nothing is lost unnoticed.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from milepost.api.capillary.envelope import Json

ENVELOPE = frozenset({"data", "errors", "warnings", "pagination"})


class SavedAnswers:
    """The contents of many answers: target groups and customers by id.

    `known` and `unknown` count fields by their paths, such as `row.targetId`; `unread` names the files in which neither
    target groups nor customers were found.
    """

    def __init__(self) -> None:
        """Begin without any answer."""
        self.groups: dict[int, Json] = {}
        self.users: dict[int, Json] = {}
        self.known: Counter[str] = Counter()
        self.unknown: Counter[str] = Counter()
        self.unread: list[str] = []

    def add(self, name: str, answer: Any) -> None:
        """Add an answer from the file *name*, with its envelope or without."""
        data = answer["data"] if isinstance(answer, dict) and "data" in answer else answer
        if isinstance(answer, dict) and "data" in answer:
            self.unknown.update(key for key in answer if key not in ENVELOPE)
        is_known = False
        for item in data if isinstance(data, list) else [data]:
            is_known = self._add_item(item) or is_known
        if not is_known:
            self.unread.append(name)

    def complete_groups(self) -> Iterator[Json]:
        """Return the target groups whose targets are known, in the order of their ids."""
        for id_ in sorted(self.groups):
            if self.groups[id_].get("targets"):
                yield self.groups[id_]

    def incomplete_group_ids(self) -> list[int]:
        """Return the ids of target groups for which the group itself or its targets are missing from the answers."""
        return [id_ for id_, group in sorted(self.groups.items()) if not (group.get("targets") and "name" in group)]

    def _add_item(self, item: Any) -> bool:
        """Add a target group, a target, a period or a customer; return whether *item* is one of these."""
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
        """Add *item* to the list *name* of a target group, in place of an item with the same id."""
        parts = [part for part in self._group(group_id).get(name, []) if part["id"] != item["id"]]
        self.groups[group_id][name] = [*parts, item]


def count_fields(saved: SavedAnswers, kind: str, value: Any, known: frozenset[str]) -> None:
    """Count the fields of *value*, a part of an answer called *kind*: those that are *known*, and the others."""
    for name in value if isinstance(value, dict) else ():
        (saved.known if name in known else saved.unknown)[f"{kind}.{name}"] += 1
