"""The demo's target groups: the requests in the folder `groups`, with codes where ids are known only later."""

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

import msgspec

Document = dict[str, Any]
"""A JSON object as the vendor's API takes it."""

Ids = Mapping[str, Mapping[str, int]]
"""Ids by code, for each kind of place as a filter names it: STORE, ZONE, CONCEPT."""


def definitions() -> Sequence[Document]:
    """Return the requests as they lie in the folder, in the order of their names; filters have `entityCodes`."""
    folder = files("milepost.demo") / "groups"
    paths = sorted((path for path in folder.iterdir() if path.name.endswith(".json")), key=lambda path: path.name)
    return [msgspec.json.decode(path.read_bytes(), type=Document) for path in paths]


def request(definition: Document, ids: Ids, till_id: int) -> Document:
    """Return *definition* as it is sent: its filters name ids, rewards go to the till *till_id*."""
    targets = [
        target | {"filters": [_filter(entry, ids) for entry in target.get("filters", [])]}
        for target in definition["targets"]
    ]
    return definition | {"preferredTillId": till_id, "targets": targets}


def _filter(entry: Document, ids: Ids) -> Document:
    """Replace the codes of one filter by ids."""
    kind = entry["entityType"]
    return {"entityType": kind, "entityIds": [ids[kind][code] for code in entry["entityCodes"]]}
